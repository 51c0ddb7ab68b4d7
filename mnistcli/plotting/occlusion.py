"""Plot of occlusion maps (saliency heat maps) of the worst mistakes: predicted and true digit."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.datasets import Dataset
from mnistcli.formatting import format_count
from mnistcli.plotting.digit_grid import CELL, write_caption
from mnistcli.plotting.drawing import draw_array, outline, tint_digit
from mnistcli.plotting.limits import MAX_OCCLUDED
from mnistcli.plotting.mistakes import find_worst
from mnistcli.plotting.style import BLACK, GRAY, LIGHT_GRAY, MARGIN, SMALL, TOP, Footer, new_figure
from mnistcli.prediction.occlusion import PATCH, occlusion_map

# Lengths are in inches.
_GAP, _COLUMN_GAP = 0.16, 0.5
_COLUMN_STEP = 3 * CELL + 2 * _GAP + _COLUMN_GAP
_ROW_STEP = CELL + 0.65
_MAX_COLUMNS = 3
_MIN_WIDTH = 10.2
_SUBTITLE = (
    f"Covering a {PATCH}\N{MULTIPLICATION SIGN}{PATCH} patch lowers (vermilion) or raises (blue) "
    "the probability of the digit below the map"
)
_MINUS = "\N{MINUS SIGN}"
# A smaller change of the probability is not drawn in full color.
_MIN_CHANGE = 0.01


@dataclass(frozen=True, eq=False)
class _Item:
    """A digit of the dataset with its probabilities, with and without a patch covered.

    Attributes:
        index: Its index in the dataset.
        image: uint8 (28, 28).
        label: The true digit.
        probabilities: float32 (10,).
        occluded_probabilities: float32 (28, 28, 10).
    """

    index: int
    image: NDArray[np.uint8]
    label: int
    probabilities: NDArray[np.float32]
    occluded_probabilities: NDArray[np.float32]

    @property
    def classes(self) -> tuple[int, int]:
        """The predicted digit, and the true one; for a correct one, the second most likely."""
        first, second = np.argsort(-self.probabilities, kind="stable")[:2].tolist()
        return first, second if self.label == first else self.label


def plot_occlusion(
    dataset: Dataset,
    probabilities: NDArray[np.float32],
    predict_occluded: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    *,
    count: int,
    model_name: str,
    dataset_name: str,
) -> Figure:
    """Plot occlusion maps of the worst mistakes; without mistakes, of the least confident digits.

    Args:
        dataset: The dataset, n images.
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        predict_occluded: Computes the probabilities of a digit with a patch covered, as
            `predict_occluded` in `mnistcli.prediction.occlusion` does.
        count: Maximum number of digits to draw; at most `MAX_OCCLUDED`.
        model_name: Name of the model.
        dataset_name: Name of the dataset.
    """
    worst, title = find_worst(dataset, probabilities, min(count, MAX_OCCLUDED))
    columns = min(_MAX_COLUMNS, len(worst))
    rows = math.ceil(len(worst) / columns)
    figure, axes = new_figure(
        max(2 * MARGIN + columns * _COLUMN_STEP - _COLUMN_GAP, _MIN_WIDTH),
        TOP + rows * _ROW_STEP,
        title,
        _SUBTITLE,
        Footer(model_name, format_count(len(dataset), "image"), dataset_name),
    )
    for position, index in enumerate(worst.tolist()):
        row, column = divmod(position, columns)
        image = dataset.images[index]
        label = int(dataset.labels[index])
        item = _Item(index, image, label, probabilities[index], predict_occluded(image))
        _draw_item(axes, item, MARGIN + column * _COLUMN_STEP, TOP + row * _ROW_STEP)
    return figure


def _draw_item(axes: Axes, item: _Item, left: float, top: float) -> None:
    """Draw a digit with its caption, and two maps beside it on one scale."""
    draw_array(axes, item.image, (left, top, CELL, CELL))
    write_caption(axes, item.index, item.label, item.probabilities, (left, top + CELL))
    maps = [
        occlusion_map(item.probabilities, item.occluded_probabilities, label)
        for label in item.classes
    ]
    largest = max(float(np.abs(maps).max()), _MIN_CHANGE)
    for digit, decrease in zip(item.classes, maps, strict=True):
        left += CELL + _GAP
        draw_array(axes, tint_digit(item.image, decrease / largest), (left, top, CELL, CELL))
        outline(axes, (left, top, left + CELL, top + CELL), LIGHT_GRAY)
        for text, color, below in (
            (f"probability of {digit}", BLACK, 0.07),
            (_format_range(decrease), GRAY, 0.27),
        ):
            axes.text(left, top + CELL + below, text, size=SMALL, color=color, va="top")


def _format_range(decrease: NDArray[np.float32]) -> str:
    """Format the largest decrease and increase of a probability in percentage points."""
    signed = ((_MINUS, 100 * float(decrease.max())), ("+", 100 * float(-decrease.min())))
    parts = [f"{sign}{points:.0f}" for sign, points in signed if round(points) > 0]
    return f"{' / '.join(parts)} points" if parts else "no change"
