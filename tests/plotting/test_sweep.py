"""Figures of a sweep: history of the trials, importance of the settings, parallel coordinates."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnistcli.plotting.style import VERMILION
from mnistcli.plotting.sweep import plot_importance, plot_parallel, plot_trials, save_sweep_figures
from mnistcli.sweep.sweep import SweepResult
from tests.plotting.builders import axes_of, footer, texts, title
from tests.support.sweep import make_result, make_trial

Check = Callable[[Figure], None]


@pytest.fixture
def result() -> SweepResult:
    """Four complete trials, of which the third is the best, and a pruned one."""
    rows = [(0.4, "sgd", 0.95), (0.1, "adam", 0.97), (0.0, "adam", 0.98), (0.2, "sgd", 0.96)]
    trials = [
        make_trial(number, {"optimizer": optimizer, "dropout": dropout}, [0.5, value])
        for number, (dropout, optimizer, value) in enumerate(rows)
    ]
    pruned = make_trial(4, {"optimizer": "sgd", "dropout": 0.5}, [0.3, 0.955], "pruned")
    return make_result(["optimizer=adam,sgd", "dropout=0..0.5"], [*trials, pruned])


def test_the_history_has_each_trial_and_the_best_so_far(
    result: SweepResult, assert_legible: Check
) -> None:
    figure = plot_trials(result)

    axes = axes_of(figure)
    pruned, complete = (np.asarray(points.get_offsets()).tolist() for points in axes.collections)
    assert pruned == [[4, 0.955]]
    assert complete == [[0, 0.95], [1, 0.97], [2, 0.98], [3, 0.96]]
    (best,) = axes.lines
    assert np.asarray(best.get_ydata()).tolist() == [0.95, 0.97, 0.98, 0.98]
    assert title(figure) == "Best validation accuracy 98.00 % in trial 2"
    assert footer(figure) == "model: sweep test, dataset: digits, 144 validation images"
    assert_legible(figure)


def test_a_trial_that_diverged_does_not_flatten_the_history() -> None:
    values = (0.1, 0.97, 0.98, 0.975, 0.972)
    trials = [make_trial(number, {"dropout": 0.1}, [value]) for number, value in enumerate(values)]

    low, high = axes_of(plot_trials(make_result(["dropout=0..0.5"], trials))).get_ylim()

    assert 0.9 < low < 0.97
    assert 0.98 < high < 1


def test_the_bars_of_the_importance_are_the_shares(assert_legible: Check) -> None:
    grid = itertools.product((0.0, 0.1, 0.2, 0.3, 0.4, 0.5), (16, 32, 48, 64))
    trials = [
        make_trial(number, {"dropout": dropout, "batch_size": size}, [0.9 - dropout / 10])
        for number, (dropout, size) in enumerate(grid)
    ]

    figure = plot_importance(make_result(["batch_size=16..64", "dropout=0..0.5"], trials))

    axes = axes_of(figure)
    bars = [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["batch_size", "dropout"]
    assert bars[0] < 0.05 < 0.95 < bars[1]
    assert title(figure) == "Most important setting: dropout"
    assert_legible(figure)


def test_each_complete_trial_is_a_line_through_its_settings(
    result: SweepResult, assert_legible: Check
) -> None:
    figure = plot_parallel(result)

    lines = [line for line in axes_of(figure).lines if len(np.asarray(line.get_xdata())) == 3]
    heights = [np.asarray(line.get_ydata()).tolist() for line in lines]
    assert heights == [
        pytest.approx([1, 1, 0]),
        pytest.approx([1, 0.5, 1 / 3]),
        pytest.approx([0, 0.25, 2 / 3]),
        pytest.approx([0, 0, 1]),
    ]
    is_best = [to_hex(line.get_color()) == VERMILION.lower() for line in lines]
    assert is_best == [False, False, False, True]
    assert {"optimizer", "dropout", "accuracy", "adam", "sgd", "98.00 %"} < set(texts(figure))
    assert_legible(figure)


def test_a_logarithmic_range_has_a_logarithmic_axis() -> None:
    trials = [
        make_trial(number, {"learning_rate": rate}, [0.9 + number / 100])
        for number, rate in enumerate((1e-4, 1e-3, 1e-2))
    ]

    figure = plot_parallel(make_result(["lr=1e-4..1e-2:log"], trials))

    lines = axes_of(figure).lines[:3]
    assert [np.asarray(line.get_ydata())[0] for line in lines] == pytest.approx([0, 0.5, 1])


def test_a_setting_that_a_trial_does_not_use_breaks_its_line() -> None:
    trials = [
        make_trial(0, {"optimizer": "adamw", "weight_decay": 0.1}, [0.9]),
        make_trial(1, {"optimizer": "adam"}, [0.8]),
    ]

    figure = plot_parallel(make_result(["optimizer=adam,adamw", "weight_decay=0.01..0.1"], trials))

    assert math.isnan(np.asarray(axes_of(figure).lines[0].get_ydata())[1])


def test_one_complete_trial_has_a_history_only(result: SweepResult) -> None:
    names = [path.name for path in save_sweep_figures(result)]
    one = make_result(["dropout=0..0.5"], [make_trial(0, {"dropout": 0.1}, [0.9])])

    assert names == ["sweep-history.png", "sweep-importance.png", "sweep-parallel.png"]
    assert [path.name for path in save_sweep_figures(one)] == ["sweep-history.png"]
