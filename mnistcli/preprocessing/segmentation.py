"""Segmentation: the digits of a text line, including touching ones, and the marks between them.

The line recognizer reads a line as a whole; the positions of its digits then divide the ink. A line
with at most one digit goes to the digit classifier instead, with all its ink. Without a line
recognizer, vertically stacked connected components form one digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnistcli.line_format import RecognizedLine, RecognizeLine
from mnistcli.preprocessing.components import Components
from mnistcli.preprocessing.line_images import ZOOMS, crop_line
from mnistcli.preprocessing.normalization import crop_and_normalize
from mnistcli.preprocessing.shapes import Gray, Mask, Region
from mnistcli.preprocessing.text_lines import TextLine

_MAX_DIGIT_WIDTH = 0.95  # width of one digit in units of its height; a wider one may be two
_MARK_HEIGHT = 0.45  # in units of the line's height
_WIDE_MARK_HEIGHT = 0.6  # of a mark that is wider than tall: a dash
_SHARED_WIDTH = 0.5  # of the narrower of two components: they are one digit
_MIN_SINGLE_CONFIDENCE = 0.98  # of one digit: no other scale is needed
_MIN_OWNED_FRACTION = 0.7  # of a component's ink: the component belongs to this digit as a whole


@dataclass(frozen=True, eq=False)
class DigitSegment:
    """One digit of a text line.

    Attributes:
        region: Its bounding box in the whole image.
        mask: Its ink mask within the bounding box.
        image: The digit in MNIST format, uint8 (28, 28).
        probabilities: Its class probabilities, float32 (10,); None if it was not recognized yet.
    """

    region: Region
    mask: Mask
    image: NDArray[np.uint8]
    probabilities: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class SegmentedLine:
    """The result of segmentation: the digits and marks of a text line.

    Attributes:
        digits: The digits from left to right.
        recognized: The recognized line; None if the line recognizer was not called, or found at
            most one digit, which is left to the classifier.
        marks: The marks with their columns in the whole image.
    """

    digits: list[DigitSegment]
    recognized: RecognizedLine | None = None
    marks: tuple[tuple[str, float], ...] = ()


def segment_line(
    line: TextLine,
    coverage: Gray,
    excluded: Mask,
    read: RecognizeLine | None,
    *,
    allow_single_digit: bool = True,
) -> SegmentedLine:
    """Segment a text line into digits.

    Args:
        line: The text line.
        coverage: Ink coverage of each pixel, 0 to 1, shape (h, w) of the whole image.
        excluded: The ink mask of the other text lines, frames and form lines, shape (h, w).
        read: The line recognizer; None to segment by the shapes alone.
        allow_single_digit: Whether the line may hold only one digit.
    """
    components = line.label()
    groups = _group_by_columns(components, line.height)
    if read is None:
        return SegmentedLine(
            [_crop_group(line.mask, group, components, coverage) for group in groups]
        )
    if allow_single_digit and len(groups) == 1:
        is_narrow = _is_narrow(components, groups[0])
        if is_narrow or _is_one_digit(read([crop_line(line, coverage, excluded).pixels])):
            return SegmentedLine([_crop_group(line.mask, groups[0], components, coverage)])
    images = [crop_line(line, coverage, excluded, zoom=zoom) for zoom in ZOOMS]
    recognized = read([image.pixels for image in images])
    image = images[recognized.image_index]
    marks = tuple((mark.symbol, image.to_column(mark.column)) for mark in recognized.marks)
    columns = [image.to_column(column) for column in recognized.columns.tolist()]
    if allow_single_digit and len(columns) <= 1:
        chosen = _without_marks(components, columns, [column for _, column in marks])
        return SegmentedLine([_crop_group(line.mask, chosen, components, coverage)], None, marks)
    digits = _divide(line, coverage, components, columns, [column for _, column in marks])
    segments = [
        DigitSegment(digit.region, digit.mask, digit.image, probabilities)
        for digit, probabilities in zip(digits, recognized.probabilities, strict=True)
    ]
    return SegmentedLine(segments, recognized, marks)


def _group_by_columns(components: Components, line_height: float) -> list[NDArray[np.bool_]]:
    """Group components whose columns overlap; dots, commas and dashes are left out.

    A group is one digit, such as a 5 whose top bar is detached.

    Returns:
        The members of each group, bool (n,), from left to right.
    """
    groups: list[tuple[int, int, list[int]]] = []
    for index in np.argsort(components.left).tolist():
        left, right = int(components.left[index]), int(components.right[index])
        if groups:
            start, stop, members = groups[-1]
            shared = min(stop, right) - left
            if shared >= _SHARED_WIDTH * min(right - left, stop - start):
                groups[-1] = start, max(stop, right), [*members, index]
                continue
        groups.append((left, right, [index]))
    masks = np.zeros((len(groups), len(components)), np.bool_)
    for mask, (_, _, members) in zip(masks, groups, strict=True):
        mask[members] = True
    digits = [mask for mask in masks if not _is_mark(components, mask, line_height)]
    return digits or list(masks[:1])


def _is_mark(components: Components, members: NDArray[np.bool_], line_height: float) -> bool:
    """Return whether a group of components is as low as a dot, a comma or a dash."""
    height, width = _size(components, members)
    is_wide = width > 1.3 * height
    return height < (_WIDE_MARK_HEIGHT if is_wide else _MARK_HEIGHT) * line_height


def _is_narrow(components: Components, members: NDArray[np.bool_]) -> bool:
    height, width = _size(components, members)
    return width <= _MAX_DIGIT_WIDTH * height


def _is_one_digit(recognized: RecognizedLine) -> bool:
    """Return whether a line read at one scale is certainly one digit: no other scale is needed."""
    return (
        len(recognized.text) == 1
        and recognized.text_confidence >= _MIN_SINGLE_CONFIDENCE
        and not recognized.marks
    )


def _size(components: Components, members: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the height and width of several components together."""
    height = components.bottom[members].max() - components.top[members].min()
    return int(height), int(components.right[members].max() - components.left[members].min())


