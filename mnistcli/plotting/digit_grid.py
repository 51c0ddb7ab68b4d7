"""Plots of digits in a grid with their predictions: random samples, and the mistakes."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.datasets import Dataset
from mnistcli.errors import OTHER_DATASET, DataError
from mnistcli.formatting import bounded_percent, format_count
from mnistcli.plotting.drawing import choose_columns, draw_array, outline
from mnistcli.plotting.limits import MAX_SAMPLES
from mnistcli.plotting.style import (
    BLACK,
    GRAY,
    MARGIN,
    SMALL,
    TEXT,
    TOP,
    VERMILION,
    Footer,
    new_figure,
)

# Lengths are in inches: at `style.DPI`, six pixels of the file per pixel of a digit.
CELL = 1.12
# Distance from one digit to the next, with the caption.
_COLUMN_STEP, _ROW_STEP = CELL + 0.3, CELL + 0.65
# Width of the longest title.
_MIN_WIDTH = 8.5
_CORRECT, _WRONG = "\N{CHECK MARK}", "\N{BALLOT X}"
_CAPTION_HELP = "Below each: prediction and confidence, then the true label and the image's index"


def plot_samples(
    dataset: Dataset,
    probabilities: NDArray[np.float32],
    indices: NDArray[np.intp],
    *,
    model: str,
    dataset_name: str,
) -> Figure:
    """Plot some digits of a dataset with their predictions and labels; mistakes are outlined.

    Args:
        dataset: The dataset, n images.
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        indices: Indices of the digits to draw, in order; the first `MAX_SAMPLES` are drawn.
        model: Name of the model.
        dataset_name: Name of the dataset.

    Raises:
        DataError: There are no digits.
    """
    shown = indices[:MAX_SAMPLES]
    correct = int((probabilities.argmax(axis=1) == dataset.labels)[shown].sum())
    title = f"{correct} of {format_count(len(shown), 'random digit')} predicted correctly"
    images = f"{len(shown)} of {format_count(len(dataset), 'image')}"
    footer = Footer(model, images, dataset_name)
    return _draw_grid(dataset, probabilities, shown, title, footer, outline_mistakes=True)


def plot_mistakes(
    dataset: Dataset,
    probabilities: NDArray[np.float32],
    *,
    model: str,
    dataset_name: str,
    count: int = 24,
) -> Figure:
    """Plot the worst mistakes: the misclassified digits of a dataset, the most confident first.

    If there are none, the digits with the lowest confidence are drawn.

    Args:
        dataset: The dataset, n images.
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        model: Name of the model.
        dataset_name: Name of the dataset.
        count: Maximum number of digits to draw; at most `MAX_SAMPLES`.

    Raises:
        DataError: There are no digits.
    """
    shown, title = find_worst(dataset, probabilities, min(count, MAX_SAMPLES))
    footer = Footer(model, format_count(len(dataset), "image"), dataset_name)
    return _draw_grid(dataset, probabilities, shown, title, footer, outline_mistakes=False)


def find_worst(
    dataset: Dataset, probabilities: NDArray[np.float32], count: int
) -> tuple[NDArray[np.intp], str]:
    """Find the misclassified digits, the most confident first; without any, the least confident.

    Args:
        dataset: The dataset, n images.
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        count: Maximum number of digits.

    Returns:
        Their indices, and the title of their plot.
    """
    confidence = probabilities.max(axis=1)
    mistakes = np.flatnonzero(probabilities.argmax(axis=1) != dataset.labels)
    total = format_count(len(dataset), "digit")
    if not len(mistakes):
        worst = np.argsort(confidence, kind="stable")[:count]
        return worst, f"All {total} predicted correctly: the {len(worst)} least confident"
    # Where the softmax is saturated at 1.0, a lower probability of the true label is worse.
    of_label = probabilities[mistakes, dataset.labels[mistakes]]
    worst = mistakes[np.lexsort((of_label, -confidence[mistakes]))][:count]
    rest = f"the {len(worst)} most confident" if len(worst) < len(mistakes) else "all of them"
    return worst, f"{len(mistakes):,} of {total} misclassified: {rest}"


def _draw_grid(
    dataset: Dataset,
    probabilities: NDArray[np.float32],
    indices: NDArray[np.intp],
    title: str,
    footer: Footer,
    *,
    outline_mistakes: bool,
) -> Figure:
    if not len(indices):
        raise DataError("there are no digits to plot", hint=OTHER_DATASET)
    columns = choose_columns(len(indices), 2.2)
    rows = math.ceil(len(indices) / columns)
    figure, axes = new_figure(
        max(2 * MARGIN + columns * _COLUMN_STEP - (_COLUMN_STEP - CELL), _MIN_WIDTH),
        TOP + rows * _ROW_STEP,
        title,
        _CAPTION_HELP,
        footer,
    )
    for position, index in enumerate(indices.tolist()):
        row, column = divmod(position, columns)
        left, top = MARGIN + column * _COLUMN_STEP, TOP + row * _ROW_STEP
        draw_array(axes, dataset.images[index], (left, top, CELL, CELL))
        label = int(dataset.labels[index])
        write_caption(axes, index, label, probabilities[index], (left, top + CELL))
        if outline_mistakes and probabilities[index].argmax() != label:
            outline(axes, (left, top, left + CELL, top + CELL), VERMILION, linewidth=3)
    return figure


def write_caption(
    axes: Axes,
    index: int,
    label: int,
    probabilities: NDArray[np.float32],
    corner: tuple[float, float],
) -> None:
    """Write prediction, confidence, label and index below a digit, given its lower left corner."""
    left, bottom = corner
    predicted = int(probabilities.argmax())
    is_wrong = predicted != label
    axes.text(
        left,
        bottom + 0.06,
        f"{_WRONG if is_wrong else _CORRECT} {predicted}",
        size=TEXT,
        color=VERMILION if is_wrong else BLACK,
        weight="bold" if is_wrong else "normal",
        va="top",
    )
    for text, x, y, align in (
        (bounded_percent(float(probabilities[predicted])), left + CELL, 0.075, "right"),
        (f"true {label}", left, 0.27, "left"),
        (f"#{index}", left + CELL, 0.27, "right"),
    ):
        axes.text(x, bottom + y, text, size=SMALL, color=GRAY, va="top", ha=align)
