"""Curves drawn with a pen: splines through the points of strokes, on a canvas of their own."""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.synthetic.digit_shapes import Strokes

_STEPS = 6  # of each segment of a spline
_SUBPIXEL_BITS = 4  # of OpenCV's fixed-point coordinates
_WRITER_JITTER = 0.035  # standard deviation of the points of a shape from writer to writer
_JITTER = 0.018  # and from digit to digit of one writer


@dataclass(frozen=True)
class Pen:
    """Pen of one writer: size, slant and stroke width, in pixels of the canvas.

    Attributes:
        height: The height of a digit.
        aspect: Multiplies all widths.
        slant: Columns to the right per row upwards.
        width: The stroke width.
    """

    height: float
    aspect: float
    slant: float
    width: float


def vary_shape(shape: Strokes, rng: np.random.Generator) -> Strokes:
    """Move the points of a shape at random, as one writer does for all its digits of this shape."""
    scale = np.array([rng.uniform(0.75, 1.3), 1.0])
    return [(points + rng.normal(0, _WRITER_JITTER, points.shape)) * scale for points in shape]


def digit_curves(strokes: Strokes, rng: np.random.Generator) -> Strokes:
    """Return the splines through the points of a digit, slightly moved at random."""
    return [spline(points + rng.normal(0, _JITTER, points.shape)) for points in strokes]


def draw_curves(curves: Strokes, pen: Pen, base: float, rows: int) -> NDArray[np.float32]:
    """Draw antialiased curves on a canvas that is just wide enough.

    Args:
        curves: Points (n, 2) in units of the digit's height; y is 0 at the top and 1 at the base.
        pen: The size, slant and stroke width.
        base: The row of the baseline.
        rows: The height of the canvas.

    Returns:
        Ink, float32 0 to 1, shape (rows, w).
    """
    pixels = []
    for curve in curves:
        y = (curve[:, 1] - 1) * pen.height
        pixels.append(np.column_stack([curve[:, 0] * pen.height * pen.aspect - pen.slant * y, y]))
    points = np.concatenate(pixels)
    margin = pen.width / 2 + 2
    left, right = points[:, 0].min() - margin, points[:, 0].max() + margin
    canvas = np.zeros((rows, max(1, math.ceil(right - left))), np.uint8)
    origin = np.array([-left, base])
    lines = [np.rint((line + origin) * (1 << _SUBPIXEL_BITS)).astype(np.int32) for line in pixels]
    thickness = max(1, round(pen.width))
    cv2.polylines(canvas, lines, False, 255, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return canvas.astype(np.float32) / np.float32(255)


def spline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a spline through points (n, 2), with `_STEPS` points per segment.

    Catmull and Rom, "A class of local interpolating splines", 1974.
    """
    if len(points) < 3:
        return points
    padded = np.concatenate([points[:1], points, points[-1:]])
    controls = np.stack([padded[i : len(padded) - 3 + i] for i in range(4)])  # (4, n - 1, 2)
    curve = np.einsum("sk,knd->nsd", _basis(), controls).reshape(-1, 2)
    return np.concatenate([curve, points[-1:]])


@cache
def _basis() -> NDArray[np.float64]:
    """Return the weights of four neighboring points along a segment, shape (`_STEPS`, 4)."""
    t = np.arange(_STEPS) / _STEPS
    powers = np.stack([np.ones_like(t), t, t**2, t**3], axis=1)
    return powers @ (np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2)
