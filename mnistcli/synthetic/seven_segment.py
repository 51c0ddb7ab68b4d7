"""Seven-segment displays: the lines of the segments, digits, and patterns that look like none."""

import numpy as np
from numpy.typing import NDArray

SEGMENTS = {
    "a": ((0, 0), (1, 0)),
    "b": ((1, 0), (1, 1)),
    "c": ((1, 1), (1, 2)),
    "d": ((0, 2), (1, 2)),
    "e": ((0, 1), (0, 2)),
    "f": ((0, 0), (0, 1)),
    "g": ((0, 1), (1, 1)),
}
"""Both ends of each segment, in a box of one by two units; y grows downwards."""

DIGIT_PATTERNS = ("abcdef", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
"""The segments of each digit but 1, which is a plain bar, in the order in which they are drawn."""

# These differ from each digit (with two forms of 1, 6, 7 and 9) in two segments or more. Also left
# out are two segments that meet or are upright, and three to five that look like a 1, 4, 6 or 7.
NON_DIGIT_PATTERNS = (
    *("ad", "ag", "dg", "afg", "abd", "acd", "ace", "ade", "adf", "adg", "aeg", "bde", "bdf"),
    *("bdg", "beg", "ceg", "deg", "dfg", "abdf", "abef", "acef", "aceg", "adef", "aefg", "bceg"),
    *("bdef", "bdfg", "befg", "abceg", "abefg", "bdefg"),
)
"""Segments that together do not look like a digit."""


def segment_lines(pattern: str, *, gap: float) -> list[NDArray[np.float64]]:
    """Return the segments of a pattern as lines, shape (2, 2), in a box of one by two units.

    Args:
        pattern: The letters of the segments.
        gap: Distance of a line from both ends of its segment, as a fraction of the segment.
    """
    lines = []
    for name in pattern:
        start, end = np.array(SEGMENTS[name], dtype=np.float64)
        step = (end - start) * gap
        lines.append(np.array([start + step, end - step]))
    return lines
