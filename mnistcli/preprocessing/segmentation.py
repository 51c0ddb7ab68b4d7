"""Segmentation: split a text line into digits, touching ones by over-segmentation.

The line is cut at every seam that crosses little ink, which yields more segments than digits.
Runs of neighboring segments are candidates for digits. The cheapest sequence of candidates is a
shortest path, found by dynamic programming. The cost of a candidate comes from its shape and from
the classifier's confidence in it. (Casey and Lecolinet, "A survey of methods and strategies in
character segmentation", IEEE PAMI 18(7), 1996, section 3: recognition-based segmentation.)
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.components import Components, connected_components, stroke_width
from mnistcli.preprocessing.normalization import normalize_digit
from mnistcli.preprocessing.seams import find_seams
from mnistcli.preprocessing.shapes import (
    Classify,
    Gray,
    Mask,
    Region,
    bounding_region,
    expand_region,
)
from mnistcli.preprocessing.text_lines import TextLine

_MAX_SEGMENTS = 8  # per digit that is not a whole component
_NARROW = 0.95  # width of a single component that is not cut, in units of its height
# In units of the line's height:
_MAX_WIDTH = 1.7
_MAX_SEAM_COST = 0.6  # ink that a seam may cross, with holes counted as ink
_MIN_SEAM_DISTANCE = 0.1
# Costs, comparable to the negative log of a probability:
_CUT_COST = 0.6  # per stroke that is cut
_GAP_COST = 4.0  # of joining a broken digit over a gap as wide as the line is high
_SHORT_COST = 30.0  # times the square of the height that is missing
_WIDE_COST = 2.0  # times the square of the width that is too much
_SKIP_COST = 0.3  # of a mark that is not part of a digit
_MAX_WHOLE_WIDE_COST = 1.2  # of a whole component, whatever its width


@dataclass(frozen=True, eq=False)
class DigitSegment:
    """One digit of a text line.

    Attributes:
        region: Its bounding box in the whole image.
        mask: Its ink mask within the bounding box.
        image: The digit in MNIST format, uint8 (28, 28).
        probabilities: Its class probabilities, float32 (10,); None without a classifier.
    """

    region: Region
    mask: Mask
    image: NDArray[np.uint8]
    probabilities: NDArray[np.float32] | None


@dataclass(frozen=True)
class _Candidate:
    """A run of neighboring segments that may be one digit.

    Attributes:
        start: Index of the first segment.
        stop: Index of the last segment, plus one.
        region: The bounding box within the line.
        cost: The cost of the shape.
        is_mark: Whether it may be a dot, a comma or a dash: no piece of a larger component.
    """

    start: int
    stop: int
    region: Region
    cost: float
    is_mark: bool


def segment_line(line: TextLine, strength: Gray, classify: Classify | None) -> list[DigitSegment]:
    """Segment a text line into digits, from left to right; dots, commas and dashes are skipped.

    Args:
        line: The text line.
        strength: Ink coverage of each pixel, 0 to 1, shape (h, w) of the whole image.
        classify: The classifier; None to segment by the shapes alone.
    """
    rows, columns = bounding_region(line.mask)
    window = (rows, slice(max(columns.start - 1, 0), columns.stop + 1))
    mask, strength = line.mask[window], strength[window]
    width = max(1.0, stroke_width(mask))
    components = connected_components(mask)
    seams, crossed = _find_seams(mask, components, line.height, width)
    count = len(seams) + 1
    segments = (np.arange(mask.shape[1]) >= seams[:, :, None]).sum(axis=0)
    candidates = _find_candidates(mask, segments, count, line.height, components)
    images = [_normalize(strength, mask, segments, candidate) for candidate in candidates]
    costs = np.array([candidate.cost for candidate in candidates])
    probabilities = None
    if classify is not None and candidates:
        probabilities = np.asarray(classify(np.stack(images)))
        costs -= np.log(np.maximum(probabilities.max(axis=1), 1e-6))
    digits = []
    for index in _shortest_path(candidates, costs, _CUT_COST * crossed / width, count):
        region = candidates[index].region
        digits.append(
            DigitSegment(
                _shift_region(region, window),
                (mask & _is_within(segments, candidates[index]))[region].copy(),
                images[index],
                None if probabilities is None else probabilities[index].astype(np.float32),
            )
        )
    return digits


def _find_seams(
    mask: Mask, components: Components, height: float, width: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the seams of a line; a single narrow component is one digit and needs none."""
    if len(components) == 1 and components.width[0] <= _NARROW * components.height[0]:
        return np.empty((0, len(mask)), np.intp), np.empty(0)
    return find_seams(
        mask,
        max_cost=max(3 * width, _MAX_SEAM_COST * height),
        min_distance=_MIN_SEAM_DISTANCE * height,
    )


