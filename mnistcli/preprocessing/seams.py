"""Seams: minimum-cost cuts from top to bottom through a text line, by dynamic programming.

As in seam carving (Avidan and Shamir, "Seam carving for content-aware image resizing", SIGGRAPH
2007), a seam moves by at most one pixel sideways per row. So it follows the slant of the
handwriting and the gaps between digits that overhang each other.
"""

import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.components import fill_holes
from mnistcli.preprocessing.shapes import Mask

_SIDEWAYS_COST = 0.02  # pixels of ink per step to the side: straight seams are preferred


def find_seams(
    mask: Mask, *, max_cost: float, min_distance: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the seams at which a text line may be cut, from left to right.

    The cheapest seam through each pixel of the middle row is computed. Those that are local minima
    of the cost are returned.

    Args:
        mask: The ink mask of one text line, shape (h, w).
        max_cost: Maximum ink that a seam crosses, in pixels, with holes counted as ink.
        min_distance: Of seams closer than this, in pixels, only the cheapest is kept.

    Returns:
        The column of each seam in each row, shape (n, h), and the pixels of ink it crosses, (n,).
    """
    height, _ = mask.shape
    middle = height // 2
    # Holes are filled: a cut between two touching 0s is then cheaper than one through either.
    cost = fill_holes(mask).astype(np.float64)
    upper, upper_steps = _accumulate_costs(cost[: middle + 1])
    lower, lower_steps = _accumulate_costs(cost[middle:][::-1])
    columns = _local_minima(upper + lower - cost[middle], max_cost, min_distance)
    seams = np.empty((len(columns), height), np.intp)
    for seam, column in zip(seams, columns, strict=True):
        seam[: middle + 1] = _backtrack(upper_steps, column)
        seam[middle:] = _backtrack(lower_steps, column)[::-1]
    seams = np.maximum.accumulate(seams, axis=0)  # no seam is to the left of the one before it
    crossed = mask[np.arange(height), seams].sum(axis=1).astype(np.float64)
    return seams, crossed


def _accumulate_costs(
    cost: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Accumulate the cost of the cheapest path from the first row to each pixel of the last.

    Returns:
        The total costs, shape (w,), and the step from each pixel to the row before: -1, 0 or 1,
        shape (h, w).
    """
    height, width = cost.shape
    steps = np.zeros((height, width), np.intp)
    total = cost[0].copy()
    padded = np.full(width + 2, np.inf)
    previous = np.empty((3, width))
    columns = np.arange(width)
    for row in range(1, height):
        padded[1:-1] = total
        previous[0] = total
        np.add(padded[:-2], _SIDEWAYS_COST, out=previous[1])
        np.add(padded[2:], _SIDEWAYS_COST, out=previous[2])
        choice = previous.argmin(axis=0)
        total = previous[choice, columns] + cost[row]
        steps[row] = np.array([0, -1, 1])[choice]
    return total, steps


def _backtrack(steps: NDArray[np.intp], column: int) -> NDArray[np.intp]:
    """Backtrack a path from a column of the last row; return its column in each row."""
    path = np.empty(len(steps), np.intp)
    for row in range(len(steps) - 1, -1, -1):
        path[row] = column
        column += steps[row, column]
    return path


def _local_minima(total: NDArray[np.float64], max_cost: float, min_distance: float) -> list[int]:
    """Find the local minima of the cost; of a flat minimum, the middle."""
    reach = max(1, int(min_distance))
    padded = np.pad(total, reach, constant_values=np.inf)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    is_minimum = (total <= lowest + 1e-9) & (total <= max_cost)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_minimum.view(np.int8), [0]])))
    return [int(start + stop - 1) // 2 for start, stop in edges.reshape(-1, 2)]
