"""Which pieces of ink stand on one line, and in which order lines are read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.preprocessing.binarization import Mask
from mnistcli.preprocessing.cleaning import components

_SMALL = 0.4  # of the usual height: a dot, a comma, a dash or a loose stroke


@dataclass(frozen=True)
class Line:
    """One line of writing.

    Attributes:
        mask: Its ink, shape (h, w) of the whole picture.
        height: The usual height of its digits in pixels.
    """

    mask: Mask
    height: float


def find_lines(mask: Mask) -> list[Line]:
    """Part the ink into lines, from top to bottom.

    Args:
        mask: The ink of all digits, shape (h, w).
    """
    labels, count = components(mask)
    if count == 0:
        return []
    boxes = [
        (rows.start, rows.stop, columns.start, columns.stop)
        for rows, columns in ndimage.find_objects(labels)
    ]
    pieces = np.array(boxes)
    heights = pieces[:, 1] - pieces[:, 0]
    usual = float(np.median(heights[heights >= 0.5 * np.percentile(heights, 95)]))
    tall = heights >= _SMALL * usual
    belongs = _chained(pieces, tall)
    lines = []
    for name in np.unique(belongs):
        members = belongs == name
        height = float(np.median(heights[members & tall]))
        own = np.isin(labels, np.flatnonzero(members) + 1)
        lines.append((float(np.median(pieces[members & tall, :2])), Line(own, height)))
    return [line for _, line in sorted(lines, key=lambda entry: entry[0])]


def _chained(pieces: NDArray[np.int64], tall: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Give each piece the number of its line: chains of neighbours at the same height."""
    belongs = np.full(len(pieces), -1, np.intp)
    order = sorted(np.flatnonzero(tall), key=lambda index: int(pieces[index, 2]))
    lasts: list[int] = []  # the last piece of each chain
    for index in order:
        overlaps = [_overlap(pieces[index], pieces[last]) for last in lasts]
        best = int(np.argmax(overlaps)) if overlaps else -1
        if best >= 0 and overlaps[best] > 0.4:
            belongs[index] = best
            if pieces[index, 3] > pieces[lasts[best], 3]:
                lasts[best] = int(index)
        else:
            belongs[index] = len(lasts)
            lasts.append(int(index))
    for index in np.flatnonzero(~tall):
        belongs[index] = belongs[_nearest(pieces, int(index), tall)]
    return belongs


def _overlap(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """The shared height of two pieces, as a part of the shorter one's."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return float(shared / min(one[1] - one[0], other[1] - other[0]))


def _nearest(pieces: NDArray[np.int64], index: int, tall: NDArray[np.bool_]) -> int:
    """The tall piece that a small one stands nearest to; distance across the lines counts more."""
    top, bottom, left, right = pieces[index]
    across = np.maximum(0, np.maximum(pieces[:, 0] - bottom, top - pieces[:, 1]))
    along = np.maximum(0, np.maximum(pieces[:, 2] - right, left - pieces[:, 3]))
    return int(np.argmin(np.where(tall, 3 * across + along, np.inf)))
