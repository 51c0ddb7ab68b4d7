"""Plot of the confusion matrix as a heat map: counts, rates, precision and recall."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mnistcli.formatting import bounded_percent, format_count, join_names
from mnistcli.plotting.drawing import draw_array
from mnistcli.plotting.style import (
    BLACK,
    GRAY,
    LIGHT_GRAY,
    MARGIN,
    SMALL,
    TEXT,
    TOP,
    Footer,
    new_figure,
)

# Lengths are in inches.
CELL = 0.62
# The upper left corner of the matrix.
LEFT, HEAD = MARGIN + 0.85, TOP + 0.55
# Widths of the recall and the color bars to the right, height of the precision below.
_SIDE, _FOOT = 2.95, 0.5
_BAR_HEIGHT, _BAR_WIDTH = 2.6, 0.22
# Smallest distance between two ticks, as a fraction of the color bar.
_TICK_DISTANCE = 0.1

Colors = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def plot_confusion(matrix: NDArray[np.int64], *, model_name: str, dataset_name: str) -> Figure:
    """Plot a confusion matrix: counts as text, rates as colors, and recall and precision.

    A rate is a fraction of the row. Correct predictions and mistakes each have a colormap, so
    that a mistake made once in a thousand times is still visible.

    Args:
        matrix: Counts, int64 (10, 10); rows are true digits, columns predicted digits.
        model_name: Name of the model.
        dataset_name: Name of the dataset.
    """
    size = len(matrix) * CELL
    footer = Footer(model_name, format_count(int(matrix.sum()), "image"), dataset_name)
    figure, axes = new_figure(
        LEFT + size + _SIDE, HEAD + size + _FOOT, *_title_and_subtitle(matrix), footer
    )
    rates = np.nan_to_num(_divide(matrix, matrix.sum(axis=1, keepdims=True)))
    correct, wrong = _scales(rates)
    diagonal = np.eye(len(matrix), dtype=bool)[..., None]
    colors = np.where(diagonal, _blue(correct(rates)), _orange(wrong(rates)))
    colors[matrix == 0] = 1
    draw_array(axes, colors, (LEFT, HEAD, size, size))
    _draw_grid(axes, len(matrix))
    _write_counts(axes, matrix, colors)
    _write_rates(axes, matrix)
    _draw_color_bar(axes, HEAD, ("correct", "(fraction of row)"), _blue, correct)
    if wrong.vmax:
        label = "misclassified (fraction", "of row, square-root scale)"
        _draw_color_bar(axes, HEAD + size - _BAR_HEIGHT, label, _orange, wrong)
    return figure


def _title_and_subtitle(matrix: NDArray[np.int64]) -> tuple[str, str]:
    total, correct = int(matrix.sum()), int(np.trace(matrix))
    accuracy = bounded_percent(correct / max(total, 1), 2)
    title = f"Confusion matrix: {accuracy} of {format_count(total, 'digit')} correct"
    mistakes = matrix - np.diag(np.diag(matrix))
    if not mistakes.any():
        return title, "No mistakes"
    count = int(mistakes.max())
    most_common = np.argwhere(mistakes == count)
    pairs = [f"{true} predicted as {predicted}" for true, predicted in most_common]
    if total - correct == 1:
        return title, f"The only mistake: {pairs[0]}"
    if len(pairs) > 2:
        pairs[1:] = [f"{len(pairs) - 1} others"]
    times = "once" if count == 1 else f"{count:,} times"
    each = " each" if len(pairs) > 1 else ""
    return title, f"Most common of {total - correct:,} mistakes: {join_names(pairs)}, {times}{each}"


def _scales(rates: NDArray[np.float64]) -> tuple[Normalize, Normalize]:
    """Return the color scales of the rates of correct predictions and of mistakes."""
    correct = np.diag(rates)
    # On a scale from 0, all digits of a good classifier would have the same blue.
    lowest = min(0.9, np.floor(10 * correct[correct > 0].min(initial=1)) / 10)
    # The square root, because most kinds of mistakes are far rarer than the most common one.
    return Normalize(lowest, 1), PowerNorm(0.5, 0, float((rates - np.diag(correct)).max()))


def _blue(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map rates of correct predictions to blues, by a colormap."""
    return np.asarray(colormaps["Blues"](0.3 + 0.65 * values))[..., :3]


