"""Plot of the calibration: points and intervals of the bins, and their numbers of images."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnistcli.evaluation import evaluate_probabilities
from mnistcli.plotting.calibration import plot_calibration, wilson_interval
from tests.plotting.builders import footer, make_probabilities, texts, title

Check = Callable[[Figure], None]


def plot(correct: dict[float, tuple[int, int]]) -> Figure:
    """Plot images of 3, given the number of correct ones and of all by confidence."""
    parts = []
    for confidence, (right, count) in correct.items():
        parts.append(make_probabilities([3] * right + [4] * (count - right), confidence))
    evaluation = evaluate_probabilities(np.full(sum(map(len, parts)), 3), np.concatenate(parts))
    return plot_calibration(
        evaluation.labels,
        evaluation.probabilities,
        evaluation.calibration_error,
        model_name="runs/a",
        dataset_name="mnist",
    )


def points(figure: Figure) -> dict[float, tuple[float, str]]:
    """Return accuracy and marker of each point by confidence."""
    return {
        round(float(np.asarray(line.get_xdata())[0]), 4): (
            round(float(np.asarray(line.get_ydata())[0]), 4),
            str(line.get_marker()),
        )
        for line in figure.axes[0].lines
        if line.get_marker() != "None"
    }


def test_each_bin_shows_its_accuracy_and_number_of_images(assert_legible: Check) -> None:
    figure = plot({0.3: (95, 100), 0.7: (7, 10), 0.99: (1000, 2000)})

    assert points(figure) == {0.3: (0.95, "^"), 0.7: (0.7, "o"), 0.99: (0.5, "D")}
    assert title(figure) == "Calibration error 49.53 %: confidence 95.59 %, accuracy 52.23 %"
    assert footer(figure) == "model: runs/a, dataset: mnist, 2,110 images"
    counts = {"100", "10", "2,000"}
    assert counts | {"perfect", "calibrated", "overconfident", "underconfident"} < set(
        texts(figure)
    )
    assert_legible(figure)


def test_one_image_is_one_point(assert_legible: Check) -> None:
    figure = plot({1.0: (1, 1)})

    assert points(figure) == {1.0: (1.0, "o")}
    assert_legible(figure)


def test_large_numbers_fit_their_bins(assert_legible: Check) -> None:
    confidences = np.linspace(0.15, 0.98, 15).tolist()

    assert_legible(plot(dict.fromkeys(confidences, (20000, 20000))))


@pytest.mark.parametrize(
    ("corrects", "count", "low", "high"),
    [(0, 2, 0, 0.6576), (2, 2, 0.3424, 1), (8, 10, 0.4902, 0.9433)],
)
def test_the_interval_of_a_fraction_is_that_of_wilson(
    corrects: int, count: int, low: float, high: float
) -> None:
    assert wilson_interval(corrects, count) == pytest.approx((low, high), abs=1e-4)
