"""Image registration: find how a scan of a form is shifted, rotated and scaled, and undo it.

For the alignment, the printed rectangles of two scans, such as a frame around the form or boxes for
digits, are matched; fiducial marks are not needed. A transform is accepted only if the printed
lines of the reference lie on ink of the scan.
"""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.preprocessing.printed_form import PrintedForm

Matrix = NDArray[np.float64]
"""A homography, shape (3, 3), from pixels of the reference to pixels of a scan."""

_COMPARED_RECTANGLES = 8  # rectangles of each scan, the largest ones
_MIN_ON_INK = 0.8  # of the points
_MAX_ANGLE = 10.0  # degrees of rotation
_SCALES = (0.75, 1.33)  # relative to the sizes of the images
_MAX_PERSPECTIVE = 0.03  # of the diagonal
_MATCH_TOLERANCE = 0.02  # of the diagonal, between matching corners
_PERSPECTIVE_AREA = 0.25  # of the reference: corners closer together give no perspective
_SCORE_TOLERANCE = 0.02  # of the points
_PERSPECTIVE_GAIN = 0.5  # distance of the corners with perspective over that without
_OUTLIER_TOLERANCE = 2.0  # pixels of the reduced image, of a corner that a digit touches
_ALIGNMENT_TOLERANCE = 1.0  # pixels of the reduced image


def register(reference: PrintedForm, scan: PrintedForm) -> Matrix | None:
    """Register a scan to a reference by their printed rectangles.

    Every pair of large rectangles of reference and scan is tried. The transform whose printed lines
    lie on ink best is refitted to all matching rectangles, as a homography if that fits better.

    Returns:
        The transform; exactly the identity for a scan that is aligned. None if there is no
        plausible one: rotated by at most 10 degrees, and about as large as the images.
    """
    if not len(reference.rectangles) or not len(scan.rectangles):
        return None
    lines = reference.sample_lines()
    candidates = [
        _fit_similarity(rectangle, other)
        for rectangle in reference.rectangles[:_COMPARED_RECTANGLES]
        for other in scan.rectangles[:_COMPARED_RECTANGLES]
    ]
    plausible = [matrix for matrix in candidates if _is_plausible(matrix, reference, scan)]
    if not plausible:
        return None

    def score(matrix: Matrix) -> float:
        return scan.fraction_on_ink(transform(matrix, lines))

    matrix = max(plausible, key=score)
    for fit in (_refine_similarity, _refine_similarity, _fit_perspective):
        refined = fit(matrix, reference, scan)
        # Lines have a width: of two good fits, prefer the one fitted to all rectangles.
        if refined is not None and score(refined) >= score(matrix) - _SCORE_TOLERANCE:
            matrix = refined
    if score(matrix) < _MIN_ON_INK:
        return None
    moved = transform(matrix, reference.corners) - reference.corners
    is_aligned = (
        reference.size == scan.size and np.abs(moved).max() <= _ALIGNMENT_TOLERANCE * scan.factor
    )
    return np.eye(3) if is_aligned else matrix


def transform(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply a homography to points, shape (n, 2)."""
    moved = np.c_[points, np.ones(len(points))] @ matrix.T
    return cast("NDArray[np.float64]", moved[:, :2] / moved[:, 2:])


def scale_of(matrix: Matrix) -> float:
    """Return the scale of a homography that is almost a similarity."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))


def crop_region(
    image: Image.Image, edges: NDArray[np.float64], matrix: Matrix | None
) -> Image.Image:
    """Crop a box of the reference from a scan, upright and with the resolution of the scan.

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
    # Pixel centers of the result to pixel centers of the reference.
    step_x, step_y = (right - left) / size[0], (bottom - top) / size[1]
    to_reference = np.array(
        [(step_x, 0, left + step_x / 2 - 0.5), (0, step_y, top + step_y / 2 - 0.5), (0, 0, 1)]
    )
    cropped = cv2.warpPerspective(
        np.asarray(image),
        matrix @ to_reference,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Image.fromarray(cropped.astype(np.uint8, copy=False))


def _fit_similarity(points: NDArray[np.float64], moved: NDArray[np.float64]) -> Matrix:
    """Fit a similarity transform by least squares (Procrustes analysis), in complex numbers."""
    before, after = (corners[:, 0] + 1j * corners[:, 1] for corners in (points, moved))
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
    """Return the corners of the rectangles that match under a transform, two arrays (n, 2)."""
    expected = transform(matrix, reference.rectangles.reshape(-1, 2)).reshape(-1, 1, 4, 2)
    distances = np.linalg.norm(expected - scan.rectangles[None], axis=3).max(axis=2)
    nearest = distances.argmin(axis=1)
    is_near = distances.min(axis=1) <= _MATCH_TOLERANCE * scan.diagonal
    return (
        reference.rectangles[is_near].reshape(-1, 2),
        scan.rectangles[nearest[is_near]].reshape(-1, 2),
    )


def _refine_similarity(matrix: Matrix, reference: PrintedForm, scan: PrintedForm) -> Matrix | None:
    """Fit a similarity to matching corners, without outliers; None if there are none."""
    points, moved = _match_corners(matrix, reference, scan)
    if not len(points):
        return None
    similarity = _fit_similarity(points, moved)
    errors = np.hypot(*(transform(similarity, points) - moved).T)
    inliers = errors <= max(_OUTLIER_TOLERANCE * scan.factor, 2 * float(np.median(errors)))
    similarity = _fit_similarity(points[inliers], moved[inliers])
    return similarity if _is_plausible(similarity, reference, scan) else None


def _distance(points: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Return the 90th percentile of the distances of point pairs: one in ten may be an outlier."""
    return float(np.percentile(np.hypot(*(points - others).T), 90))


def _fit_perspective(matrix: Matrix, reference: PrintedForm, scan: PrintedForm) -> Matrix | None:
    """Fit a homography to matching corners; None if it is not better."""
    points, moved = _match_corners(matrix, reference, scan)
    if not len(points):
        return None
    hull = cv2.convexHull(points.astype(np.float32))
    if cv2.contourArea(hull) < _PERSPECTIVE_AREA * reference.size[0] * reference.size[1]:
        return None
    found, _ = cv2.findHomography(points, moved, cv2.RANSAC, _OUTLIER_TOLERANCE * scan.factor)
    if found is None:
        return None
    homography = np.asarray(found, np.float64)
    before, after = transform(matrix, points), transform(homography, points)
    is_small = np.abs(after - before).max() <= _MAX_PERSPECTIVE * scan.diagonal
    error, old_error = (_distance(candidate, moved) for candidate in (after, before))
    return homography if is_small and error <= _PERSPECTIVE_GAIN * old_error else None
