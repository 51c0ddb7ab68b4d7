"""Frames: find rectangles, checkboxes, table cells and rings around digits, and remove them.

Each frame is removed by its own outline only: digits inside and outside it are kept.
"""

import numpy as np

from mnistcli.preprocessing.components import (
    Components,
    connected_components,
    fill_holes,
    min_area_rect_sides,
    straight_runs,
)
from mnistcli.preprocessing.shapes import Mask

_MIN_FRAME_SIDE = 12  # pixels
_MIN_RECTANGULARITY = 0.86  # area of a filled frame, relative to the smallest rotated box
_MAX_OUTLINE = 0.6  # ink of a frame over its filled area
_MIN_RECTANGLE_HOLES = 0.35  # of the filled area
_MIN_RING_HOLES = 0.45
# Height of a digit, in shorter sides of the frame; a rectangle may have many cells:
_MIN_DIGIT_IN_RECTANGLE = 0.12
_MIN_DIGIT_IN_RING = 0.25


def remove_frames(components: Components) -> Components:
    """Remove frames and rings around digits, and empty frames beside filled ones.

    A circled digit loses its circle.

    Args:
        components: The components of the ink mask.

    Returns:
        The components without their outlines; digits that touch a frame are kept.
    """
    kept = components.mask.copy()
    sides = np.minimum(components.width, components.height)
    empty: list[int] = []
    filled: list[int] = []
    for index in np.flatnonzero(sides >= _MIN_FRAME_SIDE):
        frame = _measure_frame(components, int(index))
        if frame is None:
            continue
        outline, digits = frame
        if outline.any() and not digits:
            empty.append(int(index))
        else:
            kept[components.region(index)] &= ~outline
            filled.append(int(index))
    for lone in empty:
        if any(0.7 * sides[other] <= sides[lone] <= 1.4 * sides[other] for other in filled):
            kept[components.region(lone)] &= ~components.crop(lone)
    return connected_components(kept) if filled else components


def _measure_frame(components: Components, index: int) -> tuple[Mask, bool] | None:
    """Decide whether a component is a frame or a ring, and not a digit such as zero.

    Returns:
        The pixels of its outline, shape (h, w) of its bounding box, and whether there is a digit
        inside or on it; None for any other component.
    """
    crop = components.crop(index)
    solid = fill_holes(crop)
    holes = solid & ~crop
    hole_fraction = holes.sum() / solid.sum()
    if hole_fraction < _MIN_RECTANGLE_HOLES:
        return None
    side = min(crop.shape)
    if _is_rectangle(crop, solid):
        touching = _digits_on_frame(crop)
        inside = _components_in_holes(components, index, holes, _MIN_DIGIT_IN_RECTANGLE * side)
        return crop & ~touching, bool(inside) or bool(touching.any())
    inside = _components_in_holes(components, index, holes, _MIN_DIGIT_IN_RING * side)
    is_ring = bool(inside) and hole_fraction >= _MIN_RING_HOLES
    return (crop, True) if is_ring and not _is_slashed_zero(components, index, inside) else None


def _components_in_holes(
    components: Components, frame: int, holes: Mask, min_height: float
) -> list[int]:
    """Return the components of a minimum height that lie in the holes of a frame."""
    top, left = components.top[frame], components.left[frame]
    is_inside = (
        (components.left > left)
        & (components.top > top)
        & (components.right < components.right[frame])
        & (components.bottom < components.bottom[frame])
        & (components.height >= min_height)
    )
    found = []
    for index in np.flatnonzero(is_inside):
        rows, columns = components.region(index)
        hole = holes[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        if hole[components.crop(index)].mean() > 0.9:
            found.append(int(index))
    return found


def _is_rectangle(crop: Mask, filled: Mask) -> bool:
    """Return whether a component is the outline of a rectangle or of several joined ones."""
    longer, shorter = min_area_rect_sides(filled)
    area = int(filled.sum())
    return area >= _MIN_RECTANGULARITY * longer * shorter and int(crop.sum()) <= _MAX_OUTLINE * area


def _digits_on_frame(crop: Mask) -> Mask:
    """Return the strokes of digits that touch a frame: its larger parts off the straight lines."""
    side = min(crop.shape)
    rest = connected_components(crop & ~straight_runs(crop, max(8, int(0.75 * side))))
    return rest.select((rest.height >= 0.3 * side) & (rest.width >= 3) & (rest.area >= 20))


def _is_slashed_zero(components: Components, ring: int, inside: list[int]) -> bool:
    """Return whether a ring with one straight diagonal stroke inside is a slashed zero."""
    if len(inside) != 1 or components.width[ring] >= 0.95 * components.height[ring]:
        return False
    stroke = inside[0]
    longer, shorter = min_area_rect_sides(components.crop(stroke))
    sides = components.width[stroke], components.height[stroke]
    return bool(longer > 3.5 * shorter and min(sides) > 0.35 * max(sides))
