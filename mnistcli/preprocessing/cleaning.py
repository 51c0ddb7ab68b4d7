"""Strokes told from what else is dark: specks, ruled lines, frames, edges of the sheet."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.preprocessing.binarization import Ink, Mask
from mnistcli.preprocessing.normalization import stroke_width

Box = tuple[slice, ...]
"""Where a piece of ink is: its rows and its columns."""

_EIGHT = np.ones((3, 3), bool)  # pixels that meet at a corner belong together
_SPECK = 0.02  # of the largest stroke's area
_LINE = 0.85  # of the picture's side: what runs straight through is a ruled line
_FAINT = 0.25  # of the ink: ruled lines are often lighter than the writing
_ROOM = 20  # pixels: in a smaller picture there is none for lines and frames beside a digit
_TILT = 0.08  # the steepest slope of a ruled line, about five degrees


def clean(ink: Ink, *, single: bool) -> Mask:
    """Drop what is ink but no part of a digit.

    Args:
        ink: The ink of a picture.
        single: Whether all of it is one digit, so that what lies at the rim is none.

    Returns:
        The pixels that may belong to digits, shape (h, w).
    """
    if max(ink.mask.shape) < _ROOM:
        return ink.mask
    faint = ink.strength > _FAINT
    # Before lines are dropped, which may take two sides of a frame and leave the other two.
    inner = _without_frame(ink.mask, most_holes=1)
    level = _without_lines(inner, faint)
    plain = level & _without_lines(inner.T, faint.T).T
    mask = _without_frame(plain if plain.any() else level)
    return _without_specks(_without_rims(mask) if single else mask)


def components(mask: Mask) -> tuple[NDArray[np.int32], int]:
    """Number the pieces of ink that hang together, 1 and up; and how many there are."""
    labels = np.zeros(mask.shape, np.int32)
    count = ndimage.label(mask, structure=_EIGHT, output=labels)
    return labels, int(count)


def _without_frame(mask: Mask, most_holes: int = 100) -> Mask:
    """Drop a box or ring round the digit: what has other ink of some size in its hole.

    Squared paper has many holes.
    """
    labels, _ = components(mask)
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        part = labels[box] == index
        if min(part.shape) < 0.4 * min(mask.shape):
            continue
        holes = ndimage.binary_fill_holes(part) & ~part
        inside = mask[box] & holes
        # Rows of ink, not the way from the first to the last: there may be specks in a nought.
        full = inside.any(axis=1).sum() > 0.25 * part.shape[0]
        if full and ndimage.label(holes)[1] <= most_holes:
            rest = np.zeros_like(mask)
            rest[box] = inside
            return rest
    return mask


def _without_lines(mask: Mask, faint: Mask) -> Mask:
    """Drop straight lines, level but for a few degrees, that run through the whole picture."""
    ruled = mask & _lines(faint)
    if not ruled.any():
        return mask
    width = stroke_width(ruled)
    crossing = ndimage.binary_opening(mask, structure=np.ones((round(1.5 * width) + 2, 1), bool))
    rest = mask & (~ruled | crossing)
    _, count = components(ruled)
    thinner = width < 0.75 * stroke_width(rest)
    longer = _height(ruled.T) > 1.3 * _height(rest)
    if _height(rest) < 0.2 * mask.shape[0] or not (count > 1 or thinner or longer):
        return mask  # the bar of a digit that fills the picture
    return rest


def _lines(mask: Mask) -> Mask:
    """The pixels of all lines that run from the left edge to the right one."""
    step = max(1, max(mask.shape) // 200)
    thick = np.ones((2 * step + 1, 1), bool)
    coarse = ndimage.binary_dilation(mask, structure=thick)[::step, ::step]
    height, width = coarse.shape
    columns = np.arange(width)
    run = min(width, 3 * height)
    margin = max(1, width // 25)
    ruled = np.zeros_like(coarse)
    for slope in np.linspace(-_TILT, _TILT, 17):
        drop = np.rint((columns - width / 2) * slope).astype(int)
        rows = np.arange(height)[:, None] + drop
        inside = (rows >= 0) & (rows < height)
        rows = np.clip(rows, 0, height - 1)
        hit = coarse[rows, columns] & inside
        if run == width:
            hit &= (hit[:, :margin].any(axis=1) & hit[:, -margin:].any(axis=1))[:, None]
        hit = _runs(hit, run)
        ruled[rows[hit], np.broadcast_to(columns, hit.shape)[hit]] = True
    fine = np.repeat(np.repeat(ruled, step, axis=0), step, axis=1)
    return fine[: mask.shape[0], : mask.shape[1]] & mask


def _runs(hit: Mask, length: int) -> Mask:
    """The parts of rows that are nearly full over at least such a length."""
    full = ndimage.uniform_filter1d(hit.astype(np.float32), length, axis=1, mode="constant") > _LINE
    runs: Mask = hit & ndimage.maximum_filter1d(full, length, axis=1, mode="constant")
    return runs


def _without_rims(mask: Mask) -> Mask:
    """Drop small or outlying pieces that touch the picture's edge, where there is other ink."""
    labels, count = components(mask)
    if count < 2:
        return mask
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    boxes = ndimage.find_objects(labels)
    inner = [index for index, box in enumerate(boxes, start=1) if not _on_edge(box, mask.shape)]
    if not inner:
        return mask
    main = boxes[max(inner, key=lambda index: areas[index]) - 1]
    keep = np.ones(count + 1, bool)
    keep[0] = False
    for index, box in enumerate(boxes, start=1):
        stray = _is_outlying(box, mask.shape) or (_extent(box) < 0.5 * _extent(main))
        keep[index] = index in inner or not stray
    kept: Mask = keep[labels]
    return kept


def _on_edge(box: Box, shape: tuple[int, ...]) -> bool:
    return any(side.start == 0 or side.stop == size for side, size in zip(box, shape, strict=True))


def _is_outlying(box: Box, shape: tuple[int, ...]) -> bool:
    """Whether a piece lies in the outermost fifth of the picture."""
    return any(
        side.stop < 0.2 * size or side.start > 0.8 * size
        for side, size in zip(box, shape, strict=True)
    )


def _extent(box: Box) -> int:
    return max(int(side.stop - side.start) for side in box)


def _without_specks(mask: Mask) -> Mask:
    labels, count = components(mask)
    if count < 2:
        return mask
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    kept: Mask = (areas >= _SPECK * areas.max())[labels]
    return kept


def _height(mask: Mask) -> int:
    rows = np.flatnonzero(mask.any(axis=1))
    return int(rows[-1] - rows[0] + 1) if rows.size else 0
