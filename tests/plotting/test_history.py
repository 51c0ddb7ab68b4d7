"""Plot of the history: curves, axes, and the kept epoch."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnistcli.errors import PlotError
from mnistcli.plotting.history import plot_history
from mnistcli.runs.history import EpochRow
from tests.plotting.builders import footer, subtitle, title

Check = Callable[[Figure], None]


def make_row(epoch: int, loss: float, accuracy: float, **values: float) -> EpochRow:
    return EpochRow(
        epoch=epoch, loss=loss, accuracy=accuracy, learning_rate=0.001, seconds=1.0, **values
    )


def make_history(epochs: int, *, is_validated: bool = True) -> list[EpochRow]:
    """Return a history whose validation loss is lowest in epoch 3."""
    return [
        make_row(
            epoch,
            0.5 / epoch,
            1 - 0.2 / epoch,
            val_loss=0.1 + 0.001 * (epoch - 3) ** 2 if is_validated else math.nan,
            val_accuracy=0.98 + 0.0001 * epoch if is_validated else math.nan,
        )
        for epoch in range(1, epochs + 1)
    ]


def plot(history: list[EpochRow], *, keeps_last: bool = False, smoothed: bool = False) -> Figure:
    return plot_history(
        history,
        model_name="runs/a",
        dataset_name="mnist",
        images=54_000,
        keeps_last=keeps_last,
        smoothed=smoothed,
    )


def points(line: Line2D) -> tuple[list[float], list[float]]:
    x, y = (np.asarray(values, np.float64).tolist() for values in line.get_data())
    return x, y


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_curves_of_training_and_validation_are_drawn(assert_legible: Check) -> None:
    history = make_history(8)
    figure = plot(history)

    assert title(figure) == "Validation accuracy 98.03 % in epoch 3 of 8"
    assert subtitle(figure) == "The kept epoch is the one with the lowest validation loss"
    assert footer(figure) == "model: runs/a, dataset: mnist, 54,000 training images"
    accuracy, loss = figure.axes
    assert accuracy.get_title("left") == "Accuracy"
    assert loss.get_title("left") == "Loss (log scale)"
    assert loss.get_yscale() == "log"
    assert accuracy.get_title("right") == "epoch 3: 98.03 %"
    assert loss.get_title("right") == "epoch 3: 0.1000"
    training, validation, line, circle = accuracy.lines
    assert points(training)[1] == [row.accuracy for row in history]
    assert points(validation)[1] == [row.val_accuracy for row in history]
    assert training.get_linestyle() != validation.get_linestyle()
    assert set(points(line)[0]) == {3}
    assert points(circle) == ([3], [0.98 + 0.0003])
    assert legend(figure) == ["training", "validation", "kept epoch"]
    assert_legible(figure)


def test_the_number_of_images_may_be_unknown() -> None:
    figure = plot_history(make_history(2), model_name="a", dataset_name="mnist")

    assert footer(figure) == "model: a, dataset: mnist"


def test_without_validation_the_last_epoch_is_kept(assert_legible: Check) -> None:
    figure = plot(make_history(4, is_validated=False))

    assert title(figure) == "Training accuracy 95.00 % in epoch 4 of 4"
    assert subtitle(figure) == "The kept epoch is the last"
    assert legend(figure) == ["training", "kept epoch"]
    assert_legible(figure)


def test_a_run_that_keeps_its_last_epoch() -> None:
    figure = plot(make_history(8), keeps_last=True)

    assert title(figure).endswith(" in epoch 8 of 8")
    assert subtitle(figure) == "The kept epoch is the last"
    assert set(points(figure.axes[0].lines[2])[0]) == {8}


@pytest.mark.parametrize("epochs", [1, 36, 1000])
def test_smoothed_losses_are_called_the_training_objective(
    epochs: int, assert_legible: Check
) -> None:
    figure = plot(make_history(epochs), smoothed=True)

    assert figure.axes[1].get_title("left") == "Training objective (log scale)"
    assert "With label smoothing" in subtitle(figure)
    assert_legible(figure)


@pytest.mark.parametrize("epochs", [1, 2, 8, 30, 31, 100])
def test_a_history_of_any_length_is_drawn(epochs: int, assert_legible: Check) -> None:
    figure = plot(make_history(epochs))

    markers = {line.get_marker() for line in figure.axes[0].lines[:2]}
    assert markers == ({"s", "o"} if epochs <= 30 else {""})
    for axes in figure.axes:
        ticks = [tick for tick in axes.get_xticks() if axes.get_xlim()[0] <= tick <= epochs]
        assert ticks
        assert all(tick >= 1 and tick == int(tick) for tick in ticks)
    assert_legible(figure)


def test_all_points_are_inside_the_panels() -> None:
    for row in (make_history(1)[0], make_row(1, 0, 1)):
        accuracy, loss = plot([row]).axes
        assert accuracy.get_ylim()[0] < row.accuracy < accuracy.get_ylim()[1] <= 1.01
        if row.loss:
            assert loss.get_ylim()[0] < row.loss < loss.get_ylim()[1]


def test_a_loss_over_many_decades_is_legible(assert_legible: Check) -> None:
    assert_legible(plot([make_row(n, 10.0**-n, 0.9) for n in range(1, 8)]))


def test_a_run_that_diverged_has_a_legible_figure(assert_legible: Check) -> None:
    diverged = make_row(2, math.nan, 0.1, val_loss=math.inf, val_accuracy=0.1)

    figure = plot([make_history(1)[0], diverged])
    assert title(figure) == "Validation accuracy 98.01 % in epoch 1 of 2"
    assert_legible(figure)

    figure = plot([diverged])
    assert legend(figure) == ["training", "validation", "kept epoch"]
    assert figure.axes[1].get_title("right") == "epoch 2: inf"
    assert_legible(figure)


def test_a_history_without_epochs_is_an_error() -> None:
    with pytest.raises(PlotError) as caught:
        plot([])

    assert caught.value.message == "the history has no epochs yet"
    assert caught.value.hint == "--kind confusion"
