"""Synthetic numbers: line images of handwritten numbers, with their text, for the line recognizer.

The digits come from a dataset in MNIST format, or are drawn with the shapes in `hands`. They are
set by the least distance between their strokes, row by row, so that they touch and overlap as in
handwriting. Everything is drawn at twice the resolution.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset
from mnistcli.line_format import LINE_DIGIT_HEIGHT, LINE_HEIGHT, MARKS, OTHER_SIGN
from mnistcli.synthetic import letters, paper
from mnistcli.synthetic.curves import Pen, digit_curves, draw_curves, vary_shape
from mnistcli.synthetic.digit_shapes import DIGIT_SHAPES, Strokes
from mnistcli.synthetic.marks import mark_curves
from mnistcli.synthetic.number_texts import random_text

WIDTHS = (64, 96, 128, 160, 192, 224, 256, 320)
"""Widths of line images in pixels; the smallest that holds a number is taken."""

_COLUMN = 4  # pixels of a line image per column of the network's output
_OVERSAMPLING = 2
_ROWS = LINE_HEIGHT * _OVERSAMPLING
_HEIGHT = LINE_DIGIT_HEIGHT * _OVERSAMPLING
_MNIST_STROKE = 2.5 / 20  # median stroke width of MNIST, in heights
_MIN_DISTANCE = 5.4 * _OVERSAMPLING  # of equal digits: the network has columns of 4 pixels
_MIN_MARK_DISTANCE = 4.2 * _OVERSAMPLING
_GAPS = ((0.3, -2.5, 0.2), (0.78, 0.0, 4.0), (0.95, 4.0, 14.0), (1.0, 14.0, 45.0))
"""Cumulative share of the hands, and their least and largest gap in pixels of a line image."""

_FREE_ONES = 0.85  # touch no neighbor: two 1s that do look like one written as an inverted V
_BENT = 0.5  # of the numbers
_LETTERS = 300
_LETTER_SHARE = 0.15  # of the signs that are not to be read
_DRAWN_HANDS = 0.55  # of the hands draw some digits; the others are MNIST's


@dataclass(frozen=True, eq=False)
class NumberImage:
    """A line image with its text.

    Attributes:
        pixels: Ink strength, uint8 (32, w), 255 for full coverage.
        text: Its digits and marks from left to right; empty for an image without any.
    """

    pixels: NDArray[np.uint8]
    text: str


@dataclass(frozen=True, eq=False)
class _Glyph:
    """A drawn symbol, float32 (64, w), and its text; empty for one that is not to be read."""

    ink: NDArray[np.float32]
    text: str


class NumberGenerator:
    """Draws line images of numbers.

    Args:
        digits: Digits in MNIST format.
        seed: Seed of the random number generator.
    """

    def __init__(self, digits: Dataset, *, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._images = digits.images
        self._letters = [letters.render_letter(self._rng) for _ in range(_LETTERS)]
        self._by_class = [np.flatnonzero(digits.labels == digit) for digit in range(10)]

    def __iter__(self) -> Iterator[NumberImage]:
        """Draw numbers without end."""
        while True:
            image = self._draw(random_text(self._rng))
            if image is not None:
                yield image

    def _draw(self, text: str) -> NumberImage | None:
        """Draw a number; None if it is wider than the widest image, or too narrow to be read."""
        hand = _Hand(self._rng, self._images, self._by_class, self._letters)
        ink = _join(hand, hand.glyphs(text), self._rng)
        reduced = cv2.resize(
            ink, (ink.shape[1] // _OVERSAMPLING, LINE_HEIGHT), interpolation=cv2.INTER_AREA
        )
        width = next((width for width in WIDTHS if width >= reduced.shape[1]), None)
        if width is None or _columns_needed(text) > width // _COLUMN:
            return None
        return NumberImage(
            _set_on_paper(np.asarray(reduced, np.float32), width, hand, self._rng), text
        )


class _Hand:
    """One writer, who writes one number: sizes, slant, gaps, stroke width and drawn shapes."""

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
        middle = _ROWS / 2 + rng.normal(0, 2.5)
        self.base = middle + height / 2
        self.drift = rng.normal(0, 0.02)  # of the base line, in rows per column
        self.small_zeros = rng.uniform(0.4, 0.85) if rng.random() < 0.3 else 1.0
        self.raised = rng.random() < 0.5
        self.joins_zeros, self.joins = rng.random() < 0.35, rng.random() < 0.07
        self.gap = self._choose_gap()
        self.drawn = self._choose_shapes()

    def _choose_gap(self) -> float:
        """Return the usual gap between the strokes of two digits, in pixels of the canvas."""
        kind = self._rng.random()
        low, high = next(gaps for share, *gaps in _GAPS if kind < share)
        return self._rng.uniform(low, high) * _OVERSAMPLING

    def _choose_shapes(self) -> dict[int, Strokes]:
        """Choose the digits that this hand draws, and their shapes.

        More of them draw a 1, because those of MNIST are bare strokes, which most hands do not
        write.
        """
        if self._rng.random() > _DRAWN_HANDS:
            return {}
        share = self._rng.choice([0.3, 0.6, 0.9])
        return {
            digit: vary_shape(shapes[self._rng.integers(len(shapes))], self._rng)
            for digit, shapes in DIGIT_SHAPES.items()
            if self._rng.random() < (math.sqrt(share) if digit == 1 else share)
        }

    def glyphs(self, text: str) -> list[_Glyph]:
        """Draw the symbols of a text."""
        ending = len(text.rstrip(MARKS + "0"))
        glyphs = []
        for index, symbol in enumerate(text):
            if symbol.isdigit():
                is_small = symbol == "0" and index >= ending
                glyphs.append(self._digit(int(symbol), is_small=is_small))
            else:
                glyphs.append(self._mark(symbol))
        return glyphs

    def _mark(self, mark: str) -> _Glyph:
        rng = self._rng
        if mark == OTHER_SIGN and rng.random() < _LETTER_SHARE:
            letter = self._letters[rng.integers(len(self._letters))]
            return _Glyph(self._enlarge(letter, self.pen.height, self.pen.slant, self.base), mark)
        pen = Pen(
            self.pen.height * rng.uniform(0.9, 1.1),
            1.0,
            self.pen.slant * 0.5,
            self.pen.width * rng.uniform(0.8, 1.5),
        )
        return _Glyph(draw_curves(mark_curves(mark, rng), pen, self.base, _ROWS), mark)

    def _digit(self, digit: int, *, is_small: bool) -> _Glyph:
        rng = self._rng
        size = rng.normal(1.0, 0.06) * (self.small_zeros if is_small else 1.0)
        height = self.pen.height * float(np.clip(size, 0.35, 1.25))
        base = self.base + rng.normal(0, 0.04) * self.pen.height
        if is_small and self.raised:
            base -= (self.pen.height - height) * rng.uniform(0.2, 1.0)
        slant = self.pen.slant + rng.normal(0, 0.04)
        if digit in self.drawn:
            pen = Pen(height, self.pen.aspect * rng.normal(1, 0.06), slant, self.pen.width)
            ink = draw_curves(digit_curves(self.drawn[digit], rng), pen, base, _ROWS)
        else:
            choice = rng.choice(self._by_class[digit])
            ink = self._enlarge(self._images[choice], height, slant, base)
        return _Glyph(ink, str(digit))

    def _enlarge(
        self, image: NDArray[np.uint8], height: float, slant: float, base: float
    ) -> NDArray[np.float32]:
        """Enlarge a digit in MNIST format, and give it the slant and stroke width of the hand."""
        rng = self._rng
        rows = np.flatnonzero(image.max(axis=1) > 96)
        columns = np.flatnonzero(image.max(axis=0) > 96)
        if not len(rows) or not len(columns):
            return np.zeros((_ROWS, 1), np.float32)
        scale = height / (rows[-1] + 1 - rows[0])
        across = scale * self.pen.aspect * rng.normal(1, 0.05)
        wide = (columns[-1] + 1 - columns[0]) * across + abs(slant) * height
        margin = self.pen.width + 4
        canvas = (math.ceil(wide + 2 * margin), _ROWS)
        # Column of the canvas: across * x + slant * (base - row), moved so that it starts at 0.
        left = margin - columns[0] * across - min(0.0, slant * height)
        matrix = np.array(
            [
                [across, -slant * scale, left + slant * (rows[-1] + 1) * scale],
                [0, scale, base - (rows[-1] + 1) * scale],
            ]
        )
        soft = cv2.warpAffine(image, matrix, canvas, flags=cv2.INTER_CUBIC)
        wanted = self.pen.width - _MNIST_STROKE * height
        threshold = 0.6 if wanted < -1 else rng.uniform(0.25, 0.55)
        gain = 3 / scale + 1.5
        ink = np.clip((soft.astype(np.float32) / 255 - threshold) * gain + 0.5, 0, 1)
        if wanted >= 1:
            side = 1 + round(wanted)
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
            ink = cv2.dilate(ink, kernel)
        return np.asarray(ink, np.float32)


def _columns_needed(text: str) -> int:
    """Return the columns that a text needs: CTC sets a blank between equal symbols."""
    return len(text) + sum(one == other for one, other in pairwise(text))


def _join(hand: _Hand, glyphs: list[_Glyph], rng: np.random.Generator) -> NDArray[np.float32]:
    """Set the symbols side by side, at the least distance between their strokes in any row."""
    edge = np.full(_ROWS, -1e9)  # the right end of the ink so far in each row
    placed: list[tuple[int, _Glyph, float]] = []
    for glyph in glyphs:
        left_side, right_side = _sides(glyph.ink)
        center = _center(glyph.ink)
        start = 0.0
        if placed:
            start = float((edge - left_side).max()) + _gap(hand, placed[-1][1], glyph, rng)
            start = max(start, placed[-1][2] + _least_distance(placed[-1][1], glyph, hand) - center)
        position = round(start)
        placed.append((position, glyph, position + center))
        edge = np.maximum(edge, np.where(right_side < 0, -1e9, right_side + position))
    shift = -min((position for position, _, _ in placed), default=0)
    width = max((position + glyph.ink.shape[1] for position, glyph, _ in placed), default=1)
    canvas = np.zeros((_ROWS, width + shift + 2), np.float32)
    for position, glyph, _ in placed:
        part = canvas[:, position + shift : position + shift + glyph.ink.shape[1]]
        np.maximum(part, glyph.ink, out=part)
    for one, other in pairwise(placed):
        both_zeros = one[1].text == other[1].text == "0"
        both_digits = (one[1].text + other[1].text).isdigit()
        if (both_zeros and hand.joins_zeros) or (both_digits and hand.joins and rng.random() < 0.5):
            _draw_joint(canvas, hand, (one[2] + shift, other[2] + shift), rng)
    return canvas


def _gap(hand: _Hand, one: _Glyph, other: _Glyph, rng: np.random.Generator) -> float:
    """Choose the gap between the strokes of two neighbors, in pixels of the canvas."""
    if one.text.isdigit() and other.text.isdigit():
        gap = hand.gap + rng.normal(0, 0.8) * _OVERSAMPLING
        if "1" in one.text + other.text and rng.random() < _FREE_ONES:
            gap = max(gap, rng.uniform(0.5, 2.5) * _OVERSAMPLING)
        if rng.random() < 0.04:
            gap += rng.uniform(3, 12) * _OVERSAMPLING
        return gap
    kind = rng.random()
    if kind < 0.1:  # a mark may touch
        return rng.uniform(-2, 1)
    if kind < 0.2:
        return rng.uniform(5, 25) * _OVERSAMPLING
    return max(0.0, hand.gap * 0.5) + rng.exponential(2.5) * _OVERSAMPLING


def _least_distance(one: _Glyph, other: _Glyph, hand: _Hand) -> float:
    """Return the least distance of the centers of two neighbors that can be read apart."""
    if one.text.isdigit() and other.text.isdigit():
        return max(0.25 * hand.pen.height, _MIN_DISTANCE)
    return _MIN_MARK_DISTANCE


def _sides(ink: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first and last column of the ink in each row, with its neighbor rows.

    A row without ink has 1e9 and -1.
    """
    mask = cv2.dilate((ink > 0.5).view(np.uint8), np.ones((7, 1), np.uint8)).view(bool)
    rows = mask.any(axis=1)
    left = np.where(rows, mask.argmax(axis=1), 1e9)
    right = np.where(rows, mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1), -1)
    return left, right.astype(np.float64)


