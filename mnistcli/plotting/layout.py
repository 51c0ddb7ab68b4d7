"""Flow layout: blocks of different sizes in rows, for figures of many images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# A figure that is taller than this fraction of its width is made wider, up to the limit.
_MAX_ASPECT = 0.75
_WIDTH_STEP = 0.5


class Size(NamedTuple):
    """Width and height in inches."""

    width: float
    height: float


class Layout(NamedTuple):
    """Blocks placed in rows.

    Attributes:
        positions: Left and top edge of each block in inches.
        size: Size of the whole.
    """

    positions: list[tuple[float, float]]
    size: Size


def place_in_rows(sizes: Sequence[Size], max_width: float, gaps: Size) -> Layout:
    """Place blocks in rows from left to right, in order, as many per row as fit.

    Args:
        sizes: The size of each block, at least one.
        max_width: Maximum width of a row in inches; a wider block has a row of its own.
        gaps: Distance between two blocks of a row, and between two rows.
    """
    positions: list[tuple[float, float]] = []
    left = top = row_height = widest = 0.0
    for size in sizes:
        if left and left + size.width > max_width:
            left, top, row_height = 0.0, top + row_height + gaps.height, 0.0
        positions.append((left, top))
        widest = max(widest, left + size.width)
        left += size.width + gaps.width
        row_height = max(row_height, size.height)
    return Layout(positions, Size(widest, top + row_height))


def place_in_landscape(
    sizes: Sequence[Size], min_width: float, max_width: float, gaps: Size
) -> Layout:
    """Place blocks in rows, with the smallest width that gives a landscape format.

    Args:
        sizes: The size of each block, at least one.
        min_width: Minimum width in inches.
        max_width: Maximum width in inches, which many blocks have.
        gaps: Distance between two blocks of a row, and between two rows.
    """
    for width in np.arange(min_width, max_width, _WIDTH_STEP):
        layout = place_in_rows(sizes, width, gaps)
        if layout.size.height <= _MAX_ASPECT * max(width, layout.size.width):
            return layout
    return place_in_rows(sizes, max_width, gaps)