def _orange(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map rates of mistakes to oranges, by a colormap."""
    return np.asarray(colormaps["Oranges"](0.05 + 0.6 * values))[..., :3]


def _divide(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return counts / totals, NaN where the total is 0."""
    return np.where(totals, counts / np.maximum(totals, 1), np.nan)


def _draw_grid(axes: Axes, count: int) -> None:
    edge = count * CELL
    for step in range(count + 1):
        at = step * CELL
        axes.plot([LEFT, LEFT + edge], [HEAD + at, HEAD + at], color=LIGHT_GRAY, linewidth=0.5)
        axes.plot([LEFT + at, LEFT + at], [HEAD, HEAD + edge], color=LIGHT_GRAY, linewidth=0.5)


def _write_counts(axes: Axes, matrix: NDArray[np.int64], colors: NDArray[np.float64]) -> None:
    """Write the count into each cell that is not 0, white on dark colors, black on light ones."""
    # The longest number still fits its cell.
    size = min(TEXT, 55 / len(f"{matrix.max():,}"))
    luminance = colors @ (0.299, 0.587, 0.114)
    for row, column in np.argwhere(matrix):
        axes.text(
            LEFT + (column + 0.5) * CELL,
            HEAD + (row + 0.5) * CELL,
            f"{matrix[row, column]:,}",
            size=size,
            color=BLACK if luminance[row, column] > 0.45 else "white",
            weight="bold" if row == column else "normal",
            ha="center",
            va="center_baseline",
        )


def _write_rates(axes: Axes, matrix: NDArray[np.int64]) -> None:
    """Write the classes above and to the left, precision below and recall to the right."""
    edge = len(matrix) * CELL
    recall = _divide(np.diag(matrix), matrix.sum(axis=1))
    precision = _divide(np.diag(matrix), matrix.sum(axis=0))

    def write(x: float, y: float, text: str, size: float = SMALL, **style: Any) -> None:
        axes.text(x, y, text, size=size, **{"color": GRAY, "va": "center_baseline"} | style)

    for digit in range(len(matrix)):
        at = (digit + 0.5) * CELL
        write(LEFT + at, HEAD - 0.15, str(digit), TEXT, ha="center", color=BLACK, weight="bold")
        write(LEFT - 0.15, HEAD + at, str(digit), TEXT, ha="center", color=BLACK, weight="bold")
        write(LEFT + at, HEAD + edge + 0.17, _format_rate(precision[digit]), ha="center")
        write(LEFT + edge + 0.1, HEAD + at, _format_rate(recall[digit]), ha="left")
    write(LEFT, HEAD - 0.4, "predicted digit", TEXT, ha="left")
    write(LEFT - 0.42, HEAD + edge / 2, "true digit", TEXT, ha="center", va="center", rotation=90)
    write(LEFT + edge + 0.1, HEAD - 0.15, "recall", TEXT, ha="left")
    write(LEFT - 0.1, HEAD + edge + 0.17, "precision", TEXT, ha="right")


def _draw_color_bar(
    axes: Axes, top: float, label: tuple[str, str], colors: Colors, scale: Normalize
) -> None:
    left = LEFT + 10 * CELL + 1.05
    draw_array(axes, colors(np.linspace(1, 0, 256)[:, None]), (left, top, _BAR_WIDTH, _BAR_HEIGHT))
    axes.text(left, top - 0.12, "\n".join(label), size=SMALL, color=GRAY)
    for tick in _choose_ticks(scale):
        axes.text(
            left + _BAR_WIDTH + 0.08,
            top + (1 - float(scale(tick))) * _BAR_HEIGHT,
            f"{float(f'{100 * tick:.2g}'):g} %",
            size=SMALL,
            color=GRAY,
            va="center_baseline",
        )


def _choose_ticks(scale: Normalize) -> Sequence[float]:
    """Choose round numbers on a color scale, from its top down to its lower end."""
    low, high = float(scale.vmin or 0), float(scale.vmax or 0)
    if not isinstance(scale, PowerNorm):
        ticks = MaxNLocator(7, steps=[1, 2, 5, 10]).tick_values(low, high)
        return [float(tick) for tick in ticks[::-1] if low <= tick <= high]
    exponent = int(np.log10(high))
    ticks_below = [n * 10.0**e for e in range(exponent + 1, exponent - 4, -1) for n in (5, 2, 1)]
    chosen = [high]
    for tick in (tick for tick in ticks_below if tick <= high * (1 + 1e-9)):
        position = float(scale(tick))
        if float(scale(chosen[-1])) - position >= _TICK_DISTANCE and position >= _TICK_DISTANCE:
            chosen.append(tick)
    return [*chosen, 0.0]


def _format_rate(rate: float) -> str:
    return "\N{EN DASH}" if np.isnan(rate) else bounded_percent(rate)
