"""Sheet of paper in a photo: correct its perspective, and fill the surroundings, such as a desk."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.components import as_bytes
from mnistcli.preprocessing.shapes import Mask

_SEARCH_SIDE = 256  # pixels of the longer side: enough to find a sheet
_MIN_IMAGE_SIDE = 60  # pixels of the shorter side: smaller images are crops, not photos of a sheet
_AREA_RANGE = (0.04, 0.985)  # of the image
_SOLIDITY = 0.93  # area, relative to the convex hull
_RECTANGULARITY = 0.8  # area, relative to the smallest rotated rectangle; perspective lowers it
_SHORTER_SIDE = 0.15  # of the image's shorter side
_SURROUND_ON_EDGE = 0.1  # of the image's edge
_BRIGHT_SURROUND = 0.1  # fraction of bright pixels in the surroundings
_MIN_CONTRAST = 40  # gray levels between the sheet and its surroundings
_STROKE_WINDOW = 13  # pixels of the reduced image: wider than a stroke
_STROKE_CONTRAST = 0.35  # of the brightness around a stroke
_MAX_INK = 0.002  # of the surroundings
_MIN_REGION = 0.01  # of the image
_CORNER_TOLERANCES = (0.02, 0.03, 0.05)  # of the outline's length: corners may be rounded
_CORNER_MARGIN = 0.01  # of the image's shorter side: nearer to the edge, the sheet may be cut off
_MAX_AREA_ERROR = 0.05  # of the quadrilateral, relative to the sheet
_MIN_TILT, _MAX_TILT = 4.0, 40.0  # degrees


def rectify_sheet(
    pixels: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.float64] | None]:
    """Fill the area around a sheet; rectify (deskew) one rotated or photographed at an angle.

    As in a document scanner app, its four corners are found and it is warped flat.

    Args:
        pixels: uint8 (h, w) or (h, w, 3).

    Returns:
        The pixels, of another size if the sheet was rectified, and the homography from them
        to the pixels of the argument, float64 (3, 3); None if the sheet was not rectified.
    """
    sheet = find_sheet(pixels)
    if sheet is None:
        return pixels, None
    filled = _fill(pixels, sheet)
    corners = _find_corners(sheet)
    if corners is None or not _is_tilted(corners) or not _is_bright(pixels, sheet):
        return filled, None
    left, right = (_length(corners[one] - corners[other]) for one, other in ((0, 3), (1, 2)))
    upper, lower = (_length(corners[one] - corners[other]) for one, other in ((0, 1), (3, 2)))
    width, height = round(max(upper, lower)), round(max(left, right))
    upright = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    to_upright = cv2.getPerspectiveTransform(corners, upright)
    rectified = cv2.warpPerspective(
        filled, to_upright, (width, height), borderMode=cv2.BORDER_REPLICATE
    )
    to_pixels = np.linalg.inv(to_upright).astype(np.float64)
    return rectified.astype(np.uint8, copy=False), to_pixels


def _fill(pixels: NDArray[np.uint8], sheet: Mask) -> NDArray[np.uint8]:
    rim = 2 * max(2, round(0.012 * max(sheet.shape))) + 1  # the sheet's edge is blurred and shaded
    eroded = cv2.erode(
        sheet.view(np.uint8),
        np.ones((rim, rim), np.uint8),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=1,
    ).view(bool)
    inner = eroded if eroded.sum() >= 0.5 * sheet.sum() else sheet
    filled = pixels.copy()
    filled[~inner] = np.median(pixels[inner], axis=0).astype(np.uint8)
    return filled


def find_sheet(pixels: NDArray[np.uint8]) -> Mask | None:
    """Find a bright sheet in dark surroundings: a large, solid, nearly rectangular region.

    Args:
        pixels: uint8 (h, w) or (h, w, 3).

    Returns:
        The mask of the sheet, bool (h, w); None if there is none.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < _MIN_IMAGE_SIDE:
        return None
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, _SEARCH_SIDE / max(height, width))
    reduced = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small: NDArray[np.uint8] = cv2.GaussianBlur(reduced, (5, 5), 0).astype(np.uint8, copy=False)
    level, _ = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    bright = as_bytes(small > level)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    outline = np.asarray(max(contours, key=cv2.contourArea), np.int32)
    if not _is_rectangular(outline, bright.shape):
        return None
    sheet = np.zeros_like(bright)
    cv2.drawContours(sheet, [outline], -1, 1, cv2.FILLED)
    if not _is_on_surround(sheet, bright, small):
        return None
    return cv2.resize(sheet, (width, height), interpolation=cv2.INTER_LINEAR).view(bool)


