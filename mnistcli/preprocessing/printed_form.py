"""Printed forms: find the rectangles that are printed on a scan, and the ink beside them."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.preprocessing.binarization import WORKING_SIDE
from mnistcli.preprocessing.components import as_bytes, connected_components, dilate
from mnistcli.preprocessing.shapes import Mask

_MAX_SIDE = 32_000  # pixels: OpenCV transforms no larger images
_PAPER_WINDOW = 25  # pixels of the reduced image: wider than a stroke
_MIN_DARKNESS = 0.1  # of the brightness of the paper
_MIN_DARKNESS_TO_NOISE = 4.0
_TO_DEVIATION = 1.4826  # from the median absolute deviation to the standard deviation
_MIN_SIDE = 12  # pixels of the reduced image: smaller rectangles may be parts of digits
_MAX_RECTANGLES = 300  # of a scan, the largest ones; a table has many cells
_MIN_RECTANGULARITY = 0.9  # area, relative to the smallest rotated rectangle
_CORNER_TOLERANCE = 0.02  # of the outline: deviation of a side from a line (Douglas-Peucker)
_SAMPLES = 1500  # points on the printed lines of the reference
_LINE_TOLERANCE = 2  # pixels of the reduced image, between a printed line and ink
_MIN_INK = 0.15  # height of a digit, of the shorter side of its box
_MIN_INK_SIDE = (3, 8)  # pixels of the reduced image: limits of the same height


@dataclass(frozen=True, eq=False)
class PrintedForm:
    """The printed rectangles of a scan, and its ink.

    Attributes:
        size: Width and height of the image in pixels.
        rectangles: Their corners, clockwise from the upper left one, in pixels of the image;
            the largest first, shape (n, 4, 2).
        mask: The ink mask of the reduced image.
        factor: Pixels of the image per pixel of the reduced image, along each axis.
    """

    size: tuple[int, int]
    rectangles: NDArray[np.float64]
    mask: Mask
    factor: int

    @property
    def corners(self) -> NDArray[np.float64]:
        """The corners of the image, shape (4, 2)."""
        return corners_of(np.array((0, 0, self.size[0] - 1, self.size[1] - 1)))

    @property
    def diagonal(self) -> float:
        """The diagonal of the image in pixels."""
        return float(np.hypot(*self.size))

    def sample_lines(self) -> NDArray[np.float64]:
        """Return points on the sides of the rectangles in pixels of the image, shape (n, 2)."""
        starts = self.rectangles.reshape(-1, 2)
        ends = np.roll(self.rectangles, -1, axis=1).reshape(-1, 2)
        lengths = np.hypot(*(ends - starts).T)
        along = np.linspace(0, lengths.sum(), _SAMPLES, endpoint=False)
        offsets = np.cumsum(lengths) - lengths
        side = np.searchsorted(offsets, along, side="right") - 1
        fraction = ((along - offsets[side]) / lengths[side])[:, None]
        return cast("NDArray[np.float64]", starts[side] * (1 - fraction) + ends[side] * fraction)

    def to_reduced(self, points: NDArray[np.float64]) -> NDArray[np.int32]:
        """Convert points in pixels of the image to pixels of the reduced image."""
        rounded = np.rint((points + 0.5) / self.factor - 0.5)
        return np.clip(rounded, -_MAX_SIDE, 2 * _MAX_SIDE).astype(np.int32)

    @cached_property
    def _near_ink(self) -> Mask:
        side = 2 * _LINE_TOLERANCE + 1
        return dilate(self.mask, side, side)

    def fraction_on_ink(self, points: NDArray[np.float64]) -> float:
        """Return the fraction of points that lie on ink; points outside the image do not."""
        x, y = self.to_reduced(points).T
        height, width = self.mask.shape
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        return float(self._near_ink[y[inside], x[inside]].sum() / len(points))

    def remove_rectangles(self, rectangles: NDArray[np.float64]) -> Mask:
        """Return the ink mask without the sides of rectangles, shape (n, 4, 2)."""
        sides = np.zeros(self.mask.shape, np.uint8)
        corners = list(self.to_reduced(rectangles))
        cv2.polylines(sides, corners, isClosed=True, color=1, thickness=2 * _LINE_TOLERANCE + 1)
        return np.asarray(self.mask & (sides == 0), bool)

    def has_only_lines(self, writing: Mask, corners: NDArray[np.float64]) -> bool:
        """Return whether a box is an empty field, with printed lines and nothing else but specks.

        Args:
            writing: The ink mask without the printed lines, as `remove_rectangles` returns it.
            corners: The corners of the box in pixels of the image, shape (4, 2).
        """
        reduced = self.to_reduced(corners)
        (left, top), (right, bottom) = np.maximum(reduced.min(axis=0), 0), reduced.max(axis=0) + 1
        region = (slice(top, max(top, bottom)), slice(left, max(left, right)))
        if not self.mask[region].any():
            return False
        inside = np.zeros(writing[region].shape, np.uint8)
        cv2.fillConvexPoly(inside, reduced - np.array((left, top), np.int32), (1.0,))
        components = connected_components(writing[region] & inside.view(bool))
        smallest = np.clip(_MIN_INK * min(inside.shape), *_MIN_INK_SIDE)
        return not (np.maximum(components.width, components.height) >= smallest).any()


def corners_of(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of a box clockwise from the upper left one, shape (4, 2)."""
    left, top, right, bottom = edges
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def find_printed_form(image: Image.Image) -> PrintedForm:
    """Find the printed rectangles of a scan: the frame of a form, and boxes for digits.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
    """
    factor = max(1, ceil(max(image.size) / WORKING_SIDE))
    mask = _find_ink(image.reduce(factor) if factor > 1 else image)
    found = _find_rectangles(mask)
    if max(image.size) > _MAX_SIDE:
        found = found[:0]
    return PrintedForm(image.size, (found + 0.5) * factor - 0.5, mask, factor)


