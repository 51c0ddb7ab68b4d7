"""Ruled lines: remove the lines of notebook paper or graph paper, across the whole image.

The strokes of the handwriting that cross a line are kept.
"""

import cv2
import numpy as np

from mnistcli.preprocessing.components import (
    connected_components,
    dilate,
    morphological_opening,
    stroke_width,
)
from mnistcli.preprocessing.shapes import Gray, Mask

_MIN_FILL = 0.85  # of a ruled line's length; gaps make up the rest
_MIN_FAINT_COVERAGE = 0.25  # ink coverage: ruled lines are often lighter than the handwriting
_MAX_SLOPE = 0.08  # of a ruled line, about five degrees


def remove_ruled_lines(mask: Mask, coverage: Gray) -> Mask:
    """Remove horizontal and vertical ruled lines that run through the whole image.

    Args:
        mask: The ink mask, shape (h, w).
        coverage: Ink coverage of each pixel, 0 to 1, shape (h, w).

    Returns:
        The ink mask without them; strokes that cross a line are kept.
    """
    faint = coverage > _MIN_FAINT_COVERAGE
    horizontal = _remove_horizontal_lines(mask, faint)
    both = horizontal & _remove_horizontal_lines(mask.T, faint.T).T
    return both if both.any() else horizontal


def _remove_horizontal_lines(mask: Mask, faint: Mask) -> Mask:
    """Remove the lines of lined paper: straight, nearly horizontal, across the whole image.

    Strokes that cross a line are kept by a vertical morphological opening.
    """
    ruled = mask & _find_ruled_lines(faint)
    if not ruled.any():
        return mask
    width = stroke_width(ruled)
    crossing = morphological_opening(mask, round(1.5 * width) + 2, 1)
    rest = mask & (~ruled | crossing)
    count = len(connected_components(ruled))
    is_thinner = width < 0.75 * stroke_width(rest)
    is_longer = _height(ruled.T) > 1.3 * _height(rest)
    if _height(rest) < 0.2 * mask.shape[0] or not (count > 1 or is_thinner or is_longer):
        return mask  # the bar of a digit that fills the image
    return rest


def _find_ruled_lines(mask: Mask) -> Mask:
    """Find the pixels of all nearly horizontal lines that run from the left border to the right."""
    step = max(1, max(mask.shape) // 200)
    coarse = dilate(mask, 2 * step + 1, 1)[::step, ::step]
    height, width = coarse.shape
    columns = np.arange(width)
    length = min(width, 3 * height)
    margin = max(1, width // 25)
    if length == width and not (coarse[:, :margin].any() and coarse[:, -margin:].any()):
        return np.zeros_like(mask)
    ruled = np.zeros_like(coarse)
    # Each slope is tried by shearing the mask, in place of a Hough transform.
    for slope in np.linspace(-_MAX_SLOPE, _MAX_SLOPE, 17):
        offsets = np.rint((columns - width / 2) * slope).astype(int)
        rows = np.arange(height)[:, None] + offsets
        is_inside = (rows >= 0) & (rows < height)
        rows = np.clip(rows, 0, height - 1)
        sheared = coarse[rows, columns] & is_inside
        if length == width:
            ends = sheared[:, :margin].any(axis=1) & sheared[:, -margin:].any(axis=1)
            sheared &= ends[:, None]
        on_line = _keep_long_runs(sheared, length)
        ruled[rows[on_line], np.broadcast_to(columns, on_line.shape)[on_line]] = True
    fine = np.repeat(np.repeat(ruled, step, axis=0), step, axis=1)
    return fine[: mask.shape[0], : mask.shape[1]] & mask


def _keep_long_runs(mask: Mask, length: int) -> Mask:
    """Keep the parts of rows that are nearly full over at least a length in pixels."""
    if not mask.any():
        return mask
    fill = cv2.blur(mask.astype(np.float32), (length, 1), borderType=cv2.BORDER_CONSTANT)
    return mask & dilate(fill > _MIN_FILL, 1, length)


def _height(mask: Mask) -> int:
    """Return the height of the foreground in pixels; 0 for an empty mask."""
    rows = np.flatnonzero(mask.any(axis=1))
    return int(rows[-1] - rows[0] + 1) if rows.size else 0
