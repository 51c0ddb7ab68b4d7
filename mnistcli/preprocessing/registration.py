"""Image registration: find how a scan of a form is shifted, rotated and scaled, and undo it.

The printed rectangles of two scans, such as a frame around the form or boxes for digits, are
matched. A transform is accepted only if the printed lines of the reference lie on ink of the scan.
"""

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

Matrix = NDArray[np.float64]
"""A homography, shape (3, 3), from pixels of the reference to pixels of a scan."""

_MAX_SIDE = 32_000  # pixels: OpenCV transforms no larger images
_PAPER_WINDOW = 25  # pixels of the reduced image: wider than a stroke
_MIN_DARKNESS = 0.1  # of the brightness of the paper
_MIN_DARKNESS_TO_NOISE = 4.0
_TO_DEVIATION = 1.4826  # from the median absolute deviation to the standard deviation
_MIN_SIDE = 12  # pixels of the reduced image: smaller rectangles may be parts of digits
_MIN_RECTANGULARITY = 0.9  # area over that of the smallest rotated rectangle
_CORNER_TOLERANCE = 0.02  # of the outline: deviation of a side from a straight line
_COMPARED = 8  # rectangles of each scan, the largest ones
_SAMPLES = 1500  # points on the printed lines of the reference
_LINE_TOLERANCE = 2  # pixels of the reduced image, between a printed line and ink
_MIN_ON_INK = 0.8  # of the points
_MAX_ANGLE = 10.0  # degrees
_SCALES = (0.75, 1.33)  # in relation to the sizes of the images
_MAX_PERSPECTIVE = 0.03  # of the diagonal
_NEAR = 0.02  # of the diagonal, between corners that correspond
_PERSPECTIVE_AREA = 0.25  # of the reference: corners closer together give no perspective
_MIN_INK = 0.15  # height of a digit, of the shorter side of its box
_MIN_INK_SIDE = (3, 8)  # pixels of the reduced image: limits of the same height
_SAME_SCORE = 0.02  # of the points
_PERSPECTIVE_GAIN = 0.5  # distance of the corners with perspective over that without
_OUTLIER = 2.0  # pixels of the reduced image, of a corner that a digit touches
_ALIGNED = 1.0  # pixels of the reduced image


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
        """Return whether there are printed lines in a box, and nothing else but specks.

        Args:
            writing: The ink mask without the printed lines, as `remove_rectangles` returns it.
            corners: Those of the box in pixels of the image, shape (4, 2).
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
    """Find what is darker than the paper around it, also in a shadow; the paper is light."""
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
    """Find the outlines with four straight sides, those of holes included; shape (n, 4, 2)."""
    closed = cv2.morphologyEx(as_bytes(mask), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    found: list[tuple[float, NDArray[np.float64]]] = []
    for contour in contours:
        _, sides, _ = cv2.minAreaRect(contour)
        area = cv2.contourArea(contour)
        if min(sides) < _MIN_SIDE or area < _MIN_RECTANGULARITY * sides[0] * sides[1]:
            continue
        tolerance = _CORNER_TOLERANCE * cv2.arcLength(contour, closed=True)
        corners = cv2.approxPolyDP(contour, tolerance, closed=True).reshape(-1, 2)
        if len(corners) == 4:
            ordered = _sort_corners(corners.astype(np.float64))
            found.append((area, _fit_sides(contour.reshape(-1, 2).astype(np.float64), ordered)))
    found.sort(key=lambda one: -one[0])
    return np.array([corners for _, corners in found], np.float64).reshape(-1, 4, 2)


def _sort_corners(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sort the corners of an almost upright rectangle clockwise from the upper left one."""
    total, difference = corners.sum(axis=1), corners[:, 0] - corners[:, 1]
    order = [total.argmin(), difference.argmax(), total.argmax(), difference.argmin()]
    return corners[order]