def _without_marks(
    components: Components, digits: Sequence[float], marks: Sequence[float]
) -> NDArray[np.bool_]:
    """Choose the components that are not marks: nearer to a digit, if there is one, or large."""
    middles = (components.left + components.right) / 2
    to_mark = _distance(middles, marks)
    is_small = components.height < 0.5 * components.height.max()
    nearer = to_mark < _distance(middles, digits)
    kept: NDArray[np.bool_] = ~(is_small & nearer & (to_mark <= components.height.max()))
    return kept


def _distance(middles: NDArray[np.float64], columns: Sequence[float]) -> NDArray[np.float64]:
    """Return the distance of each component's middle to the nearest column."""
    if not len(columns):
        return np.full(len(middles), np.inf)
    distances: NDArray[np.float64] = np.abs(middles[:, None] - np.array(columns)).min(axis=1)
    return distances


def _divide(
    line: TextLine,
    coverage: Gray,
    components: Components,
    columns: Sequence[float],
    marks: Sequence[float],
) -> list[DigitSegment]:
    """Divide the ink of a line among its digits.

    The cuts are at the minima of the vertical projection profile, which counts the ink per column.
    A component that is mostly on one side of a cut and holds at most one digit is not cut.
    """
    kept = _without_marks(components, columns, marks)
    mask = components.select(kept)
    cuts = _find_cuts(mask.sum(axis=0), columns)
    owner = np.searchsorted(cuts, np.arange(mask.shape[1]), side="right")
    owners = np.where(mask, owner, -1)
    for index in np.flatnonzero(kept):
        region, crop = components.region(index), components.crop(index)
        counts = np.bincount(owners[region][crop], minlength=len(columns))
        inside = [region[1].start <= column < region[1].stop for column in columns]
        if sum(inside) <= 1 and counts.max() >= _MIN_OWNED_FRACTION * counts.sum():
            owners[region][crop] = counts.argmax()
    return [
        _crop_segment(line, coverage, owners == index, (left, right))
        for index, (left, right) in enumerate(pairwise([0, *cuts, mask.shape[1]]))
    ]


def _find_cuts(ink: NDArray[np.intp], columns: Sequence[float]) -> list[int]:
    """Return the column with the least ink between any two neighbors; the middle one of several."""
    cuts = []
    for left, right in pairwise(columns):
        start = min(max(round(left) + 1, 0), len(ink) - 1)
        between = ink[start : max(round(right), start + 1)]
        least = np.flatnonzero(between == between.min())
        cuts.append(start + int(least[len(least) // 2]))
    return cuts


def _crop_segment(
    line: TextLine, coverage: Gray, mask: Mask, limits: tuple[int, int]
) -> DigitSegment:
    """Cut out a digit by its mask, or by its position in the line.

    The position is used if the removal of form elements erased its ink.
    """
    if not mask.any():
        top, bottom = round(line.middle - line.height / 2), round(line.middle + line.height / 2)
        rows = slice(max(top, 0), max(bottom, top + 1, 1))
        rectangle = np.zeros_like(mask)
        rectangle[rows, limits[0] : max(limits[1], limits[0] + 1)] = True
        mask = rectangle & (coverage > 0.5)
        mask = mask if mask.any() else rectangle
    return _to_segment(mask, coverage)


def _crop_group(
    mask: Mask, members: NDArray[np.bool_], components: Components, coverage: Gray
) -> DigitSegment:
    """Cut out several components as one digit."""
    return _to_segment(mask & components.select(members), coverage)


def _to_segment(mask: Mask, coverage: Gray) -> DigitSegment:
    """Crop and normalize the digit at a mask."""
    region, image = crop_and_normalize(coverage, mask)
    return DigitSegment(region, mask[region].copy(), image)
