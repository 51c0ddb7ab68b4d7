"""Cleaning: remove clutter from the ink mask, such as ruled lines, frames and specks."""

import numpy as np
from scipy import ndimage

from mnistcli.preprocessing.binarization import Foreground
from mnistcli.preprocessing.components import (
    component_areas,
    component_regions,
    label_components,
    stroke_width,
)
from mnistcli.preprocessing.shapes import Mask, Region

_MIN_SIDE = 20  # pixels: a smaller image has no space for clutter beside a digit
_MIN_AREA = 0.02  # of the largest component's area; anything smaller is a speck
_MIN_FILL = 0.85  # of a ruled line's length; gaps make up the rest
_FAINT = 0.25  # ink coverage: ruled lines are often lighter than the handwriting
_MAX_SLOPE = 0.08  # of a ruled line, about five degrees
_MAX_HOLES = 100  # squared paper has more holes than a frame


def remove_clutter(foreground: Foreground, *, single: bool) -> Mask:
    """Remove foreground that is not part of a digit: ruled lines, frames and small objects.

    Args:
        foreground: The foreground of an image.
        single: Whether the image is one digit, so that the border can be cleared as well.

    Returns:
        The ink mask of the digits, shape (h, w).
    """
    mask = foreground.mask
    if max(mask.shape) < _MIN_SIDE:
        return mask
    faint = foreground.strength > _FAINT
    # Frames before ruled lines, which may take two sides of a frame and leave the other two.
    inner = _remove_frame(mask, max_holes=1)
    horizontal = _remove_ruled_lines(inner, faint)
    both = horizontal & _remove_ruled_lines(inner.T, faint.T).T
    mask = _remove_frame(both if both.any() else horizontal, max_holes=_MAX_HOLES)
    return _remove_small_objects(_clear_border(mask) if single else mask)


def _remove_frame(mask: Mask, *, max_holes: int) -> Mask:
    """Remove a frame: a large connected component with other foreground in its hole."""
    labels, _ = label_components(mask)
    for label, region in enumerate(component_regions(labels), start=1):
        component = labels[region] == label
        if min(component.shape) < 0.4 * min(mask.shape):
            continue
        holes = ndimage.binary_fill_holes(component) & ~component
        inside = mask[region] & holes
        # Count the rows, not the distance from first to last: there may be specks inside a 0.
        is_filled = inside.any(axis=1).sum() > 0.25 * component.shape[0]
        if is_filled and ndimage.label(holes)[1] <= max_holes:
            content = np.zeros_like(mask)
            content[region] = inside
            return content
    return mask


def _remove_ruled_lines(mask: Mask, faint: Mask) -> Mask:
    """Remove ruled lines: straight, nearly horizontal, across the whole image.

    Strokes that cross a line are kept by a vertical morphological opening.
    """
    ruled = mask & _find_ruled_lines(faint)
    if not ruled.any():
        return mask
    width = stroke_width(ruled)
    crossing = ndimage.binary_opening(mask, structure=np.ones((round(1.5 * width) + 2, 1), bool))
    rest = mask & (~ruled | crossing)
    _, count = label_components(ruled)
    is_thinner = width < 0.75 * stroke_width(rest)
    is_longer = _height(ruled.T) > 1.3 * _height(rest)
    if _height(rest) < 0.2 * mask.shape[0] or not (count > 1 or is_thinner or is_longer):
        return mask  # the bar of a digit that fills the image
    return rest


def _find_ruled_lines(mask: Mask) -> Mask:
    """Find the pixels of all nearly horizontal lines that run from the left border to the right."""
    step = max(1, max(mask.shape) // 200)
    thick = np.ones((2 * step + 1, 1), bool)
    coarse = ndimage.binary_dilation(mask, structure=thick)[::step, ::step]
    height, width = coarse.shape
    columns = np.arange(width)
    length = min(width, 3 * height)
    margin = max(1, width // 25)
    ruled = np.zeros_like(coarse)
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
    fill = ndimage.uniform_filter1d(mask.astype(np.float32), length, axis=1, mode="constant")
    near = ndimage.maximum_filter1d(fill > _MIN_FILL, length, axis=1, mode="constant")
    runs: Mask = mask & near
    return runs


def _clear_border(mask: Mask) -> Mask:
    """Remove small or outlying components that touch the border, if there are others."""
    labels, count = label_components(mask)
    regions = component_regions(labels)
    inner = [
        label
        for label, region in enumerate(regions, start=1)
        if not _touches_border(region, mask.shape)
    ]
    if count < 2 or not inner:
        return mask
    areas = component_areas(labels, count)
    main = regions[max(inner, key=lambda label: areas[label]) - 1]
    is_kept = np.zeros(count + 1, bool)
    for label, region in enumerate(regions, start=1):
        is_small = _longer_side(region) < 0.5 * _longer_side(main)
        is_kept[label] = label in inner or not (is_small or _is_outlying(region, mask.shape))
    kept: Mask = is_kept[labels]
    return kept


def _touches_border(region: Region, shape: tuple[int, ...]) -> bool:
    return any(
        side.start == 0 or side.stop == size for side, size in zip(region, shape, strict=True)
    )


def _is_outlying(region: Region, shape: tuple[int, ...]) -> bool:
    """Whether a component lies in the outermost fifth of the image."""
    return any(
        side.stop < 0.2 * size or side.start > 0.8 * size
        for side, size in zip(region, shape, strict=True)
    )


def _longer_side(region: Region) -> int:
    return max(int(side.stop - side.start) for side in region)


def _remove_small_objects(mask: Mask) -> Mask:
    """Remove specks: components that are small beside the largest one."""
    labels, count = label_components(mask)
    if count < 2:
        return mask
    areas = component_areas(labels, count)
    is_kept = areas >= _MIN_AREA * areas.max()
    is_kept[0] = False
    kept: Mask = is_kept[labels]
    return kept


def _height(mask: Mask) -> int:
    """Return the height of the foreground in pixels; 0 for an empty mask."""
    rows = np.flatnonzero(mask.any(axis=1))
    return int(rows[-1] - rows[0] + 1) if rows.size else 0
