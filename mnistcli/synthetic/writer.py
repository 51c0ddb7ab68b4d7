"""The handwriting of one writer of synthetic numbers: sizes, slant, gaps, strokes and shapes."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.line_format import LINE_DIGIT_HEIGHT, LINE_HEIGHT, MARKS, OTHER_MARK
from mnistcli.synthetic.curves import Pen, digit_curves, draw_curves, vary_shape
from mnistcli.synthetic.digit_shapes import DIGIT_SHAPES, Strokes
from mnistcli.synthetic.marks import mark_curves

OVERSAMPLING = 2
"""Pixels of a drawing per pixel of a line image, along each axis."""

ROWS = LINE_HEIGHT * OVERSAMPLING
"""Height of a drawing in pixels."""

_HEIGHT = LINE_DIGIT_HEIGHT * OVERSAMPLING
_MNIST_STROKE = 2.5 / 20  # median stroke width of MNIST, in heights
_GAPS = ((0.3, -2.5, 0.2), (0.78, 0.0, 4.0), (0.95, 4.0, 14.0), (1.0, 14.0, 45.0))
"""Cumulative fraction of the writers, their smallest and largest gap in pixels of a line image."""

_LETTER_FRACTION = 0.15  # of the other marks
_DRAWING_WRITERS = 0.55  # of the writers draw some digits; the others are MNIST's


@dataclass(frozen=True, eq=False)
class Glyph:
    """A drawn symbol, float32 (64, w), and its text; empty for one that is not transcribed."""

    ink: NDArray[np.float32]
    text: str


class Writer:
    """One writer, who writes one number: sizes, slant, gaps, stroke width and drawn shapes.

    Attributes:
        pen: Height, widths and slant of the digits, and the stroke width.
        baseline: The row of the baseline in the drawing.
        drift: The slope (skew) of the baseline, in rows per column.
        gap: The usual gap between the strokes of two digits, in pixels of the drawing.
        zero_scale: Size of the zeros, relative to the other digits.
        raises_zeros: Whether small zeros stand above the baseline.
        drawn_shapes: The strokes of the digits that this writer draws, by digit.
        joins: Whether some neighboring digits are joined by a stroke.
        joins_zeros: Whether neighboring zeros are joined by a stroke.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        images: NDArray[np.uint8],
        by_class: list[NDArray[np.intp]],
        letter_images: list[NDArray[np.uint8]],
    ) -> None:
        self._rng, self._images, self._by_class = rng, images, by_class
        self._letters = letter_images
        relative = float(np.clip(rng.normal(1.0, 0.19), 0.5, 1.55))
        height = _HEIGHT * relative
        width = float(np.clip(rng.lognormal(math.log(0.115), 0.3), 0.05, 0.22)) * height
        self.pen = Pen(height, rng.uniform(0.75, 1.3), rng.normal(0.08, 0.2), max(2.2, width))
        middle = ROWS / 2 + rng.normal(0, 2.5)
        self.baseline = middle + height / 2
        self.drift = rng.normal(0, 0.02)
        self.zero_scale = rng.uniform(0.4, 0.85) if rng.random() < 0.3 else 1.0
        self.raises_zeros = rng.random() < 0.5
        self.joins_zeros, self.joins = rng.random() < 0.35, rng.random() < 0.07
        self.gap = self._choose_gap()
        self.drawn_shapes = self._choose_shapes()

    def _choose_gap(self) -> float:
        """Return the usual gap between the strokes of two digits, in pixels of the drawing."""
        kind = self._rng.random()
        low, high = next(gaps for fraction, *gaps in _GAPS if kind < fraction)
        return self._rng.uniform(low, high) * OVERSAMPLING

    def _choose_shapes(self) -> dict[int, Strokes]:
        """Choose the digits that this writer draws, and their shapes.

        More of them draw a 1, because the ones in MNIST are bare strokes, which most writers do not
        write.
        """
        if self._rng.random() > _DRAWING_WRITERS:
            return {}
        fraction = self._rng.choice([0.3, 0.6, 0.9])
        return {
            digit: vary_shape(shapes[self._rng.integers(len(shapes))], self._rng)
            for digit, shapes in DIGIT_SHAPES.items()
            if self._rng.random() < (math.sqrt(fraction) if digit == 1 else fraction)
        }

    def glyphs(self, text: str) -> list[Glyph]:
        """Draw the symbols of a number."""
        ending = len(text.rstrip(MARKS + "0"))
        glyphs = []
        for index, symbol in enumerate(text):
            if symbol.isdigit():
                is_small = symbol == "0" and index >= ending
                glyphs.append(self._digit(int(symbol), is_small=is_small))
            else:
                glyphs.append(self._mark(symbol))
        return glyphs

    def _mark(self, mark: str) -> Glyph:
        rng = self._rng
        if mark == OTHER_MARK and rng.random() < _LETTER_FRACTION:
            letter = self._letters[rng.integers(len(self._letters))]
            ink = self._enlarge(letter, self.pen.height, self.pen.slant, self.baseline)
            return Glyph(ink, mark)
        pen = Pen(
            self.pen.height * rng.uniform(0.9, 1.1),
            1.0,
            self.pen.slant * 0.5,
            self.pen.width * rng.uniform(0.8, 1.5),
        )
        return Glyph(draw_curves(mark_curves(mark, rng), pen, self.baseline, ROWS), mark)

    def _digit(self, digit: int, *, is_small: bool) -> Glyph:
        rng = self._rng
        size = rng.normal(1.0, 0.06) * (self.zero_scale if is_small else 1.0)
        height = self.pen.height * float(np.clip(size, 0.35, 1.25))
        baseline = self.baseline + rng.normal(0, 0.04) * self.pen.height
        if is_small and self.raises_zeros:
            baseline -= (self.pen.height - height) * rng.uniform(0.2, 1.0)
        slant = self.pen.slant + rng.normal(0, 0.04)
        if digit in self.drawn_shapes:
            pen = Pen(height, self.pen.aspect * rng.normal(1, 0.06), slant, self.pen.width)
            ink = draw_curves(digit_curves(self.drawn_shapes[digit], rng), pen, baseline, ROWS)
        else:
            choice = rng.choice(self._by_class[digit])
            ink = self._enlarge(self._images[choice], height, slant, baseline)
        return Glyph(ink, str(digit))

    def _enlarge(
        self, image: NDArray[np.uint8], height: float, slant: float, baseline: float
    ) -> NDArray[np.float32]:
        """Enlarge a digit in MNIST format, and give it the slant and stroke width of the writer."""
        rng = self._rng
        rows = np.flatnonzero(image.max(axis=1) > 96)
        columns = np.flatnonzero(image.max(axis=0) > 96)
        if not len(rows) or not len(columns):
            return np.zeros((ROWS, 1), np.float32)
        scale = height / (rows[-1] + 1 - rows[0])
        scale_x = scale * self.pen.aspect * rng.normal(1, 0.05)
        width = (columns[-1] + 1 - columns[0]) * scale_x + abs(slant) * height
        margin = self.pen.width + 4
        canvas = (math.ceil(width + 2 * margin), ROWS)
        # Column of the canvas: scale_x * x + slant * (baseline - row), moved to start at 0.
        left = margin - columns[0] * scale_x - min(0.0, slant * height)
        matrix = np.array(
            [
                [scale_x, -slant * scale, left + slant * (rows[-1] + 1) * scale],
                [0, scale, baseline - (rows[-1] + 1) * scale],
            ]
        )
        enlarged = cv2.warpAffine(image, matrix, canvas, flags=cv2.INTER_CUBIC)
        extra_width = self.pen.width - _MNIST_STROKE * height
        threshold = 0.6 if extra_width < -1 else rng.uniform(0.25, 0.55)
        gain = 3 / scale + 1.5
        ink = np.clip((enlarged.astype(np.float32) / 255 - threshold) * gain + 0.5, 0, 1)
        if extra_width >= 1:
            side = 1 + round(extra_width)
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
            ink = cv2.dilate(ink, kernel)
        return np.asarray(ink, np.float32)