def _find_corners(sheet: Mask) -> NDArray[np.float32] | None:
    """Find the corners of a sheet clockwise from the upper left one, shape (4, 2), as x and y.

    Returns:
        None for a sheet that is not a quadrilateral, because a corner is folded, hidden or outside
        of the image.
    """
    contours, _ = cv2.findContours(as_bytes(sheet), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    length = cv2.arcLength(hull, closed=True)
    for tolerance in _CORNER_TOLERANCES:
        corners = cv2.approxPolyDP(hull, tolerance * length, closed=True)
        if len(corners) == 4:
            break
    else:
        return None
    if abs(cv2.contourArea(corners) / np.count_nonzero(sheet) - 1) > _MAX_AREA_ERROR:
        return None
    points = corners[:, 0].astype(np.float32)
    x, y = points.T
    margin = _CORNER_MARGIN * min(sheet.shape)
    if min(x.min(), y.min(), sheet.shape[1] - x.max(), sheet.shape[0] - y.max()) < margin:
        return None
    order = [(x + y).argmin(), (x - y).argmax(), (x + y).argmax(), (x - y).argmin()]
    return points[order] if len(set(order)) == 4 else None


def _is_tilted(corners: NDArray[np.float32]) -> bool:
    """Return whether an edge of a sheet is tilted, but not so far that the top is ambiguous."""
    edges = np.abs(np.roll(corners, -1, axis=0) - corners)
    tilts = np.degrees(np.arctan2(edges.min(axis=1), edges.max(axis=1)))
    return bool(_MIN_TILT <= tilts.max() <= _MAX_TILT)


def _is_bright(pixels: NDArray[np.uint8], sheet: Mask) -> bool:
    """Return whether the inside of a sheet is bright: an outline of a zero is not paper."""
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return bool(np.median(gray[sheet]) > gray[~sheet].mean() + _MIN_CONTRAST)


def _length(edge: NDArray[np.float32]) -> float:
    return float(np.hypot(*edge))


def _is_rectangular(outline: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Return whether a contour has the shape and size of a sheet, as a photo shows it."""
    area = cv2.contourArea(outline)
    if not _AREA_RANGE[0] <= area / (shape[0] * shape[1]) <= _AREA_RANGE[1]:
        return False
    _, sides, _ = cv2.minAreaRect(outline)
    return bool(
        area >= _SOLIDITY * cv2.contourArea(cv2.convexHull(outline))
        and area >= _RECTANGULARITY * sides[0] * sides[1]
        and min(sides) >= _SHORTER_SIDE * min(shape)
    )


def _has_ink(gray: NDArray[np.uint8], region: Mask) -> bool:
    """Return whether a region has strokes: small details much darker than their neighborhood."""
    window = np.ones((_STROKE_WINDOW, _STROKE_WINDOW), np.uint8)
    # Closing spreads the sheet over its edge.
    near = np.ones((2 * _STROKE_WINDOW, 2 * _STROKE_WINDOW), np.uint8)
    inner = cv2.erode(as_bytes(region), near, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    if inner.mean() < _MIN_REGION:
        return False  # too narrow to tell
    closed = cv2.morphologyEx(gray, cv2.MORPH_CLOSE, window).astype(np.float32)
    is_dark = gray < (1 - _STROKE_CONTRAST) * closed
    return bool(is_dark[inner].mean() > _MAX_INK)


def _is_on_surround(
    sheet: NDArray[np.uint8], bright: NDArray[np.uint8], gray: NDArray[np.uint8]
) -> bool:
    """Return whether the surroundings of a sheet are dark and reach the edge of the image."""
    surround = sheet == 0
    edge = np.concatenate([surround[0], surround[-1], surround[:, 0], surround[:, -1]])
    if edge.mean() < _SURROUND_ON_EDGE or bright[surround].mean() > _BRIGHT_SURROUND:
        return False
    if _has_ink(gray, surround):
        return False  # the surroundings are paper in a shadow
    return float(gray[~surround].mean()) - float(gray[surround].mean()) >= _MIN_CONTRAST
