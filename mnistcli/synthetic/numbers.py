"""Synthetic numbers: line images of handwritten numbers, with their text, for the line recognizer.

The digits come from a dataset in MNIST format, or are drawn with the shapes in `digit_shapes`. They
are set by the smallest distance between their strokes, row by row (kerning), so that they touch and
overlap as in handwriting. Everything is drawn at twice the resolution (supersampling).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset
from mnistcli.line_format import COLUMN_WIDTH, LINE_HEIGHT
from mnistcli.synthetic import letters, paper
from mnistcli.synthetic.number_texts import random_text
from mnistcli.synthetic.writer import OVERSAMPLING, ROWS, Glyph, Writer

WIDTHS = (64, 96, 128, 160, 192, 224, 256, 320)
"""Widths of line images in pixels; the smallest that holds a number is used."""

_MIN_DISTANCE = 5.4 * OVERSAMPLING  # of equal digits: the network has columns of 4 pixels
_MIN_MARK_DISTANCE = 4.2 * OVERSAMPLING
# Fraction of the 1s beside a digit that do not touch it, because two touching 1s look like one 1
# written as an inverted V.
_SEPARATE_ONES_FRACTION = 0.85
_ELASTIC_FRACTION = 0.5  # of the numbers
_LETTERS = 300


@dataclass(frozen=True, eq=False)
class NumberImage:
    """A line image with its text.

    Attributes:
        pixels: Ink coverage, uint8 (32, w), 255 for full coverage.
        text: Its digits and marks from left to right; empty for an image without any.
    """

    pixels: NDArray[np.uint8]
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
        """Draw numbers endlessly."""
        while True:
            image = self._draw(random_text(self._rng))
            if image is not None:
                yield image

    def _draw(self, text: str) -> NumberImage | None:
        """Draw a number; None if it is wider than the widest image, or too narrow to be read."""
        writer = Writer(self._rng, self._images, self._by_class, self._letters)
        ink = _join(writer, writer.glyphs(text), self._rng)
        reduced = cv2.resize(
            ink, (ink.shape[1] // OVERSAMPLING, LINE_HEIGHT), interpolation=cv2.INTER_AREA
        )
        width = next((width for width in WIDTHS if width >= reduced.shape[1]), None)
        if width is None or _columns_needed(text) > width // COLUMN_WIDTH:
            return None
        return NumberImage(
            _set_on_paper(np.asarray(reduced, np.float32), width, writer, self._rng), text
        )


def _columns_needed(text: str) -> int:
    """Return the columns that a transcription needs: CTC sets a blank between equal symbols."""
    return len(text) + sum(one == other for one, other in pairwise(text))


def _join(writer: Writer, glyphs: list[Glyph], rng: np.random.Generator) -> NDArray[np.float32]:
    """Set the symbols side by side, at the smallest distance between their strokes in any row."""
    edge = np.full(ROWS, -1e9)  # the right end of the ink so far in each row
    placed: list[tuple[int, Glyph, float]] = []
    for glyph in glyphs:
        left_side, right_side = _sides(glyph.ink)
        center = _center(glyph.ink)
        start = 0.0
        if placed:
            start = float((edge - left_side).max()) + _gap(writer, placed[-1][1], glyph, rng)
            start = max(start, placed[-1][2] + _min_distance(placed[-1][1], glyph, writer) - center)
        position = round(start)
        placed.append((position, glyph, position + center))
        edge = np.maximum(edge, np.where(right_side < 0, -1e9, right_side + position))
    shift = -min((position for position, _, _ in placed), default=0)
    width = max((position + glyph.ink.shape[1] for position, glyph, _ in placed), default=1)
    canvas = np.zeros((ROWS, width + shift + 2), np.float32)
    for position, glyph, _ in placed:
        part = canvas[:, position + shift : position + shift + glyph.ink.shape[1]]
        np.maximum(part, glyph.ink, out=part)
    for one, other in pairwise(placed):
        both_zeros = one[1].text == other[1].text == "0"
        both_digits = (one[1].text + other[1].text).isdigit()
        if (both_zeros and writer.joins_zeros) or (
            both_digits and writer.joins and rng.random() < 0.5
        ):
            _draw_joint(canvas, writer, (one[2] + shift, other[2] + shift), rng)
    return canvas


def _gap(writer: Writer, one: Glyph, other: Glyph, rng: np.random.Generator) -> float:
    """Choose the gap between the strokes of two neighbors, in pixels of the canvas.

    With a negative gap, they overlap.
    """
    if one.text.isdigit() and other.text.isdigit():
        gap = writer.gap + rng.normal(0, 0.8) * OVERSAMPLING
        if "1" in one.text + other.text and rng.random() < _SEPARATE_ONES_FRACTION:
            gap = max(gap, rng.uniform(0.5, 2.5) * OVERSAMPLING)
        if rng.random() < 0.04:
            gap += rng.uniform(3, 12) * OVERSAMPLING
        return gap
    kind = rng.random()
    if kind < 0.1:  # a mark may touch
        return rng.uniform(-2, 1)
    if kind < 0.2:
        return rng.uniform(5, 25) * OVERSAMPLING
    return max(0.0, writer.gap * 0.5) + rng.exponential(2.5) * OVERSAMPLING


def _min_distance(one: Glyph, other: Glyph, writer: Writer) -> float:
    """Return the smallest distance between the centers of two neighbors that can be told apart."""
    if one.text.isdigit() and other.text.isdigit():
        return max(0.25 * writer.pen.height, _MIN_DISTANCE)
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
    """Return the column halfway between the first and last ink."""
    columns = np.flatnonzero(ink.max(axis=0) > 0.5)
    return float(columns[0] + columns[-1]) / 2 if len(columns) else ink.shape[1] / 2


def _draw_joint(
    canvas: NDArray[np.float32],
    writer: Writer,
    centers: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Draw the stroke that joins two digits: an arc at their tops or their feet."""
    y = 1 - rng.uniform(0.5, 1.0) if rng.random() < 0.7 else rng.uniform(0.7, 1.0)
    row = writer.baseline - (1 - y) * writer.pen.height
    x0, x1 = centers
    points = np.array([[x0, row], [(x0 + x1) / 2, row + rng.normal(2, 3)], [x1, row]])
    layer = np.zeros(canvas.shape, np.uint8)
    width = max(1, round(writer.pen.width * rng.uniform(0.6, 1.0)))
    cv2.polylines(layer, [np.rint(points * 16).astype(np.int32)], False, 255, width, cv2.LINE_AA, 4)
    np.maximum(canvas, layer.astype(np.float32) / 255, out=canvas)