def _center(ink: NDArray[np.float32]) -> float:
    """Return the column half-way between the first and last ink."""
    columns = np.flatnonzero(ink.max(axis=0) > 0.5)
    return float(columns[0] + columns[-1]) / 2 if len(columns) else ink.shape[1] / 2


def _draw_joint(
    canvas: NDArray[np.float32],
    hand: _Hand,
    centers: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Draw the stroke that joins two digits: an arc at their tops or their feet."""
    y = 1 - rng.uniform(0.5, 1.0) if rng.random() < 0.7 else rng.uniform(0.7, 1.0)
    row = hand.base - (1 - y) * hand.pen.height
    x0, x1 = centers
    points = np.array([[x0, row], [(x0 + x1) / 2, row + rng.normal(2, 3)], [x1, row]])
    layer = np.zeros(canvas.shape, np.uint8)
    width = max(1, round(hand.pen.width * rng.uniform(0.6, 1.0)))
    cv2.polylines(layer, [np.rint(points * 16).astype(np.int32)], False, 255, width, cv2.LINE_AA, 4)
    np.maximum(canvas, layer.astype(np.float32) / 255, out=canvas)


def _set_on_paper(
    ink: NDArray[np.float32], width: int, hand: _Hand, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Put the ink of a number at a random place on paper, blur it and clip it."""
    used = ink.shape[1]
    left = int(rng.integers(0, width - used + 1))
    line = np.zeros((LINE_HEIGHT, width), np.float32)
    line[:, left : left + used] = ink
    if hand.drift:
        matrix = np.array([[1, 0, 0], [hand.drift, 1, -hand.drift * width / 2]])
        line = np.asarray(cv2.warpAffine(line, matrix, line.shape[::-1]), np.float32)
    if rng.random() < _BENT:
        line = _bend(line, rng)
    line *= np.float32(rng.uniform(0.8, 1.4))
    if rng.random() < 0.3:
        line *= paper.fade(line.shape, rng)
    blur = rng.choice([0.0, rng.uniform(0.3, 1.3)])
    base = hand.base / _OVERSAMPLING
    top = base - hand.pen.height / _OVERSAMPLING
    is_plain = rng.random() < 0.2
    if not is_plain:
        line = paper.add_ink(np.minimum(line, 1), paper.draw_form_lines(line.shape, top, base, rng))
    if blur:
        line = np.asarray(cv2.GaussianBlur(line, (0, 0), blur), np.float32)
    if not is_plain:
        line = paper.add_ink(np.minimum(line, 1), paper.draw_background(line.shape, rng))
    line *= np.float32(rng.uniform(0.95, 1.25))
    _crop(line, left, used, rng)
    return np.rint(np.clip(line, 0, 1) * 255).astype(np.uint8)


def _bend(line: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Move the strokes by smooth random displacements, as an unsteady hand does."""
    rows, columns = np.indices(line.shape, np.float32)
    grid = (4, max(2, line.shape[1] // 8))
    largest = rng.uniform(0.3, 1.2)
    across, down = (
        cv2.resize(
            rng.normal(0, largest, grid).astype(np.float32),
            line.shape[::-1],
            interpolation=cv2.INTER_CUBIC,
        )
        for _ in range(2)
    )
    return np.asarray(cv2.remap(line, columns + across, rows + down, cv2.INTER_LINEAR), np.float32)


def _crop(line: NDArray[np.float32], left: int, used: int, rng: np.random.Generator) -> None:
    """Blank what is outside the image: beside the number, above and below it.

    Now and then the border of the image clips the first or the last digit a little.
    """
    before, behind = rng.exponential(6, 2)
    if rng.random() < 0.08:
        before = -rng.uniform(0, 3)
    if rng.random() < 0.08:
        behind = -rng.uniform(0, 3)
    line[:, : max(0, round(left + 2 - before))] = 0
    line[:, max(0, round(left + used - 2 + behind)) :] = 0
    if rng.random() < 0.25:
        line[: rng.integers(0, 5)] = 0
    if rng.random() < 0.25:
        line[LINE_HEIGHT - rng.integers(0, 5) :] = 0
