"""MNIST format: recognize an image that is already a normalized 28x28 digit; imports no OpenCV."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.preprocessing.shapes import DIGIT_SIDE, Digit

_MIN_PEAK = 250  # gray level that the brightest pixel must reach
_CENTER = (13.4, 14.6)  # pixels: bounds of the center of mass along each axis
_INDICES = np.arange(IMAGE_SIDE)


def detect_mnist_digit(image: Image.Image) -> Digit | None:
    """Return the digit of an image that is already in MNIST format; None for any other image.

    MNIST format is white on black, 28x28 and size-normalized: the longer side of the digit has 19
    or 20 pixels, and its center of mass is in the middle. All 70,000 digits of MNIST satisfy this.
    Such an image bypasses preprocessing.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
    """
    pixels = _gray_pixels(image) if image.size == (IMAGE_SIDE, IMAGE_SIDE) else None
    if pixels is None or pixels.max() < _MIN_PEAK:
        return None
    profiles = pixels.sum(axis=1), pixels.sum(axis=0)
    if not all(_is_centered(profile) for profile in profiles):
        return None
    rows, columns = region = _extent(profiles[0]), _extent(profiles[1])
    longer_side = max(rows.stop - rows.start, columns.stop - columns.start)
    if longer_side not in {DIGIT_SIDE - 1, DIGIT_SIDE}:
        return None
    box = columns.start, rows.start, columns.stop, rows.stop
    return Digit(pixels, box, pixels[region] > 0)


def _gray_pixels(image: Image.Image) -> NDArray[np.uint8] | None:
    """Return the pixels of a gray image, including one in RGB; None for an image with color."""
    pixels = np.array(image)
    if pixels.ndim == 2:
        return pixels
    gray: NDArray[np.uint8] = pixels[..., 0]
    return gray if (pixels == pixels[..., :1]).all() else None


def _is_centered(profile: NDArray[np.uint64]) -> bool:
    """Return whether the center of mass of a projection profile is in the middle."""
    low, high = _CENTER
    return bool(low < profile @ _INDICES / profile.sum() < high)


def _extent(profile: NDArray[np.uint64]) -> slice:
    """Return the range from the first to the last index with foreground."""
    indices = np.flatnonzero(profile)
    return slice(int(indices[0]), int(indices[-1]) + 1)
