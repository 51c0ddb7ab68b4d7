"""Plot of several training histories: the learning curves of each run, accuracy and loss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnistcli.errors import PlotError
from mnistcli.formatting import bounded_percent
from mnistcli.plotting.history import (
    HEIGHT,
    MAX_MARKED_EPOCHS,
    PANEL_BOTTOM,
    PANEL_LEFTS,
    WIDTH,
    new_panel,
    set_accuracy_axis,
    set_loss_axis,
    set_x_axis,
)
from mnistcli.plotting.style import (
    BLACK,
    BLUE,
    DPI,
    FOOTER_HEIGHT,
    GREEN,
    MARGIN,
    ORANGE,
    SMALL,
    VERMILION,
    Footer,
    fit_text,
    text_width,
    write_footer,
    write_title,
)
from mnistcli.runs.history import EpochRow

# From the palette of Okabe and Ito, without its light yellow.
COLORS = (BLUE, VERMILION, GREEN, "#CC79A7", ORANGE, "#56B4E9", BLACK)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# Lengths are in inches.
_LEGEND_COLUMNS, _LEGEND_COLUMN, _LEGEND_ROW = 3, 3.65, 0.24
_HANDLE = 0.45


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The training history of one run.

    Attributes:
        name: Name of the run.
        test_accuracy: Accuracy of its kept model on the test images, 0..1.
        history: One row per epoch, in order; empty for a run without a history of its own.
        smoothed: Whether the losses are computed with label smoothing.
    """

    name: str
    test_accuracy: float
    history: Sequence[EpochRow]
    smoothed: bool = False


def plot_comparison(curves: Sequence[Curve], *, dataset_name: str) -> Figure:
    """Plot accuracy and loss per epoch of several runs, of training and validation.

    Args:
        curves: The history of each run, at least one of them with an epoch.
        dataset_name: Name of the dataset that the runs were trained on.

    Raises:
        PlotError: No run has a history.
    """
    if not any(curve.history for curve in curves):
        raise PlotError("none of the runs has a history")
    legend_height = _LEGEND_ROW * math.ceil(len(curves) / _LEGEND_COLUMNS)
    figure = Figure(figsize=(WIDTH, HEIGHT + legend_height), dpi=DPI, facecolor="white")
    write_title(figure, _title(curves), _subtitle(curves))
    names = " + ".join(curve.name for curve in curves)
    write_footer(figure, Footer(names, "", dataset_name))
    titles = {"accuracy": "Accuracy", "loss": "Loss (log scale)"}
    for (name, title), left in zip(titles.items(), PANEL_LEFTS, strict=True):
        axes = new_panel(figure, left, title, PANEL_BOTTOM + legend_height)
        for number, curve in enumerate(curves):
            if curve.history:
                _draw_curve(axes, curve.history, name, number)
        rows = list(chain.from_iterable(curve.history for curve in curves))
        set_x_axis(axes, np.array(sorted(row.epoch for row in rows)))
        values = [getattr(row, column) for row in rows for column in (name, f"val_{name}")]
        set_axis = set_accuracy_axis if name == "accuracy" else set_loss_axis
        set_axis(axes, np.array(values, dtype=np.float64))
    _write_legend(figure, curves, legend_height)
    return figure


def _title(curves: Sequence[Curve]) -> str:
    accuracies = [curve.test_accuracy for curve in curves]
    lowest, highest = bounded_percent(min(accuracies), 2), bounded_percent(max(accuracies), 2)
    return f"Test accuracy of {len(curves)} runs: {lowest} to {highest}"


def _subtitle(curves: Sequence[Curve]) -> str:
    subtitle = "Solid lines: validation. Dashed lines: training"
    smoothed = [str(number) for number, curve in enumerate(curves, start=1) if curve.smoothed]
    if len(smoothed) == len(curves):
        return f"{subtitle}. All losses are with label smoothing"
    if smoothed:
        return f"{subtitle}. Label smoothing raises the loss of {', '.join(smoothed)}"
    return subtitle


def _draw_curve(axes: Axes, history: Sequence[EpochRow], name: str, number: int) -> None:
    """Draw the training and the validation values of a run."""
    epochs = [row.epoch for row in history]
    marker = _MARKERS[number % len(_MARKERS)] if len(history) <= MAX_MARKED_EPOCHS else ""
    color = COLORS[number % len(COLORS)]
    training = [getattr(row, name) for row in history]
    validation = [getattr(row, f"val_{name}") for row in history]
    has_validation = _has_validation(history)
    axes.plot(
        epochs,
        training,
        color=color,
        linestyle="--",
        linewidth=1,
        # A single epoch without validation is a point.
        marker="" if has_validation else marker,
        markersize=4,
        markerfacecolor="white",
    )
    if has_validation:
        axes.plot(epochs, validation, color=color, marker=marker, markersize=4)


def _has_validation(history: Sequence[EpochRow]) -> bool:
    return any(math.isfinite(row.val_accuracy) for row in history)


def _write_legend(figure: Figure, curves: Sequence[Curve], height: float) -> None:
    """Write the numbers and names of the runs in columns above the footer."""
    width = _LEGEND_COLUMN - _HANDLE - 0.2
    for number, curve in enumerate(curves):
        row, column = divmod(number, _LEGEND_COLUMNS)
        left = MARGIN + _LEGEND_COLUMN * column
        middle = FOOTER_HEIGHT + 0.12 + height - (row + 0.5) * _LEGEND_ROW
        x, y = left / WIDTH, middle / figure.get_size_inches()[1]
        handle = Line2D(
            [x, x + (_HANDLE - 0.1) / WIDTH],
            [y, y],
            transform=figure.transFigure,
            color=COLORS[number % len(COLORS)],
            linestyle="-" if _has_validation(curve.history) else "--",
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=4,
        )
        if curve.history:
            figure.add_artist(handle)
        end = f"  {bounded_percent(curve.test_accuracy, 2)}" + (
            "" if curve.history else " (no history)"
        )
        start = f"{number + 1}  "
        name = fit_text(curve.name, width - text_width(start + end, SMALL), SMALL)
        figure.text(
            x + _HANDLE / WIDTH,
            y,
            start + name + end,
            size=SMALL,
            color=BLACK,
            va="center_baseline",
            parse_math=False,
        )
