"""Pen strokes drawn in MNIST format, with a random affine transform and line width."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from mnistcli.preprocessing.normalization import center_and_scale

Stroke = ArrayLike
"""Points (n, 2) along a stroke: x to the right, y down, in any unit."""

_CANVAS_SIDE = 60  # pixels of the longer side: three times the finished drawing
_MAX_ROTATION = 10.0  # degrees
_MAX_SHEAR = 15.0  # degrees
_MAX_STRETCH = 0.2  # horizontal, as a fraction of the width
_JITTER = 0.015  # standard deviation of each point, as a fraction of the longer side


def draw_strokes(
    strokes: Sequence[Stroke],
    rng: np.random.Generator,
    *,
    width: tuple[float, float] = (0.1, 0.2),
) -> NDArray[np.uint8]:
    """Draw strokes in MNIST format, with a random affine transform and line width.

    Args:
        strokes: Each a sequence of points (x, y).
        rng: The random number generator.
        width: Smallest and largest line width, as fractions of the drawing's longer side.

    Returns:
        The drawing, white on black, uint8 (28, 28).
    """
    transformed = transform_strokes(strokes, rng)
    line_width = max(2, round(_CANVAS_SIDE * rng.uniform(*width)))
    return center_and_scale(
        render_strokes(transformed, longer_side=_CANVAS_SIDE, line_width=line_width)
    )


def render_strokes(
    strokes: Sequence[NDArray[np.float64]], *, longer_side: int, line_width: int
) -> NDArray[np.float32]:
    """Rasterize strokes without antialiasing, as the coverage of their bounding box.

    Args:
        strokes: Each an array of points, shape (n, 2).
        longer_side: Pixels of the longer side of the drawing.
        line_width: Line width in pixels. Lines wider than one pixel have round ends.

    Returns:
        Ink coverage, 0 or 1, shape (h, w), without a margin.
    """
    points = np.concatenate(strokes)
    top_left, extent = points.min(axis=0), float(np.ptp(points, axis=0).max())
    scale = (longer_side - line_width) / extent
    canvas = Image.new("L", (longer_side + 2, longer_side + 2))
    pen = ImageDraw.Draw(canvas)
    for stroke in strokes:
        pixels = (stroke - top_left) * scale + line_width / 2
        pen.line(pixels.ravel().tolist(), fill=255, width=line_width, joint="curve")
        for x, y in (pixels[0], pixels[-1]) if line_width > 1 else ():
            pen.circle((float(x), float(y)), line_width / 2, fill=255)
    return np.asarray(canvas.crop(canvas.getbbox()), dtype=np.float32) / np.float32(255)


def arc(
    center: tuple[float, float], radii: tuple[float, float], start: float, end: float
) -> NDArray[np.float64]:
    """Return a stroke along an ellipse.

    Args:
        center: Center of the ellipse.
        radii: Its semi-axes along x and along y.
        start: Angle of the first point, in degrees clockwise from three o'clock.
        end: Angle of the last point.

    Returns:
        Points, shape (n, 2), at most about 15 degrees apart.
    """
    count = max(8, round(abs(end - start) / 15))
    angles = np.radians(np.linspace(start, end, count))
    return np.column_stack([np.cos(angles), np.sin(angles)]) * radii + center


def transform_strokes(
    strokes: Sequence[Stroke], rng: np.random.Generator, *, jitter: float = _JITTER
) -> list[NDArray[np.float64]]:
    """Apply one random affine transform to all strokes, and jitter to every point.

    Args:
        strokes: Each a sequence of points (x, y).
        rng: The random number generator.
        jitter: Standard deviation of each point, as a fraction of the longer side.
    """
    arrays = [np.array(stroke, dtype=np.float64) for stroke in strokes]
    matrix = random_affine(rng)
    deviation = jitter * float(np.ptp(np.concatenate(arrays), axis=0).max())
    return [(stroke + rng.normal(0, deviation, stroke.shape)) @ matrix for stroke in arrays]


def random_affine(
    rng: np.random.Generator, *, max_stretch: float = _MAX_STRETCH
) -> NDArray[np.float64]:
    """Return a random affine transform: a horizontal stretch, a shear and a rotation.

    Args:
        rng: The random number generator.
        max_stretch: Largest change of the width, as a fraction of it.

    Returns:
        The matrix, shape (2, 2), to multiply points (n, 2) with from the right.
    """
    rotation = math.radians(rng.uniform(-_MAX_ROTATION, _MAX_ROTATION))
    shear = math.tan(math.radians(rng.uniform(-_MAX_SHEAR, _MAX_SHEAR)))
    stretch = 1 + rng.uniform(-max_stretch, max_stretch)
    cos, sin = math.cos(rotation), math.sin(rotation)
    matrix: NDArray[np.float64] = np.array([[stretch, 0], [-shear, 1]]) @ np.array(
        [[cos, sin], [-sin, cos]]
    )
    return matrix
