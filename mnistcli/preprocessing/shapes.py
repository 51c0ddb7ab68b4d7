"""Shared types of preprocessing: masks, bounding boxes and detected digits; imports no OpenCV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcli.line_format import RecognizedLine

Mask = NDArray[np.bool_]
"""A binary image, shape (h, w); True for foreground."""

Gray = NDArray[np.float32]
"""A grayscale image, shape (h, w)."""

Box = tuple[int, int, int, int]
"""A bounding box in pixels: left, top, right, bottom; the last two are exclusive."""

Region = tuple[slice, slice]
"""A bounding box as an index into an array: rows, columns."""

Classify = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""A classifier: images in MNIST format, uint8 (n, 28, 28), to class probabilities, (n, 10)."""


DIGIT_SIDE = 20
"""Longer side of the digit in an image in MNIST format, in pixels."""


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit detected in an image: its bounding box, its ink mask and its 28x28 image.

    Attributes:
        image: The digit in MNIST format, white on black, uint8 (28, 28).
        box: Its bounding box in pixels of the upright image.
        mask: Its ink mask within the box, at the resolution of the binarization.
        probabilities: Its class probabilities, float32 (10,), if segmentation has computed them;
            None otherwise.
    """

    image: NDArray[np.uint8]
    box: Box
    mask: Mask
    probabilities: NDArray[np.float32] | None = None


def compute_probabilities(digits: Sequence[Digit], classify: Classify) -> list[NDArray[np.float32]]:
    """Return the probabilities of digits; those that segmentation has not computed, in one batch.

    Args:
        digits: The digits.
        classify: Computes class probabilities, (n, 10), of images in MNIST format.
    """
    images = [digit.image for digit in digits if digit.probabilities is None]
    computed = iter(np.asarray(classify(np.stack(images)), np.float32) if images else ())
    return [
        next(computed) if digit.probabilities is None else digit.probabilities for digit in digits
    ]


@dataclass(frozen=True, eq=False)
class DetectedLine:
    """A detected text line: its number of digits, its row and its recognized text.

    Attributes:
        digit_count: The number of its digits.
        starts_row: Whether it starts a new row, instead of standing beside the previous line.
        recognized: The recognized line; None for a line with at most one digit.
    """

    digit_count: int
    starts_row: bool = True
    recognized: RecognizedLine | None = None


@dataclass(frozen=True, eq=False)
class ImageContent:
    """The digits of an image, and an account of all other foreground.

    Attributes:
        digits: The digits in reading order.
        lines: The text lines with digits, in reading order.
        marks: Bounding boxes of marks: punctuation, brackets and other signs beside digits.
        mark_symbols: The symbol of each mark; empty for one that was not recognized.
        form_elements: Bounding boxes of the form elements that were removed: frames and lines.
        speck_count: The number of specks: ink too small for a mark.
        largest_speck: The area of the largest speck in square pixels of the image.
        ignored_fraction: The fraction of the foreground, apart from form elements, that is outside
            the digits.
        is_tight_crop: Whether the digits fill the image to the edges.
    """

    digits: tuple[Digit, ...]
    lines: tuple[DetectedLine, ...] = ()
    marks: tuple[Box, ...] = ()
    mark_symbols: tuple[str, ...] = ()
    form_elements: tuple[Box, ...] = ()
    speck_count: int = 0
    largest_speck: int = 0
    ignored_fraction: float = 0.0
    is_tight_crop: bool = False


def expand_region(region: Region, margin: int) -> Region:
    """Expand a bounding box by a margin in pixels on every side; it still starts in the image."""
    rows, columns = (slice(max(side.start - margin, 0), side.stop + margin) for side in region)
    return rows, columns


def to_box(region: Region, factor: int, size: tuple[int, int]) -> Box:
    """Convert a bounding box in the reduced image to pixels of the image."""
    rows, columns = region
    return (
        columns.start * factor,
        rows.start * factor,
        min(columns.stop * factor, size[0]),
        min(rows.stop * factor, size[1]),
    )
