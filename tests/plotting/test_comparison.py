"""Plot of several training histories: curves, legend and subtitle."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mnistcli.errors import PlotError
from mnistcli.plotting.comparison import COLORS, Curve, plot_comparison
from mnistcli.runs.history import EpochRow
from tests.plotting.builders import ODD_NAMES, footer, subtitle, texts, title

Check = Callable[[Figure], None]


def make_curve(
    name: str = "a", epochs: int = 3, *, is_validated: bool = True, smoothed: bool = False
) -> Curve:
    history = [
        EpochRow(
            epoch=epoch,
            loss=0.5 / epoch,
            accuracy=1 - 0.2 / epoch,
            val_loss=0.4 / epoch if is_validated else math.nan,
            val_accuracy=1 - 0.1 / epoch if is_validated else math.nan,
            learning_rate=0.001,
            seconds=1.0,
        )
        for epoch in range(1, epochs + 1)
    ]
    return Curve(name=name, test_accuracy=0.98, history=history, smoothed=smoothed)


def test_each_run_has_a_solid_and_a_dashed_curve(assert_legible: Check) -> None:
    figure = plot_comparison([make_curve("a", 3), make_curve("b", 5)], dataset_name="mnist")

    assert title(figure) == "Test accuracy of 2 runs: 98.00 % to 98.00 %"
    assert subtitle(figure) == "Solid lines: validation. Dashed lines: training"
    assert footer(figure) == "model: a + b, dataset: mnist"
    accuracy, loss = figure.axes
    assert (accuracy.get_title("left"), loss.get_yscale()) == ("Accuracy", "log")
    lines = [(to_hex(line.get_color()), line.get_linestyle()) for line in accuracy.lines]
    first, second = (color.lower() for color in COLORS[:2])
    assert lines == [(first, "--"), (first, "-"), (second, "--"), (second, "-")]
    epochs, values = (np.asarray(data).tolist() for data in accuracy.lines[3].get_data())
    assert epochs == [1, 2, 3, 4, 5]
    assert values == [1 - 0.1 / epoch for epoch in epochs]
    assert {"1  a  98.00 %", "2  b  98.00 %"} < set(texts(figure))
    assert_legible(figure)


def test_a_run_without_validation_has_a_dashed_curve_with_markers() -> None:
    figure = plot_comparison([make_curve(epochs=1, is_validated=False)], dataset_name="mnist")

    (line,) = figure.axes[0].lines
    assert (line.get_linestyle(), line.get_marker()) == ("--", "o")


def test_a_run_without_a_history_is_named_without_a_curve() -> None:
    curves = [make_curve("a"), Curve(name="b", test_accuracy=0.5, history=())]

    figure = plot_comparison(curves, dataset_name="mnist")

    assert len(figure.axes[0].lines) == 2
    assert "2  b  50.00 % (no history)" in texts(figure)


def test_runs_without_any_history() -> None:
    with pytest.raises(PlotError, match="none of the runs has a history"):
        plot_comparison([Curve(name="a", test_accuracy=0.5, history=())], dataset_name="mnist")


@pytest.mark.parametrize(
    ("smoothed", "end"),
    [
        ([False, True, True], ". Label smoothing raises the loss of 2, 3"),
        ([True, True], ". All losses are with label smoothing"),
    ],
)
def test_label_smoothing_is_named(smoothed: list[bool], end: str) -> None:
    figure = plot_comparison([make_curve(smoothed=one) for one in smoothed], dataset_name="mnist")

    assert subtitle(figure).endswith(end)


def test_many_runs_with_odd_names_are_legible(assert_legible: Check) -> None:
    curves = [make_curve(name, 40) for name in [*ODD_NAMES, *ODD_NAMES[:3]]]

    assert_legible(plot_comparison(curves, dataset_name="W" * 80))
