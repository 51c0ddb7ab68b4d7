"""Text line segmentation: group connected components into lines, in reading order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.components import Components, connected_components
from mnistcli.preprocessing.shapes import Mask

_MIN_DIGIT_HEIGHT = 0.4  # of the usual height; lower is a dot, a comma, a dash or a loose stroke
_MIN_BRACKET_HEIGHT = 1.6  # height in digit heights
_BRACKET_WIDTHS = (0.1, 0.5)  # of its height
_MIN_OVERLAP = 0.4  # of the shorter of two neighbors
_ACROSS_WEIGHT = 3  # a distance across lines counts this many times as much as one along a line


@dataclass(frozen=True, eq=False)
class TextLine:
    """The ink mask of a line of digits, and its position.

    Attributes:
        mask: Its ink mask, shape (h, w) of the whole image.
        height: The height of its digits in pixels.
        middle: The row halfway between the usual top and bottom of its digits.
        row: The `middle` of the first line of its row: lines side by side have the same one.
        labeled: The connected components of the mask, if it is the only line.
    """

    mask: Mask
    height: float
    middle: float
    row: float
    labeled: Components | None = None

    def label(self) -> Components:
        """Label the connected components of the mask."""
        # The labels of many lines would take much memory.
        return connected_components(self.mask) if self.labeled is None else self.labeled


@dataclass(frozen=True, eq=False)
class _Group:
    """Components that form a line; its position decides the reading order."""

    members: NDArray[np.bool_]
    height: float
    top: float
    bottom: float
    left: float
    row: float


def find_text_lines(components: Components) -> list[TextLine]:
    """Group connected components into text lines, from top to bottom.

    Brackets are left out. Small digits side by side, such as superscript cents, form a line of
    their own, beside larger ones.

    Args:
        components: The components of all digits.
    """
    if not len(components):
        return []
    if len(components) == 1:  # most images of one digit
        middle = float(components.top[0] + components.bottom[0]) / 2
        return [TextLine(components.mask, float(components.height[0]), middle, middle, components)]
    heights = components.height.astype(np.float64)
    usual = float(np.median(heights[heights >= 0.5 * np.percentile(heights, 95)]))
    tall = heights >= _MIN_DIGIT_HEIGHT * usual
    line_of = _assign_lines(components, tall)
    number_of = _number_small_groups(components, tall, usual)
    groups = []
    for line in np.unique(line_of):
        members = (line_of == line) & (number_of == 0)
        members &= ~_find_brackets(components, members & tall)
        groups.append(_group(components, members, members & tall))
    for number in range(1, number_of.max() + 1):
        members = number_of == number
        groups.append(_group(components, members, members, groups))
    groups.sort(key=lambda group: (group.row, group.left))
    return [
        TextLine(
            components.select(group.members),
            group.height,
            (group.top + group.bottom) / 2,
            group.row,
            components if group.members.all() else None,
        )
        for group in groups
    ]


def _group(
    components: Components,
    members: NDArray[np.bool_],
    digits: NDArray[np.bool_],
    rows: list[_Group] | None = None,
) -> _Group:
    """Measure a line by its digits; one beside another line is in the same row."""
    top, bottom = np.median(components.top[digits]), np.median(components.bottom[digits])
    row = float(top + bottom) / 2
    for other in rows or ():
        if min(bottom, other.bottom) - max(top, other.top) >= 0.5 * (bottom - top):
            row = other.row
            break
    height = float(np.median(components.height[digits]))
    left = float(components.left[digits].min())
    return _Group(members, height, float(top), float(bottom), left, row)


def _find_brackets(components: Components, digits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find brackets: taller than the digits of the line, and narrow."""
    heights, widths = components.height, components.width
    limit = _MIN_BRACKET_HEIGHT * np.median(heights[digits])
    low, high = _BRACKET_WIDTHS
    narrow = (widths >= low * heights) & (widths <= high * heights)
    brackets: NDArray[np.bool_] = digits & (heights >= limit) & narrow
    return brackets if (digits & ~brackets).any() else np.zeros_like(digits)


def _assign_lines(components: Components, tall: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Assign each component to a line: a chain of neighbors at the same height."""
    line_of = np.full(len(components), -1, np.intp)
    last: list[int] = []  # the rightmost component of each chain
    for index in _left_to_right(components, tall):
        overlaps = [_overlap(components, index, other) for other in last]
        best = int(np.argmax(overlaps)) if overlaps else -1
        if best >= 0 and overlaps[best] > _MIN_OVERLAP:
            line_of[index] = best
            if components.right[index] > components.right[last[best]]:
                last[best] = index
        else:
            line_of[index] = len(last)
            last.append(index)
    for index in _left_to_right(components, ~tall):
        line_of[index] = line_of[_nearest(components, index, tall)]
    return line_of


def _number_small_groups(
    components: Components, tall: NDArray[np.bool_], usual: float
) -> NDArray[np.intp]:
    """Number the groups of small digits side by side from 1; 0 for all other components."""
    heights, widths = components.height.astype(np.float64), components.width
    thickness = components.area / np.maximum(np.hypot(heights, widths), 1)
    digits = (
        ~tall
        & (heights >= max(0.2 * usual, 10))
        & (widths <= 1.3 * heights)
        & (heights >= 3.5 * thickness)
    )
    number_of = np.zeros(len(components), np.intp)
    previous = -1
    for index in _left_to_right(components, digits):
        if previous >= 0 and _is_same_number(components, previous, index):
            number_of[previous] = number_of[previous] or number_of.max() + 1
            number_of[index] = number_of[previous]
        previous = index
    return number_of


def _is_same_number(components: Components, one: int, other: int) -> bool:
    """Return whether two small components are digits of one number: similar, level and close."""
    lower, higher = sorted((float(components.height[one]), float(components.height[other])))
    gap = components.left[other] - components.right[one]
    return bool(
        higher <= 1.5 * lower and gap <= 1.2 * lower and _overlap(components, one, other) >= 0.6
    )


def _left_to_right(components: Components, chosen: NDArray[np.bool_]) -> list[int]:
    """Return the indices of the chosen components, sorted by their left side."""
    indices: list[int] = np.flatnonzero(chosen).tolist()
    return sorted(indices, key=lambda index: int(components.left[index]))


def _overlap(components: Components, one: int, other: int) -> float:
    """Return the vertical overlap of two components as a fraction of the shorter one."""
    shared = min(components.bottom[one], components.bottom[other]) - max(
        components.top[one], components.top[other]
    )
    return float(shared / min(components.height[one], components.height[other]))


def _nearest(components: Components, index: int, tall: NDArray[np.bool_]) -> int:
    """Return the tall component nearest to a small one."""
    across = np.maximum(
        0,
        np.maximum(
            components.top - components.bottom[index], components.top[index] - components.bottom
        ),
    )
    along = np.maximum(
        0,
        np.maximum(
            components.left - components.right[index], components.left[index] - components.right
        ),
    )
    return int(np.argmin(np.where(tall, _ACROSS_WEIGHT * across + along, np.inf)))
