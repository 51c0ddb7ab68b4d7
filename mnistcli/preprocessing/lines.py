"""Text lines: group connected components into lines, in reading order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.components import component_regions, label_components
from mnistcli.preprocessing.shapes import Mask

_MIN_HEIGHT = 0.4  # of the typical height: anything smaller is a mark or a loose stroke
_MIN_OVERLAP = 0.4  # of two neighbors of a line, as a fraction of the shorter one's height

# Bounding boxes, shape (n, 4): top, bottom, left, right; bottom and right are exclusive.
_Bounds = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TextLine:
    """One text line.

    Attributes:
        mask: Its ink mask, shape (h, w) of the whole image.
        height: The typical height of its digits in pixels.
    """

    mask: Mask
    height: float


def find_text_lines(mask: Mask) -> list[TextLine]:
    """Find the text lines, from top to bottom.

    Components of similar vertical position form a line; small ones, such as dots, join the nearest.

    Args:
        mask: The ink mask of all digits, shape (h, w).
    """
    labels, count = label_components(mask)
    if count == 0:
        return []
    bounds = np.array(
        [
            (rows.start, rows.stop, columns.start, columns.stop)
            for rows, columns in component_regions(labels)
        ]
    )
    heights = bounds[:, 1] - bounds[:, 0]
    typical = float(np.median(heights[heights >= 0.5 * np.percentile(heights, 95)]))
    is_tall = heights >= _MIN_HEIGHT * typical
    line_of = _group_components(bounds, is_tall)
    lines = []
    for line in np.unique(line_of):
        members = line_of == line
        tall = members & is_tall
        own = np.concatenate([[False], members])[labels]
        position = float(np.median(bounds[tall, :2]))
        lines.append((position, TextLine(own, float(np.median(heights[tall])))))
    return [line for _, line in sorted(lines, key=lambda entry: entry[0])]


def _group_components(bounds: _Bounds, is_tall: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Group components into lines: chains of neighbors whose vertical extents overlap.

    Returns:
        The index of each component's line, shape (n,).
    """
    line_of = np.full(len(bounds), -1, np.intp)
    left_to_right = sorted(np.flatnonzero(is_tall), key=lambda index: int(bounds[index, 2]))
    rightmost: list[int] = []  # of each line, the component that reaches furthest to the right
    for index in left_to_right:
        overlaps = [_vertical_overlap(bounds[index], bounds[other]) for other in rightmost]
        best = int(np.argmax(overlaps)) if overlaps else -1
        if best >= 0 and overlaps[best] > _MIN_OVERLAP:
            line_of[index] = best
            if bounds[index, 3] > bounds[rightmost[best], 3]:
                rightmost[best] = int(index)
        else:
            line_of[index] = len(rightmost)
            rightmost.append(int(index))
    for index in np.flatnonzero(~is_tall):
        line_of[index] = line_of[_nearest_tall(bounds, int(index), is_tall)]
    return line_of


def _vertical_overlap(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Compute the vertical overlap of two boxes, as a fraction of the shorter one's height."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return float(shared / min(one[1] - one[0], other[1] - other[0]))


def _nearest_tall(bounds: _Bounds, index: int, is_tall: NDArray[np.bool_]) -> int:
    """Return the nearest tall component of a small one; vertical distance counts three times."""
    top, bottom, left, right = bounds[index]
    vertical = np.maximum(0, np.maximum(bounds[:, 0] - bottom, top - bounds[:, 1]))
    horizontal = np.maximum(0, np.maximum(bounds[:, 2] - right, left - bounds[:, 3]))
    return int(np.argmin(np.where(is_tall, 3 * vertical + horizontal, np.inf)))