def _find_candidates(
    mask: Mask, segments: NDArray[np.intp], count: int, height: float, components: Components
) -> list[_Candidate]:
    """List the runs of segments that may be one digit; none starts or ends with an empty one.

    Each connected component is one of them as a whole, whatever its width.
    """
    own_segments = np.where(mask, segments, -1)
    regions = [_region_of(own_segments == index) for index in range(count)]
    first, last = _segment_ranges(own_segments, components)
    whole = set(zip(first.tolist(), last.tolist(), strict=True))
    candidates = []
    for start in range(count):
        for stop in range(start + 1, count + 1):
            is_whole = (start, stop - 1) in whole
            if regions[start] is None or regions[stop - 1] is None:
                continue
            if stop - start > _MAX_SEGMENTS and not is_whole:
                continue
            parts = [part for part in regions[start:stop] if part is not None]
            inside = (last >= start) & (first < stop)
            is_complete = bool((first[inside] >= start).all() and (last[inside] < stop).all())
            candidate = _make_candidate(
                start, stop, parts, height, is_whole=is_whole, is_complete=is_complete
            )
            columns = candidate.region[1]
            is_narrow = (columns.stop - columns.start) / height <= _MAX_WIDTH
            if len(parts) == 1 or is_narrow or is_whole:
                candidates.append(candidate)
    return candidates


def _region_of(mask: Mask) -> Region | None:
    """Return the bounding box of a mask; None for an empty mask."""
    return bounding_region(mask) if mask.any() else None


def _segment_ranges(
    segments: NDArray[np.intp], components: Components
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first and the last segment of each component, shape (n,)."""
    first, last = np.empty((2, len(components)), np.intp)
    for index in range(len(components)):
        own = segments[components.region(index)][components.crop(index)]
        first[index], last[index] = own.min(), own.max()
    return first, last


def _make_candidate(
    start: int, stop: int, parts: list[Region], height: float, *, is_whole: bool, is_complete: bool
) -> _Candidate:
    """Make a candidate of segments, given the bounding boxes of their ink.

    Args:
        start: Index of the first segment.
        stop: Index of the last segment, plus one.
        parts: The bounding boxes.
        height: The height of the line.
        is_whole: Whether the segments hold exactly one connected component.
        is_complete: Whether they hold no piece of a component that continues outside.
    """
    rows = slice(min(part[0].start for part in parts), max(part[0].stop for part in parts))
    columns = slice(min(part[1].start for part in parts), max(part[1].stop for part in parts))
    # In units of the line's height:
    tall, wide = (rows.stop - rows.start) / height, (columns.stop - columns.start) / height
    gaps = [right[1].start - left[1].stop for left, right in pairwise(parts)]
    wide_cost = _WIDE_COST * max(0.0, wide - 0.95) ** 2
    gap_cost = _GAP_COST * max(0.0, max(gaps, default=0) / height - 0.05)
    if is_whole:
        wide_cost, gap_cost = min(wide_cost, _MAX_WHOLE_WIDE_COST), 0.0
    cost = _SHORT_COST * max(0.0, 0.7 - tall) ** 2 + wide_cost + gap_cost
    is_mark = is_complete and (tall < 0.45 or (tall < 0.6 and wide > 1.3 * tall))
    return _Candidate(start, stop, (rows, columns), cost, is_mark)


def _is_within(segments: NDArray[np.intp], candidate: _Candidate) -> Mask:
    """Return a mask of the pixels that are in the candidate's segments."""
    return (segments >= candidate.start) & (segments < candidate.stop)


def _normalize(
    strength: Gray, mask: Mask, segments: NDArray[np.intp], candidate: _Candidate
) -> NDArray[np.uint8]:
    """Normalize a candidate to MNIST format, without the ink of its neighbors."""
    around = expand_region(candidate.region, 2)
    within = _is_within(segments[around], candidate)
    return normalize_digit(strength[around], mask[around] & within, within)


def _shift_region(region: Region, window: Region) -> Region:
    """Convert a bounding box within a window to one in the whole image."""
    rows, columns = (
        slice(side.start + origin.start, side.stop + origin.start)
        for side, origin in zip(region, window, strict=True)
    )
    return rows, columns


def _shortest_path(
    candidates: list[_Candidate],
    costs: NDArray[np.float64],
    cut_costs: NDArray[np.float64],
    count: int,
) -> list[int]:
    """Find the cheapest sequence of candidates: a shortest path, by dynamic programming.

    The nodes are the cuts, from 0 at the left end of the line to `count` at the right end. An edge
    is a candidate, a mark that is skipped or an empty segment.

    Args:
        candidates: The candidates.
        costs: Their costs.
        cut_costs: Costs of the cuts between segments, shape (count - 1,).
        count: Number of segments.

    Returns:
        The indices of the chosen candidates, from left to right.
    """
    skipped = -1
    edges = [
        (item.start, item.stop, index, cost)
        for index, (item, cost) in enumerate(zip(candidates, costs.tolist(), strict=True))
    ]
    edges += [(item.start, item.stop, skipped, _SKIP_COST) for item in candidates if item.is_mark]
    empty = set(range(count)) - {item.start for item in candidates}
    edges += [(start, start + 1, skipped, 0.0) for start in empty]
    cuts = [*cut_costs.tolist(), 0.0]  # there is nothing to cut at the right end
    total = [0.0] + [np.inf] * count
    previous = [(0, skipped)] * (count + 1)  # of each node: the node before, and the edge's index
    for start, stop, index, cost in sorted(edges):
        through = total[start] + cost + cuts[stop - 1]
        if through < total[stop]:
            total[stop], previous[stop] = through, (start, index)
    chosen: list[int] = []
    node = count
    while node > 0:
        node, index = previous[node]
        if index != skipped:
            chosen.append(index)
    return chosen[::-1]
