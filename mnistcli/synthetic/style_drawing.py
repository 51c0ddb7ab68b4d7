"""Drawing of digit styles: shapes drawn with a pen or a mouse, and stretched digits of a dataset.

All digits are normalized as `predict` normalizes them, so that one-pixel strokes are thickened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.datasets.dataset import Dataset
from mnistcli.preprocessing.normalization import to_mnist_format
from mnistcli.synthetic.pen import render_strokes, transform_strokes
from mnistcli.synthetic.shape_ranges import ShapeRange

LabeledImage = tuple[NDArray[np.uint8], int]
"""A digit in MNIST format, uint8 (28, 28), and its label."""

_PEN_SIDE = 60  # pixels of the longer side of a drawing with a pen
_MOUSE_SIDES = (18, 120)  # and of one with a mouse
_MIN_PEN_WIDTH = 0.06  # as a fraction of the longer side
_ENLARGEMENT = 5  # of the digits of a dataset before they are stretched


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnStyle:
    """A style of drawn digits.

    Attributes:
        name: The name in tables.
        shapes: The shapes of each label; all labels are equally frequent.
        width_factors: Smallest and largest factor of the width of a digit.
        max_pen_width: As a fraction of the longer side. A thick pen fills small loops.
        mouse_fraction: Fraction of the digits that have one-pixel strokes.
    """

    name: str
    shapes: Mapping[int, Sequence[ShapeRange]]
    width_factors: tuple[float, float] = (0.75, 1.3)
    max_pen_width: float = 0.17
    mouse_fraction: float = 0.2

    def draw(self, rng: np.random.Generator, *, spread: float = 1.0) -> LabeledImage:
        """Draw a digit with a random shape, width, affine transform and pen.

        Args:
            rng: The random number generator.
            spread: Size of the ranges of shapes and widths. Above 1, some digits are more extreme
                than in training.
        """
        label = int(rng.choice(list(self.shapes)))
        shapes = self.shapes[label]
        shape = shapes[int(rng.integers(len(shapes)))]
        factor = random_factor(self.width_factors, rng, spread=spread)
        curves = [curve * (factor, 1) for curve in shape.draw(rng, spread=spread)]
        strokes = transform_strokes(curves, rng, jitter=0.0)
        side, line_width = int(rng.integers(*_MOUSE_SIDES)), 1
        if rng.random() >= self.mouse_fraction:
            side = _PEN_SIDE
            line_width = round(side * rng.uniform(_MIN_PEN_WIDTH, self.max_pen_width))
        coverage = render_strokes(strokes, longer_side=side, line_width=line_width)
        return to_mnist_format(coverage), label


@dataclass(frozen=True, kw_only=True, eq=False)
class StretchedStyle:
    """A style of digits of a dataset in another aspect ratio: stretched or squeezed horizontally.

    Attributes:
        name: The name in tables.
        width_factors: Smallest and largest factor of the width of a digit.
        excluded_labels: Labels whose stretched digits can look like something else.
    """

    name: str
    width_factors: tuple[float, float]
    excluded_labels: tuple[int, ...]

    def draw(self, dataset: Dataset, rng: np.random.Generator) -> LabeledImage:
        """Stretch a random digit by a random factor.

        Args:
            dataset: The digits, without the excluded labels.
            rng: The random number generator.
        """
        index = rng.integers(len(dataset))
        factor = random_factor(self.width_factors, rng)
        return stretch_digit(dataset.images[index], factor), int(dataset.labels[index])


def random_factor(
    bounds: tuple[float, float], rng: np.random.Generator, *, spread: float = 1.0
) -> float:
    """Return a log-uniform random factor.

    Args:
        bounds: The smallest and the largest factor.
        rng: The random number generator.
        spread: Size of the range; above 1, factors can lie beyond it.
    """
    low, high = np.log(bounds)
    return float(np.exp((low + high) / 2 + spread * rng.uniform(-0.5, 0.5) * (high - low)))


def stretch_digit(image: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Stretch a digit horizontally, and normalize it to MNIST format again.

    Args:
        image: The digit, white on black, uint8 (28, 28).
        factor: Factor of the width.
    """
    size = (round(image.shape[1] * _ENLARGEMENT * factor), image.shape[0] * _ENLARGEMENT)
    enlarged = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
    return to_mnist_format(np.asarray(enlarged, np.float32) / np.float32(255))
