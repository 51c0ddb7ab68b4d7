"""Where a line of writing may be cut into digits: ways from top to bottom that cross little ink."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.preprocessing.binarization import Mask

_SIDEWAYS = 0.02  # what a step to the side costs, in pixels of ink: straight ways are preferred


def find_seams(
    line: Mask, most_ink: float, apart: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the ways on which a line may be cut, from left to right.

    A way goes from the top to the bottom, a pixel to the side a row at most, so it follows the
    slant of the writing and the gaps of letters that lean over each other. Through each pixel of
    the middle row goes one cheapest way; those that are cheaper than their neighbours are given.

    Args:
        line: The ink of one line, shape (h, w).
        most_ink: Pixels of ink that a way may cross, loops taken for full of ink.
        apart: Least distance between two ways in pixels.

    Returns:
        The columns of each way by rows, shape (n, h), and the pixels of ink each crosses, (n,).
    """
    height, _ = line.shape
    middle = height // 2
    # Loops count as full of ink: a cut between two touching noughts is then cheaper than one
    # through either of them.
    cost = ndimage.binary_fill_holes(line).astype(np.float64)
    up, up_from = _cheapest(cost[: middle + 1])
    down, down_from = _cheapest(cost[middle:][::-1])
    total = up + down - cost[middle]
    columns = _valleys(total, most_ink, apart)
    ways = np.empty((len(columns), height), np.intp)
    for way, column in zip(ways, columns, strict=True):
        way[: middle + 1] = _followed(up_from, column)
        way[middle:] = _followed(down_from, column)[::-1]
    ways = np.maximum.accumulate(ways, axis=0)
    crossed = line[np.arange(height), ways].sum(axis=1).astype(np.float64)
    return ways, crossed


def _cheapest(cost: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The cost of the cheapest way to each pixel of the last row, and the steps that led there."""
    height, width = cost.shape
    steps = np.zeros((height, width), np.intp)
    total = cost[0].copy()
    padded = np.full(width + 2, np.inf)
    for row in range(1, height):
        padded[1:-1] = total
        before = np.stack([padded[1:-1], padded[:-2] + _SIDEWAYS, padded[2:] + _SIDEWAYS])
        choice = before.argmin(axis=0)
        total = before[choice, np.arange(width)] + cost[row]
        steps[row] = np.array([0, -1, 1])[choice]
    return total, steps


def _followed(steps: NDArray[np.intp], column: int) -> NDArray[np.intp]:
    """Go back along the steps from a pixel of the last row; the columns from the first row on."""
    way = np.empty(len(steps), np.intp)
    for row in range(len(steps) - 1, -1, -1):
        way[row] = column
        column += steps[row, column]
    return way


def _valleys(total: NDArray[np.float64], most: float, apart: float) -> list[int]:
    """The middles of the stretches that are no dearer than what lies within the given distance."""
    reach = max(1, int(apart))
    padded = np.pad(total, reach, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    low = (total <= around + 1e-9) & (total <= most)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], low.view(np.int8), [0]])))
    return [int(start + stop - 1) // 2 for start, stop in edges.reshape(-1, 2)]