def _set_on_paper(
    ink: NDArray[np.float32], width: int, writer: Writer, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Put the ink of a number at a random position on paper, blur it and clip it."""
    used = ink.shape[1]
    left = int(rng.integers(0, width - used + 1))
    line = np.zeros((LINE_HEIGHT, width), np.float32)
    line[:, left : left + used] = ink
    if writer.drift:
        matrix = np.array([[1, 0, 0], [writer.drift, 1, -writer.drift * width / 2]])
        line = np.asarray(cv2.warpAffine(line, matrix, line.shape[::-1]), np.float32)
    if rng.random() < _ELASTIC_FRACTION:
        line = _distort_elastically(line, rng)
    line *= np.float32(rng.uniform(0.8, 1.4))
    if rng.random() < 0.3:
        line *= paper.fade(line.shape, rng)
    blur = rng.choice([0.0, rng.uniform(0.3, 1.3)])
    base = writer.baseline / OVERSAMPLING
    top = base - writer.pen.height / OVERSAMPLING
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


def _distort_elastically(
    line: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Elastic distortion: move the strokes by a smooth random displacement field."""
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
    left_margin, right_margin = rng.exponential(6, 2)
    if rng.random() < 0.08:
        left_margin = -rng.uniform(0, 3)
    if rng.random() < 0.08:
        right_margin = -rng.uniform(0, 3)
    line[:, : max(0, round(left + 2 - left_margin))] = 0
    line[:, max(0, round(left + used - 2 + right_margin)) :] = 0
    if rng.random() < 0.25:
        line[: rng.integers(0, 5)] = 0
    if rng.random() < 0.25:
        line[LINE_HEIGHT - rng.integers(0, 5) :] = 0