def _fit_sides(contour: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refine the corners of a rectangle: intersect the lines that fit its sides.

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


def register(reference: PrintedForm, scan: PrintedForm) -> Matrix | None:
    """Register a scan to a reference by their printed rectangles.

    Each of the largest rectangles of the reference is matched with each of the scan. The transform
    whose printed lines lie on ink best is fitted again to all rectangles that correspond, and with
    perspective if that fits better.

    Returns:
        The transform; exactly the identity for a scan that is aligned. None if there is no
        plausible one: rotated by at most 10 degrees, and about as large as the images are.
    """
    if not len(reference.rectangles) or not len(scan.rectangles):
        return None
    lines = reference.sample_lines()
    candidates = [
        _fit_similarity(one, other)
        for one in reference.rectangles[:_COMPARED]
        for other in scan.rectangles[:_COMPARED]
    ]
    plausible = [matrix for matrix in candidates if _is_plausible(matrix, reference, scan)]
    if not plausible:
        return None

    def score(matrix: Matrix) -> float:
        return scan.fraction_on_ink(transform(matrix, lines))

    matrix = max(plausible, key=score)
    for fit in (_fit_again, _fit_again, _fit_perspective):
        refined = fit(matrix, reference, scan)
        # Lines have a width: of two transforms that match, the one of all rectangles is better.
        if refined is not None and score(refined) >= score(matrix) - _SAME_SCORE:
            matrix = refined
    if score(matrix) < _MIN_ON_INK:
        return None
    moved = transform(matrix, reference.corners) - reference.corners
    is_aligned = reference.size == scan.size and np.abs(moved).max() <= _ALIGNED * scan.factor
    return np.eye(3) if is_aligned else matrix


def transform(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply a homography to points, shape (n, 2)."""
    moved = np.c_[points, np.ones(len(points))] @ matrix.T
    return cast("NDArray[np.float64]", moved[:, :2] / moved[:, 2:])


def scale_of(matrix: Matrix) -> float:
    """Return the scale of a homography that is almost a similarity."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))


def cut_out(image: Image.Image, edges: NDArray[np.float64], matrix: Matrix | None) -> Image.Image:
    """Cut a box of the reference out of a scan, upright and with the resolution of the scan.

    Args:
        image: The scan, mode ``L`` or ``RGB``.
        edges: Left, top, right and bottom of the box, in pixels of the reference.
        matrix: The transform; None if the edges are in pixels of the scan. The pixels are not
            changed then.
    """
    if matrix is None:
        left, top = (
            min(int(edge), side - 1) for edge, side in zip(edges, image.size, strict=False)
        )
        right, bottom = max(left + 1, round(edges[2])), max(top + 1, round(edges[3]))
        rows, columns = slice(top, bottom), slice(left, right)
        return Image.fromarray(np.ascontiguousarray(np.asarray(image)[rows, columns]))
    left, top, right, bottom = edges
    scale = scale_of(matrix)
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    # Pixel centers of the result to those of the reference.
    step_x, step_y = (right - left) / size[0], (bottom - top) / size[1]
    to_reference = np.array(
        [(step_x, 0, left + step_x / 2 - 0.5), (0, step_y, top + step_y / 2 - 0.5), (0, 0, 1)]
    )
    cut = cv2.warpPerspective(
        np.asarray(image),
        matrix @ to_reference,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Image.fromarray(cut.astype(np.uint8, copy=False))


def corners_of(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of a box clockwise from the upper left one, shape (4, 2)."""
    left, top, right, bottom = edges
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def _fit_similarity(points: NDArray[np.float64], moved: NDArray[np.float64]) -> Matrix:
    """Fit shift, rotation and scale by least squares, as one factor of complex numbers."""
    before, after = (one[:, 0] + 1j * one[:, 1] for one in (points, moved))
    deviation = before - before.mean()
    factor = np.vdot(deviation, after - after.mean()) / np.vdot(deviation, deviation)
    shift = after.mean() - factor * before.mean()
    return np.array(
        [
            (factor.real, -factor.imag, shift.real),
            (factor.imag, factor.real, shift.imag),
            (0, 0, 1),
        ]
    )


def _is_plausible(matrix: Matrix, reference: PrintedForm, scan: PrintedForm) -> bool:
    angle = np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))
    scale = scale_of(matrix) * reference.diagonal / scan.diagonal
    return bool(abs(angle) <= _MAX_ANGLE and _SCALES[0] <= scale <= _SCALES[1])


def _match_corners(
    matrix: Matrix, reference: PrintedForm, scan: PrintedForm
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the rectangles that correspond under a transform, two of (n, 2)."""
    expected = transform(matrix, reference.rectangles.reshape(-1, 2)).reshape(-1, 1, 4, 2)
    distances = np.linalg.norm(expected - scan.rectangles[None], axis=3).max(axis=2)
    nearest = distances.argmin(axis=1)
    is_near = distances.min(axis=1) <= _NEAR * scan.diagonal
    return (
        reference.rectangles[is_near].reshape(-1, 2),
        scan.rectangles[nearest[is_near]].reshape(-1, 2),
    )


def _fit_again(matrix: Matrix, reference: PrintedForm, scan: PrintedForm) -> Matrix | None:
    """Fit a similarity to the corners that correspond, without outliers; None if there are none."""
    points, moved = _match_corners(matrix, reference, scan)
    if not len(points):
        return None
    similarity = _fit_similarity(points, moved)
    errors = np.hypot(*(transform(similarity, points) - moved).T)
    inliers = errors <= max(_OUTLIER * scan.factor, 2 * float(np.median(errors)))
    similarity = _fit_similarity(points[inliers], moved[inliers])
    return similarity if _is_plausible(similarity, reference, scan) else None


def _distance(points: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Return the distance that nine of ten pairs of points keep: one in ten may be an outlier."""
    return float(np.percentile(np.hypot(*(points - others).T), 90))


def _fit_perspective(matrix: Matrix, reference: PrintedForm, scan: PrintedForm) -> Matrix | None:
    """Fit a homography to the corners that correspond; None if it is not better."""
    points, moved = _match_corners(matrix, reference, scan)
    if not len(points):
        return None
    hull = cv2.convexHull(points.astype(np.float32))
    if cv2.contourArea(hull) < _PERSPECTIVE_AREA * reference.size[0] * reference.size[1]:
        return None
    found, _ = cv2.findHomography(points, moved, cv2.RANSAC, _OUTLIER * scan.factor)
    if found is None:
        return None
    homography = np.asarray(found, np.float64)
    before, after = transform(matrix, points), transform(homography, points)
    is_small = np.abs(after - before).max() <= _MAX_PERSPECTIVE * scan.diagonal
    error, old_error = (_distance(one, moved) for one in (after, before))
    return homography if is_small and error <= _PERSPECTIVE_GAIN * old_error else None
