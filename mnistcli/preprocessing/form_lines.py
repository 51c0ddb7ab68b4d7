"""Form lines: find underlines, margin lines, combs and cut-off grids, and remove them.

A comb field is a line with a short tick between any two digits; a cut-off grid is what a crop
shows of the table lines around it. The lines that run through the whole image are removed in
`ruled_lines`.
"""

import numpy as np

from mnistcli.preprocessing.components import (
    Components,
    connected_components,
    dilate,
    min_area_rect_sides,
    morphological_opening,
    straight_runs,
    stroke_width,
)
from mnistcli.preprocessing.shapes import Mask

_MIN_LINE_ASPECT = 6  # longer over shorter side of a straight line
# In digit heights:
_MIN_UNDERLINE_LENGTH = 1.25
_MIN_UPRIGHT_LENGTH = 1.7  # of a margin line or a pen
_MIN_RUN_LENGTH = 1.4  # of a straight part of a comb or a grid
_MIN_GRID_EXTENT = 1.8  # of a comb or a grid

_MIN_STRAIGHT_FRACTION = 0.6  # of the ink of a comb or a grid: the part on straight runs


def remove_form_lines(components: Components) -> Mask:
    """Remove drawn lines of a form: underlines, margin lines, combs and cut-off grids.

    Their length is compared with the height of the digits. A pen in the image is removed as well.

    Args:
        components: The components of the ink mask.

    Returns:
        The mask without them; strokes that cross a line stay whole.
    """
    mask = components.mask
    if len(components) < 2:
        return mask
    sides = [_sides(components, index) for index in range(len(components))]
    slim = np.array(
        [
            longer >= _MIN_LINE_ASPECT * shorter
            and components.area[index] >= 0.45 * longer * shorter
            for index, (longer, shorter) in enumerate(sides)
        ]
    )
    digit_height = _digit_height(components, slim, mask.shape)
    if not digit_height:
        return mask
    extents = np.maximum(components.width, components.height)
    digits = ~slim & (components.height >= 0.5 * digit_height) & (extents < 1.5 * digit_height)
    has_margin = not (components.touched_border_count[digits] > 0).any()
    kept = mask.copy()
    for index, (longer, shorter) in enumerate(sides):
        region = components.region(index)
        cut_off = has_margin and longer >= max(5 * shorter, 0.5 * digit_height)
        if (slim[index] and _is_long(components, index, digit_height)) or (
            cut_off and _is_along_edge(components, index, mask.shape)
        ):
            kept[region] &= ~components.crop(index)
        elif not slim[index] and not _is_ruled(components, index, mask.shape):
            limit = 1.5 if components.touched_border_count[index] >= 2 else _MIN_GRID_EXTENT
            if extents[index] >= limit * digit_height:
                crop = components.crop(index)
                kept[region] &= ~_lines_of(crop, digit_height)
    return kept


def _sides(components: Components, index: int) -> tuple[float, float]:
    """Return the longer and the shorter side of a component, measured along its direction."""
    width, height = float(components.width[index]), float(components.height[index])
    if components.area[index] > 0.45 * width * height or max(width, height) < 8:
        return max(width, height), min(width, height)
    return min_area_rect_sides(components.crop(index))


def _digit_height(components: Components, slim: Mask, shape: tuple[int, ...]) -> float:
    """Estimate the height of the digits: the median weighted by ink, without lines and outliers.

    Components on the edge of the image count only if nothing else has a digit's size.
    """
    inner = ~slim & (components.touched_border_count == 0) & (components.height >= 0.25 * shape[0])
    if not inner.any() and (components.touched_border_count >= 2).any():
        inner = (components.touched_border_count == 0) & (components.height >= 0.4 * shape[0])
    chosen = inner if inner.any() else ~slim
    if not chosen.any():
        return 0.0
    heights = np.maximum(components.height, 0.4 * components.width)[chosen]
    order = np.argsort(heights)
    ink = np.cumsum(components.area[chosen][order])
    return float(heights[order][np.searchsorted(ink, ink[-1] / 2)])


def _is_long(components: Components, index: int, digit_height: float) -> bool:
    """Return whether a slim component is longer than the strokes of a digit."""
    width, height = components.width[index], components.height[index]
    if width > 2 * height:
        return bool(width >= _MIN_UNDERLINE_LENGTH * digit_height)
    return bool(height >= _MIN_UPRIGHT_LENGTH * digit_height)


def _is_along_edge(components: Components, index: int, shape: tuple[int, ...]) -> bool:
    """Return whether a component runs along an edge of the image, as a cut-off grid does."""
    width, height = components.width[index], components.height[index]
    if height > width:
        return bool(components.left[index] <= 1 or components.right[index] >= shape[1] - 1)
    return bool(components.top[index] <= 1 or components.bottom[index] >= shape[0] - 1)


def _is_ruled(components: Components, index: int, shape: tuple[int, ...]) -> bool:
    """Return whether a component runs through the whole image in one direction."""
    across = components.left[index] <= 1 and components.right[index] >= shape[1] - 1
    down = components.top[index] <= 1 and components.bottom[index] >= shape[0] - 1
    return bool(across != down)


def _lines_of(crop: Mask, digit_height: float) -> Mask:
    """Find the straight lines of a comb, a grid or an underlined digit, with their short ticks."""
    nothing = np.zeros_like(crop)
    runs = straight_runs(crop, max(8, int(_MIN_RUN_LENGTH * digit_height)))
    if runs.sum() < _MIN_STRAIGHT_FRACTION * crop.sum():
        return nothing
    width = stroke_width(runs)
    rest = crop & ~runs
    # Lines cut a digit into pieces; stacked pieces belong together.
    gap = round(2 * width) + 1
    pieces = connected_components(dilate(rest, gap, 1))
    strokes = pieces.select(pieces.height - gap >= 0.5 * digit_height) & rest
    if not strokes.any():
        return crop
    across = round(1.5 * width) + 2
    flat = crop.shape[1] > crop.shape[0]
    crossing = (
        morphological_opening(crop, across, 1) if flat else morphological_opening(crop, 1, across)
    )
    reach = 2 * round(width) + 3
    return crop & ~(strokes | (crossing & dilate(strokes, reach, reach)))
