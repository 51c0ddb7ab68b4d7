"""Plot of the calibration: reliability diagram (calibration curve), and images in each bin."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

from mnistcli.evaluation import CALIBRATION_BINS, confidence_bins
from mnistcli.formatting import bounded_percent, format_count, percent
from mnistcli.plotting.style import (
    BLACK,
    BLUE,
    DPI,
    FOOTER_HEIGHT,
    GRAY,
    LIGHT_GRAY,
    SMALL,
    TEXT,
    TOP,
    VERMILION,
    Footer,
    style_axes,
    write_footer,
    write_title,
)

# Lengths are in inches.
_WIDTH, _LEFT, _RIGHT = 9.5, 0.95, 0.35
_COUNTS_BOTTOM, _COUNTS_HEIGHT = FOOTER_HEIGHT + 0.75, 1.2
_PANEL_BOTTOM, _PANEL_HEIGHT = _COUNTS_BOTTOM + _COUNTS_HEIGHT + 0.75, 4.0
_HEIGHT = _PANEL_BOTTOM + _PANEL_HEIGHT + 0.35 + TOP
_SUBTITLE = "Above the diagonal, accuracy is higher than confidence. Vertical lines: 95 % intervals"


class _Style(NamedTuple):
    """Color and marker of a bin, by the position of its interval.

    Attributes:
        name: The name in the legend.
        color: The color.
        marker: The marker of Matplotlib.
    """

    name: str
    color: str
    marker: str


# The interval is below the diagonal, on it, and above it.
_STYLES = (
    _Style("overconfident", VERMILION, "D"),
    _Style("calibrated", BLACK, "o"),
    _Style("underconfident", BLUE, "^"),
)
# Quantile of the normal distribution for a 95 % interval.
_Z = 1.96


def plot_calibration(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    calibration_error: float,
    *,
    model_name: str,
    dataset_name: str,
) -> Figure:
    """Plot a reliability diagram: the accuracy in each bin of confidence.

    Args:
        labels: The true digits, int64 (n,).
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        calibration_error: The expected calibration error over the same bins, 0..1.
        model_name: Name of the model.
        dataset_name: Name of the dataset.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    bins = confidence_bins(confidence)
    sums = [
        np.bincount(bins, weights, CALIBRATION_BINS)
        for weights in (np.ones(len(bins)), confidence, correct)
    ]
    counts, confidences, corrects = np.asarray(sums, np.float64)
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=DPI, facecolor="white")
    title = "Calibration error {}: confidence {}, accuracy {}".format(
        *(
            bounded_percent(float(value), 2)
            for value in (calibration_error, confidence.mean(), correct.mean())
        )
    )
    write_title(figure, title, _SUBTITLE)
    write_footer(figure, Footer(model_name, format_count(len(labels), "image"), dataset_name))
    accuracy_axes = _new_panel(figure, _PANEL_BOTTOM, _PANEL_HEIGHT)
    used = np.flatnonzero(counts)
    _draw_accuracy(accuracy_axes, confidences[used] / counts[used], corrects[used], counts[used])
    _draw_counts(_new_panel(figure, _COUNTS_BOTTOM, _COUNTS_HEIGHT), counts.astype(np.int64))
    return figure


def wilson_interval(corrects: float, count: float) -> tuple[float, float]:
    """Return the 95 % confidence interval of a fraction (Wilson, 1927), 0..1."""
    fraction, scale = corrects / count, 1 + _Z**2 / count
    center = (fraction + _Z**2 / (2 * count)) / scale
    half = _Z / scale * sqrt(fraction * (1 - fraction) / count + _Z**2 / (4 * count**2))
    return min(center - half, fraction), max(center + half, fraction)


def _new_panel(figure: Figure, bottom: float, height: float) -> Axes:
    """Add axes over confidence to a figure, with their lower edge and height in inches."""
    width = _WIDTH - _LEFT - _RIGHT
    axes = figure.add_axes((_LEFT / _WIDTH, bottom / _HEIGHT, width / _WIDTH, height / _HEIGHT))
    axes.set_xlim(0, 1)
    axes.set_xticks(np.arange(0, 1.05, 0.1))
    axes.xaxis.set_major_formatter(FuncFormatter(_format_percent))
    style_axes(axes)
    return axes


def _draw_accuracy(
    axes: Axes,
    confidences: NDArray[np.float64],
    corrects: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> None:
    """Draw the accuracy of each bin with its interval, and the diagonal of perfect calibration."""
    axes.set_title("Accuracy", size=TEXT, color=BLACK, loc="left", weight="bold")
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks(np.arange(0, 1.05, 0.2))
    axes.yaxis.set_major_formatter(FuncFormatter(_format_percent))
    axes.grid(visible=True, color=LIGHT_GRAY, linewidth=0.5)
    axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1.2, label="perfect")
    labels = {style.name: style.name for style in _STYLES}
    for confidence, correct, count in zip(confidences, corrects, counts, strict=True):
        accuracy = correct / count
        low, high = wilson_interval(correct, count)
        style = _STYLES[int(low > confidence) - int(high < confidence) + 1]
        axes.plot([confidence] * 2, [low, high], color=style.color, linewidth=1.5)
        axes.plot(
            confidence,
            accuracy,
            marker=style.marker,
            markersize=7,
            linestyle="",
            color=style.color,
            clip_on=False,
            label=labels.pop(style.name, None),
        )
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1.01),
        borderaxespad=0,
        ncols=4,
        columnspacing=1.4,
        fontsize=TEXT,
        frameon=False,
        labelcolor=BLACK,
    )


def _draw_counts(axes: Axes, counts: NDArray[np.int64]) -> None:
    """Draw the number of images in each bin on a logarithmic scale."""
    axes.set_title("Images per bin (log scale)", size=TEXT, color=BLACK, loc="left", weight="bold")
    axes.set_xlabel("confidence", size=TEXT, color=GRAY)
    axes.set_yscale("log")
    axes.set_ylim(0.5, 5 * max(int(counts.max()), 2))
    axes.yaxis.set_major_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    centers = (np.arange(CALIBRATION_BINS) + 0.5) / CALIBRATION_BINS
    used = counts > 0
    axes.bar(centers[used], counts[used], 0.85 / CALIBRATION_BINS, color=LIGHT_GRAY)
    for center, count in zip(centers[used].tolist(), counts[used].tolist(), strict=True):
        axes.text(
            center, 1.15 * count, f"{count:,}", size=SMALL, color=BLACK, ha="center", va="bottom"
        )


def _format_percent(value: float, _: int | None) -> str:
    return percent(value, 0)
