"""Strokes of a pen, drawn in the form of MNIST."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from mnistcli.preprocessing.normalization import center_and_scale

Stroke = ArrayLike
"""Points (n, 2) that a pen goes through: x to the right, y down, in any unit."""

_CANVAS = 60  # pixels of the longer side: three times those of the finished drawing
_TURN = 10.0  # degrees, either way
_SLANT = 15.0
_STRETCH = 0.2
_SHAKE = 0.015  # standard deviation of each point, in shares of the drawing's longer side


def draw(
    strokes: Sequence[Stroke],
    generator: np.random.Generator,
    *,
    width: tuple[float, float] = (0.1, 0.2),
) -> NDArray[np.uint8]:
    """Draw strokes, turned, slanted, stretched and as wide as chance will have it.

    Args:
        strokes: What the pen does.
        generator: Chance.
        width: The thinnest and the widest pen, in shares of the drawing's longer side.

    Returns:
        The drawing in MNIST's form, shape (28, 28).
    """
    moved = _moved([np.array(stroke, dtype=np.float64) for stroke in strokes], generator)
    points = np.concatenate(moved)
    least, size = points.min(axis=0), float(np.ptp(points, axis=0).max())
    thickness = max(2, round(_CANVAS * generator.uniform(*width)))
    scale = (_CANVAS - thickness) / size
    side = _CANVAS + 2
    canvas = Image.new("L", (side, side))
    pen = ImageDraw.Draw(canvas)
    for stroke in moved:
        places = (stroke - least) * scale + thickness / 2
        pen.line(places.ravel().tolist(), fill=255, width=thickness, joint="curve")
        for x, y in (places[0], places[-1]):
            pen.circle((float(x), float(y)), thickness / 2, fill=255)
    return center_and_scale(
        np.asarray(canvas.crop(canvas.getbbox()), dtype=np.float32) / np.float32(255)
    )


def arc(
    middle: tuple[float, float], radii: tuple[float, float], start: float, end: float
) -> NDArray[np.float64]:
    """Return a stroke along an ellipse.

    Args:
        middle: The ellipse's.
        radii: Its half-axes, along x and along y.
        start: Where the stroke begins: degrees, clockwise from three o'clock.
        end: Where it ends.
    """
    count = max(8, round(abs(end - start) / 15))
    angles = np.radians(np.linspace(start, end, count))
    return np.column_stack([np.cos(angles), np.sin(angles)]) * radii + middle


def _moved(
    strokes: list[NDArray[np.float64]], generator: np.random.Generator
) -> list[NDArray[np.float64]]:
    turn = math.radians(generator.uniform(-_TURN, _TURN))
    slant = math.tan(math.radians(generator.uniform(-_SLANT, _SLANT)))
    stretch = 1 + generator.uniform(-_STRETCH, _STRETCH)
    cos, sin = math.cos(turn), math.sin(turn)
    change = np.array([[stretch, 0], [-slant, 1]]) @ np.array([[cos, sin], [-sin, cos]])
    shake = _SHAKE * float(np.ptp(np.concatenate(strokes), axis=0).max())
    return [(stroke + generator.normal(0, shake, stroke.shape)) @ change for stroke in strokes]
