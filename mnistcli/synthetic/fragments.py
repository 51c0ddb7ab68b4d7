"""Synthetic fragments as non-digits: digits that are cut, joined or shuffled, and cut drawings."""

import math
from collections.abc import Collection

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset
from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.preprocessing.components import bounding_region
from mnistcli.preprocessing.normalization import to_mnist_format
from mnistcli.synthetic.doodles import draw_arches, draw_face, draw_scene, draw_scribble
from mnistcli.synthetic.letters import draw_letter, render_letter

MIN_PEAK = 128
"""A blank or faint image has no pixel as bright as this."""

_PICK_ATTEMPTS = 100
_CROSSED_OUT_SIDE = 112  # pixels of the canvas of a digit that is crossed out


def cut_digit(digits: Dataset, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Keep the left half of a 3 or 5, which does not look like a digit.

    Args:
        digits: Digits to pick from.
        rng: The random number generator.
    """
    image = _pick_digit(digits, rng, {3, 5})
    rows, columns = np.mgrid[:IMAGE_SIDE, :IMAGE_SIDE] - IMAGE_SIDE / 2
    slope, offset = rng.uniform(-0.5, 0.5), rng.uniform(-3, 0)
    return _normalize(np.where(columns + slope * rows < offset, image, 0))


def join_digits(digits: Dataset, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Place two or three digits side by side, close enough to touch (under-segmentation).

    Args:
        digits: Digits to pick from.
        rng: The random number generator.
    """
    images = [
        _pick_digit(digits, rng, {0, 2, 3, 4, 5, 6, 7, 8, 9}) for _ in range(rng.integers(2, 4))
    ]
    canvas = np.zeros((IMAGE_SIDE + 4, 3 * IMAGE_SIDE), np.uint8)
    right = 0
    for image in images:
        cropped = image[:, image.any(axis=0)]
        left = max(0, right - int(rng.integers(0, 4)))
        top = int(rng.integers(0, 5))
        target = canvas[top : top + IMAGE_SIDE, left : left + cropped.shape[1]]
        np.maximum(target, cropped, out=target)
        right = left + cropped.shape[1]
    return _normalize(canvas)


def superimpose_digits(digits: Dataset, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Superimpose three digits, two of them rotated by 90 degrees.

    Args:
        digits: Digits to pick from.
        rng: The random number generator.
    """
    labels = {2, 3, 4, 5, 7, 8}
    combined = _pick_digit(digits, rng, labels)
    for _ in range(2):
        rotated = np.rot90(_pick_digit(digits, rng, labels), rng.choice([1, 3]))
        combined = np.maximum(combined, np.roll(rotated, rng.integers(-5, 6, 2), (0, 1)))
    return _normalize(combined)


def shuffle_quarters(digits: Dataset, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cut a digit into quarters and rearrange them.

    Args:
        digits: Digits to pick from.
        rng: The random number generator.
    """
    image = _pick_digit(digits, rng, {2, 3, 4, 5, 7, 9})
    top_left, top_right = image[4:14, 4:14], image[4:14, 14:24]
    bottom_left, bottom_right = image[14:24, 4:14], image[14:24, 14:24]
    return _normalize(np.block([[bottom_left, top_left], [bottom_right, top_right]]))


def mirror_digit(digits: Dataset, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mirror a 3. Other digits still look like one: a mirrored 2 is a 5.

    Args:
        digits: Digits to pick from.
        rng: The random number generator.
    """
    return _pick_digit(digits, rng, {3})[:, ::-1]


def cross_out_digit(digits: Dataset, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cross out a digit: with an X, two or three parallel lines (strikethrough), or a zigzag.

    One line is not enough: a 0 and a 7 have one in some handwriting.

    Args:
        digits: Digits to pick from.
        rng: The random number generator.
    """
    image = _pick_digit(digits, rng, range(10))
    if not image.any():
        return image
    margin = (_CROSSED_OUT_SIDE - 3 * IMAGE_SIDE) // 2
    enlarged = cv2.resize(image, (3 * IMAGE_SIDE, 3 * IMAGE_SIDE), interpolation=cv2.INTER_CUBIC)
    canvas = np.pad(enlarged, margin)
    strokes = (_cross, _parallel_lines, _zigzag)[rng.integers(3)](rng)
    length = _CROSSED_OUT_SIDE - 12
    pixels = np.rint(strokes * length * rng.uniform(0.75, 1) + _CROSSED_OUT_SIDE / 2)
    line_width = int(rng.integers(6, 12))
    crossed_out = cv2.polylines(canvas, list(pixels.astype(np.int32)), False, 255, line_width)
    return _normalize(np.asarray(crossed_out, np.uint8))


def make_fraction(digits: Dataset, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Place two digits one above the other with a bar between them, as one drawing.

    Args:
        digits: Digits to pick from.
        rng: The random number generator.
    """
    upper, lower = (_crop(_pick_digit(digits, rng, {2, 3, 4, 5, 7})) for _ in range(2))
    gap = int(rng.integers(5, 9))
    width = max(upper.shape[1], lower.shape[1]) + 6
    canvas = np.zeros((upper.shape[0] + gap + lower.shape[0], width), np.uint8)
    for digit, top in ((upper, 0), (lower, upper.shape[0] + gap)):
        left = int(rng.integers(0, width - digit.shape[1] + 1))
        canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    middle = upper.shape[0] + gap // 2
    canvas[middle - 1 : middle + 1] = canvas.max()
    return _normalize(canvas)


def join_halves(digits: Dataset, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Join the right half of a digit to the left half of another: a segmentation error.

    Args:
        digits: Digits to pick from.
        rng: The random number generator.
    """
    labels = {2, 3, 4, 5, 6, 8, 9}
    left, right = (_crop(_pick_digit(digits, rng, labels)) for _ in range(2))
    height = max(left.shape[0], right.shape[0])
    left, right = (np.pad(part, ((0, height - len(part)), (0, 0))) for part in (left, right))
    first = left[:, int(left.shape[1] * rng.uniform(0.35, 0.55)) :]
    second = right[:, : math.ceil(right.shape[1] * rng.uniform(0.45, 0.65))]
    gap = np.zeros((height, int(rng.integers(0, 3))), np.uint8)
    return _normalize(np.hstack([first, gap, second]))


def cut_drawing(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cut a letter or doodle vertically; it stays whole if the part could look like a 1.

    Args:
        rng: The random number generator.
    """
    drawings = (render_letter, draw_letter, draw_scene, draw_arches, draw_face, draw_scribble)
    image = drawings[rng.integers(len(drawings))](rng)
    columns = _foreground_indices(image, axis=0)
    cut = int(rng.integers(columns[0] + 5, columns[-1] - 3)) if np.ptp(columns) > 10 else 0
    part = image[:, cut:] if rng.random() < 0.5 else image[:, :cut]
    rows, columns = _foreground_indices(part, axis=1), _foreground_indices(part, axis=0)
    if not rows.size or np.ptp(columns) < 0.6 * np.ptp(rows):
        return image
    return _normalize(part)


def _cross(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the two lines of an X, shape (2, 2, 2)."""
    lines = _lines(2, rng, max_height=0.6, rises=(0.4, 0.7))
    lines[1] *= (1, -1)
    return lines


def _parallel_lines(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return two or three lines, shape (n, 2, 2)."""
    return _lines(int(rng.integers(2, 4)), rng, max_height=0.3)


def _zigzag(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return one polyline through the ends of five to eight lines, shape (1, n, 2)."""
    return _lines(int(rng.integers(5, 9)), rng, max_height=0.6).reshape(1, -1, 2)


def _lines(
    count: int,
    rng: np.random.Generator,
    *,
    max_height: float,
    rises: tuple[float, float] = (-0.3, 0.3),
) -> NDArray[np.float64]:
    """Return parallel lines from left to right around (0, 0), about one unit long.

    Args:
        count: Number of lines.
        rng: The random number generator.
        max_height: Largest distance between the first and the last line.
        rises: Range of half the rise of all lines.

    Returns:
        Both ends of each line, shape (n, 2, 2).
    """
    heights = np.linspace(-0.5, 0.5, count) * rng.uniform(0.12, max_height)
    left, right = 0.5 + rng.normal(0, 0.05, (2, count))
    rise = rng.uniform(*rises)
    starts = np.column_stack([-left, heights + rise])
    ends = np.column_stack([right, heights - rise])
    return np.stack([starts, ends], axis=1)


def _pick_digit(
    digits: Dataset, rng: np.random.Generator, labels: Collection[int]
) -> NDArray[np.uint8]:
    """Pick an image with one of the labels, or with any label if these are rare."""
    for _ in range(_PICK_ATTEMPTS):
        index = int(rng.integers(len(digits)))
        if digits.labels[index] in labels:
            break
    return _stretch_contrast(digits.images[index])


def _crop(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Crop to the foreground; a blank image stays whole."""
    mask = image > MIN_PEAK
    return image[bounding_region(mask)] if mask.any() else image


def _stretch_contrast(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch a faint image so that its maximum is 255."""
    peak = int(image.max())
    if not 0 < peak < MIN_PEAK:
        return image
    stretched: NDArray[np.uint8] = np.rint(image * (255 / peak)).astype(np.uint8)
    return stretched


def _foreground_indices(image: NDArray[np.uint8], *, axis: int) -> NDArray[np.intp]:
    """Return the columns (axis 0) or rows (axis 1) that hold foreground pixels."""
    return np.flatnonzero(image.max(axis=axis, initial=0) > MIN_PEAK)


def _normalize(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert to MNIST format again, or to a blank image if the foreground is too faint."""
    if image.max() < MIN_PEAK:
        return np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    return to_mnist_format(image.astype(np.float32) / np.float32(255))
