"""Ranges of shapes: digits whose points vary between two extremes, such as the length of a stroke.

The notation is that of `digit_shapes`, but a coordinate "a:b" lies anywhere between a and b. All
coordinates of a stroke vary together along x, and together along y: with "-10:-40,20:60" the
longest upstroke is not always the lowest.
"""

import re
from dataclasses import dataclass

import numpy as np

from mnistcli.synthetic.curves import spline
from mnistcli.synthetic.digit_shapes import Strokes, parse_shape

_JITTER = 0.015  # standard deviation of each point, in units of the digit's height


@dataclass(frozen=True, eq=False)
class ShapeRange:
    """Two extremes of one shape: strokes with the same numbers of points.

    Shapes between them are interpolated linearly.
    """

    first: Strokes
    last: Strokes

    def draw(self, rng: np.random.Generator, *, spread: float = 1.0) -> Strokes:
        """Draw a shape at random between the extremes, as splines through its points.

        Args:
            rng: The random number generator.
            spread: Width of the range. Above 1, shapes lie beyond the extremes as well.
        """
        curves = []
        for first, last in zip(self.first, self.last, strict=True):
            position = 0.5 + spread * rng.uniform(-0.5, 0.5, 2)
            points = first + position * (last - first)
            is_corner = (points[1:] == points[:-1]).all(axis=1)
            points += rng.normal(0, _JITTER, points.shape)
            points[1:][is_corner] = points[:-1][is_corner]
            curves.append(spline(points))
        return curves


def parse_ranges(text: str) -> list[ShapeRange]:
    """Parse ranges of shapes, one per line.

    Args:
        text: Strokes separated by a bar, with points "x,y" or "a:b,c:d" in percent of the height.
    """
    return [
        ShapeRange(
            parse_shape(re.sub(r":-?\d+", "", line)), parse_shape(re.sub(r"-?\d+:", "", line))
        )
        for line in text.strip().splitlines()
    ]
