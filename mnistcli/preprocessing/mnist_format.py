"""MNIST format: recognize an image that is already a normalized 28x28 digit; loads no SciPy."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.preprocessing.shapes import DIGIT_SIDE, SIDE, Digit, bounding_region

_MIN_PEAK = 250
_CENTER = (13.4, 14.6)  # pixels: bounds of the center of mass along each axis


def read_mnist_format(image: Image.Image) -> Digit | None:
    """Return the digit of an image that is in MNIST format already; None for any other image.

    MNIST format is white on black, 28x28, with the longer side of the digit 19 or 20 pixels and
    its center of mass in the middle. All 70,000 digits of MNIST fulfill this.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
    """
    pixels = _gray_pixels(image) if image.size == (SIDE, SIDE) else None
    if pixels is None or pixels.max() < _MIN_PEAK:
        return None
    rows, columns = region = bounding_region(pixels > 0)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if max(height, width) not in {DIGIT_SIDE - 1, DIGIT_SIDE} or not _is_centered(pixels):
        return None
    box = columns.start, rows.start, columns.stop, rows.stop
    return Digit(pixels, box, pixels[region] > 0)


def _gray_pixels(image: Image.Image) -> NDArray[np.uint8] | None:
    """Return the pixels of a gray image, also of one in RGB; None for an image with color."""
    pixels = np.array(image)
    if pixels.ndim == 2:
        return pixels
    gray: NDArray[np.uint8] = pixels[..., 0]
    return gray if (pixels == pixels[..., :1]).all() else None


def _is_centered(pixels: NDArray[np.uint8]) -> bool:
    """Whether the center of mass is in the middle along each axis."""
    low, high = _CENTER
    profiles = (pixels.sum(axis=axis) for axis in (0, 1))
    return all(low < profile @ np.arange(SIDE) / profile.sum() < high for profile in profiles)