def _find_ink(image: Image.Image) -> Mask:
    """Binarize a scan: pixels darker than the light paper around them, even in a shadow."""
    gray = np.asarray(image.convert("L"))
    if np.median(gray) < 128:
        gray = 255 - gray
    window = np.ones((_PAPER_WINDOW, _PAPER_WINDOW), np.uint8)
    paper = cv2.blur(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, window), (_PAPER_WINDOW,) * 2)
    darkness = 1 - gray / np.maximum(paper, 1).astype(np.float32)
    typical = float(np.median(darkness))
    noise = _TO_DEVIATION * float(np.median(np.abs(darkness - typical)))
    return np.asarray(darkness > typical + max(_MIN_DARKNESS, _MIN_DARKNESS_TO_NOISE * noise), bool)


def _find_rectangles(mask: Mask) -> NDArray[np.float64]:
    """Find the outlines that are quadrilaterals, including those of holes; shape (n, 4, 2)."""
    closed = cv2.morphologyEx(as_bytes(mask), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    found: list[tuple[float, NDArray[np.float64]]] = []
    for contour in contours:
        if len(contour) < 2 * _MIN_SIDE:  # saves time on noise
            continue
        _, sides, _ = cv2.minAreaRect(contour)
        area = cv2.contourArea(contour)
        if min(sides) < _MIN_SIDE or area < _MIN_RECTANGULARITY * sides[0] * sides[1]:
            continue
        tolerance = _CORNER_TOLERANCE * cv2.arcLength(contour, closed=True)
        corners = cv2.approxPolyDP(contour, tolerance, closed=True).reshape(-1, 2)
        if len(corners) == 4:
            ordered = _sort_corners(corners.astype(np.float64))
            found.append((area, _fit_sides(contour.reshape(-1, 2).astype(np.float64), ordered)))
    found.sort(key=lambda candidate: -candidate[0])
    return np.array([corners for _, corners in found[:_MAX_RECTANGLES]], np.float64).reshape(
        -1, 4, 2
    )


def _sort_corners(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sort the corners of an almost upright rectangle clockwise from the upper left one."""
    total, difference = corners.sum(axis=1), corners[:, 0] - corners[:, 1]
    order = [total.argmin(), difference.argmax(), total.argmax(), difference.argmin()]
    return corners[order]


def _fit_sides(contour: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refine the corners of a rectangle to subpixel positions: intersect lines fitted to its sides.

    Args:
        contour: The points of its outline, shape (n, 2).
        corners: The approximate corners in order, shape (4, 2); they are kept if a fit fails.
    """
    normals, offsets = [], []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.hypot(*(end - start)))
        direction = (end - start) / max(length, 1.0)
        along = (contour - start) @ direction
        across = (contour - start) @ np.array((-direction[1], direction[0]))
        is_near = np.abs(across) <= max(2.0, _CORNER_TOLERANCE * length)
        points = contour[is_near & (along > 0.1 * length) & (along < 0.9 * length)]
        if len(points) < _MIN_SIDE // 2:
            return corners
        fitted = cv2.fitLine(points.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01)
        x_step, y_step, x, y = fitted.ravel().astype(np.float64)
        normals.append((-y_step, x_step))
        offsets.append(-y_step * x + x_step * y)
    refined = np.array(
        [
            np.linalg.solve(np.array([normals[side - 1], normals[side]]), offset)
            for side, offset in enumerate(zip(np.roll(offsets, 1), offsets, strict=True))
        ]
    )
    moved = np.hypot(*(refined - corners).T)
    return refined if moved.max() <= 0.25 * np.ptp(corners, axis=0).min() else corners
