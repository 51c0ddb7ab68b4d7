"""Grid of digits with their predictions, for the plots of samples and mistakes."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.datasets import Dataset
from mnistcli.errors import OTHER_DATASET, DataError
from mnistcli.formatting import bounded_percent
from mnistcli.plotting.drawing import choose_columns, draw_array, outline
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


def draw_digit_grid(
    dataset: Dataset,
    probabilities: NDArray[np.float32],
    indices: NDArray[np.intp],
    title: str,
    footer: Footer,
    *,
    outline_mistakes: bool,
) -> Figure:
    """Draw digits of a dataset in a grid, each with its prediction, label and index below it.

    Args:
        dataset: The dataset, n images.
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        indices: Indices of the digits to draw, in order.
        title: Title of the figure.
        footer: Footer of the figure.
        outline_mistakes: Whether to outline the misclassified digits.

    Raises:
        DataError: There are no digits.
    """
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
