"""Which parts of a line are digits: the cheapest way to read it from left to right."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.preprocessing.binarization import Grey, Mask
from mnistcli.preprocessing.cleaning import Box
from mnistcli.preprocessing.digit import Score
from mnistcli.preprocessing.lines import Line
from mnistcli.preprocessing.normalization import stroke_width, to_mnist_format
from mnistcli.preprocessing.seams import find_seams

_MOST_SLICES = 8  # of which one digit may be made
_WIDEST = 1.7  # a digit's width, in heights of the line
_DEEPEST_CUT = 0.6  # pixels of ink a cut may cross, loops taken for full, in heights of the line
_CUT = 0.6  # what it costs to cut one stroke
_GAP = 4.0  # what it costs to join over a gap as wide as the line is high
_DROP = 0.3  # what it costs to leave a mark out


@dataclass(frozen=True)
class Part:
    """One part of a line that may be a digit.

    Attributes:
        mask: Its ink, shape (h, w) of the whole picture.
        image: Its ink in MNIST's form, shape (28, 28).
    """

    mask: Mask
    image: NDArray[np.uint8]


@dataclass(frozen=True)
class _Span:
    """The ink between two cuts, and what its shape alone costs."""

    start: int
    stop: int
    box: Box
    cost: float
    mark: bool  # may be a dot, a comma or a dash


def segment_line(line: Line, strength: Grey, score: Score | None) -> list[Part]:
    """Part a line into digits, from left to right.

    The line is cut into slices wherever few strokes are crossed. Of all ways to join neighbouring
    slices to digits the cheapest is taken: cuts through strokes cost, so do odd shapes, and so
    does what the classifier is not sure of. Small marks between the digits are left out.

    Args:
        line: The line.
        strength: How much of each pixel is ink, 0 to 1, shape (h, w).
        score: Tells how likely each part is which digit; None goes by the shapes alone.
    """
    (rows, columns), *_ = ndimage.find_objects(line.mask.astype(np.int8))
    window = (rows, slice(max(columns.start - 1, 0), columns.stop + 1))
    ink = line.mask[window]
    width = max(1.0, stroke_width(ink))
    ways, crossed = find_seams(ink, max(3 * width, _DEEPEST_CUT * line.height), 0.1 * line.height)
    slices = (np.arange(ink.shape[1]) >= ways[:, :, None]).sum(axis=0)
    spans = _spans(ink, slices, len(ways) + 1, line.height)
    images = [_image(strength[window], ink, slices, span) for span in spans]
    costs = [span.cost for span in spans]
    if score is not None and spans:
        sure = np.asarray(score(np.stack(images))).max(axis=1)
        costs = [cost - float(np.log(max(p, 1e-6))) for cost, p in zip(costs, sure, strict=True)]
    chosen = _cheapest(spans, costs, _CUT * crossed / width, len(ways) + 1)
    parts = []
    for index in chosen:
        mask = np.zeros_like(line.mask)
        mask[window] = _inside(ink, slices, spans[index])
        parts.append(Part(mask, images[index]))
    return parts


def _spans(ink: Mask, slices: NDArray[np.intp], count: int, height: float) -> list[_Span]:
    """Every run of neighbouring slices that could be one digit; none starts or ends without ink."""
    boxes = ndimage.find_objects(np.where(ink, slices + 1, 0), max_label=count)
    spans = []
    for start in range(count):
        for stop in range(start + 1, min(start + _MOST_SLICES, count) + 1):
            if boxes[start] is None or boxes[stop - 1] is None:
                continue
            inside = [box for box in boxes[start:stop] if box is not None]
            span = _span(start, stop, inside, height)
            wide = (span.box[1].stop - span.box[1].start) / height
            if len(inside) == 1 or wide <= _WIDEST:
                spans.append(span)
    return spans


def _span(start: int, stop: int, inside: list[Box], height: float) -> _Span:
    """The span of some slices, given by the boxes of their ink."""
    rows = slice(min(box[0].start for box in inside), max(box[0].stop for box in inside))
    columns = slice(min(box[1].start for box in inside), max(box[1].stop for box in inside))
    tall, wide = (rows.stop - rows.start) / height, (columns.stop - columns.start) / height
    gaps = [after[1].start - before[1].stop for before, after in pairwise(inside)]
    cost = (
        30 * max(0.0, 0.7 - tall) ** 2
        + 2 * max(0.0, wide - 0.95) ** 2
        + _GAP * max(0.0, max(gaps, default=0) / height - 0.05)
    )
    mark = tall < 0.45 or (tall < 0.6 and wide > 1.3 * tall)
    return _Span(start, stop, (rows, columns), cost, mark)


def _inside(ink: Mask, slices: NDArray[np.intp], span: _Span) -> Mask:
    return ink & (slices >= span.start) & (slices < span.stop)


def _image(strength: Grey, ink: Mask, slices: NDArray[np.intp], span: _Span) -> NDArray[np.uint8]:
    """A span in MNIST's form: its own ink with the soft edge, nothing of its neighbours."""
    rows, columns = span.box
    around = (
        slice(max(rows.start - 2, 0), rows.stop + 2),
        slice(max(columns.start - 2, 0), columns.stop + 2),
    )
    own = (slices[around] >= span.start) & (slices[around] < span.stop)
    near = ndimage.binary_dilation(ink[around] & own) & own
    return to_mnist_format(np.where(near, strength[around], 0))


def _cheapest(
    spans: list[_Span], costs: list[float], cuts: NDArray[np.float64], count: int
) -> list[int]:
    """The spans of the cheapest reading, left to right, without the marks left out."""
    cuts = np.append(cuts, 0.0)
    steps = [(span.start, span.stop, index, costs[index]) for index, span in enumerate(spans)]
    steps += [(span.start, span.stop, -1, _DROP) for span in spans if span.mark]
    empty = set(range(count)) - {span.start for span in spans}
    steps += [(start, start + 1, -1, 0.0) for start in empty]
    best = np.append(0.0, np.full(count, np.inf))
    came = [(0, -1)] * (count + 1)
    for start, stop, index, cost in sorted(steps):
        total = best[start] + cost + cuts[stop - 1]
        if total < best[stop]:
            best[stop], came[stop] = total, (start, index)
    chosen: list[int] = []
    place = count
    while place > 0:
        place, index = came[place]
        if index >= 0:
            chosen.append(index)
    return chosen[::-1]
