"""Strokes told from what else is dark: specks, ruled lines, frames, edges of the sheet."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.handwriting.form import stroke_width
from mnistcli.handwriting.ink import Mask

_EIGHT = np.ones((3, 3), bool)  # pixels that meet at a corner belong together
_SPECK = 0.02  # of the largest stroke's area
_LINE = 0.85  # of the picture's side: what runs straight through is a ruled line
_TILT = 0.08  # the steepest slope of a ruled line, about five degrees


def clean(mask: Mask) -> Mask:
    """Drop what is ink but no part of a digit.

    Args:
        mask: The pixels that are ink, shape (h, w).

    Returns:
        The pixels that may belong to digits, shape (h, w).
    """
    level = _without_lines(mask)
    plain = level & _without_lines(mask.T).T
    return _without_specks(_without_rims(_without_frame(plain if plain.any() else level)))


def components(mask: Mask) -> tuple[NDArray[np.int32], int]:
    """Number the pieces of ink that hang together, 1 and up; and how many there are."""
    labels = np.zeros(mask.shape, np.int32)
    count = ndimage.label(mask, structure=_EIGHT, output=labels)
    return labels, int(count)


def _without_frame(mask: Mask) -> Mask:
    """Drop a box drawn or printed round the digit, with all four sides straight."""
    labels, _ = components(mask)
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        part = labels[box] == index
        if min(part.shape) < 0.5 * min(mask.shape):
            continue
        band = int(1.5 * stroke_width(part)) + 2
        inner = (slice(band, -band), slice(band, -band))
        if band > 0.15 * min(part.shape) or not _is_hollow(part, band):
            continue
        if _height(mask[box][inner]) > 0.25 * part.shape[0]:
            rest = np.zeros_like(mask)
            rest[box][inner] = mask[box][inner]
            return rest
    return mask


def _is_hollow(part: Mask, band: int) -> bool:
    """Whether the ink runs along all four sides of its box, and nowhere just inside of them."""
    return all(
        side[:band].any(axis=0).mean() > 0.9 and side[band : 2 * band].any(axis=0).mean() < 0.5
        for side in (part, part[::-1], part.T, part.T[::-1])
    )


def _without_lines(mask: Mask) -> Mask:
    """Drop straight lines, level but for a few degrees, that run through the whole picture."""
    ruled = _lines(mask)
    if not ruled.any():
        return mask
    width = stroke_width(ruled)
    crossing = ndimage.binary_opening(mask, structure=np.ones((round(1.5 * width) + 2, 1), bool))
    rest = mask & (~ruled | crossing)
    _, count = components(ruled)
    thinner = width < 0.75 * stroke_width(rest)
    if _height(rest) < 0.2 * mask.shape[0] or (count == 1 and not thinner):
        return mask  # the bar of a digit that fills the picture
    return rest


def _lines(mask: Mask) -> Mask:
    """The pixels of all lines that run from the left edge to the right one."""
    step = max(1, max(mask.shape) // 200)
    thick = np.ones((2 * step + 1, 1), bool)
    coarse = ndimage.binary_dilation(mask, structure=thick)[::step, ::step]
    height, width = coarse.shape
    columns = np.arange(width)
    ruled = np.zeros_like(coarse)
    for slope in np.linspace(-_TILT, _TILT, 17):
        drop = np.rint((columns - width / 2) * slope).astype(int)
        rows = np.arange(height)[:, None] + drop
        inside = (rows >= 0) & (rows < height)
        rows = np.clip(rows, 0, height - 1)
        hit = coarse[rows, columns] & inside
        hit[hit.mean(axis=1) <= _LINE] = False
        ruled[rows[hit], np.broadcast_to(columns, hit.shape)[hit]] = True
    fine = np.repeat(np.repeat(ruled, step, axis=0), step, axis=1)
    return fine[: mask.shape[0], : mask.shape[1]] & mask


def _without_rims(mask: Mask) -> Mask:
    """Drop pieces that lie along the picture's edge, where there is other ink in the middle."""
    labels, count = components(mask)
    if count < 2:
        return mask
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    height, width = mask.shape
    keep = np.ones(count + 1, bool)
    keep[0] = False
    for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        edge = rows.start == 0 or columns.start == 0 or rows.stop == height or columns.stop == width
        outer = (
            rows.stop < 0.2 * height
            or rows.start > 0.8 * height
            or columns.stop < 0.2 * width
            or columns.start > 0.8 * width
        )
        keep[index] = not (edge and outer)
    if areas[keep].sum() == 0:
        return mask
    kept: Mask = keep[labels]
    return kept


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
