"""The confusion matrix: what is taken for what, and how often."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.plotting.style import (
    GREY,
    INK,
    MARGIN,
    PALE,
    SMALL,
    TEXT,
    TOP,
    draw_image,
    new_sheet,
    percent,
)

CELL = 0.62
LEFT, HEAD = MARGIN + 0.85, TOP + 0.55
# Room to the right for recall and the colour scales, and below for precision.
SIDE, FOOT = 2.9, 0.65
SCALE, SCALE_WIDTH = 2.75, 0.22


def plot_confusion(matrix: NDArray[np.int64]) -> Figure:
    """Draw a confusion matrix: counts in the cells, rates as colours, recall and precision beside.

    A rate is a share of the row. Right answers and mistakes have a colour scale each, so that a
    mistake made once in a thousand times still shows.

    Args:
        matrix: Counts, int64 (10, 10); a row is a true digit, a column a predicted one.
    """
    size = len(matrix) * CELL
    figure, axes = new_sheet(LEFT + size + SIDE, HEAD + size + FOOT, *_words(matrix))
    rates = np.nan_to_num(_divided(matrix, matrix.sum(axis=1, keepdims=True)))
    right, wrong = _scales(rates)
    diagonal = np.eye(len(matrix), dtype=bool)[..., None]
    colors = np.where(diagonal, _blue(right(rates)), _orange(wrong(rates)))
    colors[matrix == 0] = 1
    draw_image(axes, colors, (LEFT, HEAD, size, size))
    _write_counts(axes, matrix, colors)
    _write_margins(axes, matrix)
    _draw_scale(axes, HEAD, "right, share of row", _blue, right)
    if wrong.vmax:
        _draw_scale(axes, HEAD + size - SCALE, "mistaken, share of row", _orange, wrong)
    return figure


def _words(matrix: NDArray[np.int64]) -> tuple[str, str]:
    total, right = int(matrix.sum()), int(np.trace(matrix))
    title = f"Confusion matrix: {percent(right / max(total, 1), 2)} of {total:,} digits right"
    mistakes = matrix - np.diag(np.diag(matrix))
    if not mistakes.any():
        return title, "No digit is taken for another one"
    true, predicted = divmod(int(mistakes.argmax()), len(matrix))
    count = int(mistakes.max())
    if total - right == 1:
        return title, f"The only mistake: {true} read as {predicted}"
    times = "once" if count == 1 else f"{count:,} times"
    commonest = f"{true} read as {predicted}, {times}"
    return title, f"The commonest of {total - right:,} mistakes: {commonest}"


def _scales(rates: NDArray[np.float64]) -> tuple[Normalize, Normalize]:
    """Return the scales of the rates of right answers and of mistakes."""
    right = np.diag(rates)
    # A scale from 0 would give all digits of a good classifier the same blue.
    lowest = min(0.9, np.floor(10 * right[right > 0].min(initial=1)) / 10)
    # A root, as most kinds of mistake are far rarer than the commonest.
    return Normalize(lowest, 1), PowerNorm(0.5, 0, float((rates - np.diag(right)).max()))


def _blue(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(colormaps["Blues"](0.3 + 0.65 * values))[..., :3]


def _orange(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(colormaps["Oranges"](0.05 + 0.6 * values))[..., :3]


def _divided(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return counts / totals, NaN where the total is 0."""
    return np.where(totals, counts / np.maximum(totals, 1), np.nan)


def _write_counts(axes: Axes, matrix: NDArray[np.int64], colors: NDArray[np.float64]) -> None:
    """Write the count into each cell that has one, light on dark and dark on light."""
    edge = len(matrix) * CELL
    for step in range(len(matrix) + 1):
        at = step * CELL
        axes.plot([LEFT, LEFT + edge], [HEAD + at, HEAD + at], color=PALE, linewidth=0.5)
        axes.plot([LEFT + at, LEFT + at], [HEAD, HEAD + edge], color=PALE, linewidth=0.5)
    # The longest number still fits its cell.
    size = min(TEXT, 55 / len(f"{matrix.max():,}"))
    light = colors @ (0.299, 0.587, 0.114)
    for row, column in np.argwhere(matrix):
        axes.text(
            LEFT + (column + 0.5) * CELL,
            HEAD + (row + 0.5) * CELL,
            f"{matrix[row, column]:,}",
            size=size,
            color=INK if light[row, column] > 0.45 else "white",
            weight="bold" if row == column else "normal",
            ha="center",
            va="center_baseline",
        )


def _write_margins(axes: Axes, matrix: NDArray[np.int64]) -> None:
    """Write the digits above and to the left, precision below and recall to the right."""
    edge = len(matrix) * CELL
    recall = _divided(np.diag(matrix), matrix.sum(axis=1))
    precision = _divided(np.diag(matrix), matrix.sum(axis=0))

    def write(x: float, y: float, text: str, size: float = SMALL, **style: Any) -> None:
        axes.text(x, y, text, size=size, **{"color": GREY, "va": "center_baseline"} | style)

    for digit in range(len(matrix)):
        along = (digit + 0.5) * CELL
        write(LEFT + along, HEAD - 0.15, str(digit), TEXT, ha="center", color=INK, weight="bold")
        write(LEFT - 0.15, HEAD + along, str(digit), TEXT, ha="center", color=INK, weight="bold")
        write(LEFT + along, HEAD + edge + 0.17, _rate(precision[digit]), ha="center")
        write(LEFT + edge + 0.1, HEAD + along, _rate(recall[digit]), ha="left")
    write(LEFT, HEAD - 0.4, "predicted digit", TEXT, ha="left")
    write(LEFT - 0.42, HEAD + edge / 2, "true digit", TEXT, ha="center", va="center", rotation=90)
    write(LEFT + edge + 0.1, HEAD - 0.15, "recall", TEXT, ha="left")
    write(LEFT - 0.1, HEAD + edge + 0.17, "precision", TEXT, ha="right")


def _draw_scale(
    axes: Axes,
    top: float,
    name: str,
    color: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    scale: Normalize,
) -> None:
    left = LEFT + 10 * CELL + 1.05
    steps = np.linspace(1, 0, 256)[:, None]
    draw_image(axes, color(steps), (left, top, SCALE_WIDTH, SCALE))
    axes.text(left, top - 0.28, name, size=SMALL, color=GREY, va="center_baseline")
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        axes.text(
            left + SCALE_WIDTH + 0.08,
            top + (1 - part) * SCALE,
            _rate(float(scale.inverse(part))),
            size=SMALL,
            color=GREY,
            va="center",
        )


def _rate(share: float) -> str:
    return "\N{EN DASH}" if np.isnan(share) else percent(share)
