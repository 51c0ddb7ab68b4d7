"""A digit in MNIST's form, and pictures that are one already."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 28
LONGER = 20
"""The ink's longer side, in pixels of the finished digit."""

Score = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""Digits (n, 28, 28) to how likely each is a 0 to 9, (n, 10); rows may sum to less than one."""

_PLACES = np.arange(SIDE)


@dataclass(frozen=True)
class Digit:
    """One digit found on a picture.

    Attributes:
        image: The digit in MNIST's form, white on black, shape (28, 28).
        box: Where it is: left, top, right, bottom in pixels of the upright picture; the last two
            are one past the ink.
        ink: The pixels in the box that are its ink, as fine as `find_foreground` sees the picture.
    """

    image: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    ink: NDArray[np.bool_]


def stored_digit(picture: Image.Image) -> Digit | None:
    """Return the digit on a picture that is as MNIST stores it; None for any other picture.

    White on black, 28 x 28, the ink's longer side 19 or 20, its centre of mass in the middle. This
    holds for all 70,000 digits of MNIST.

    Args:
        picture: An 8-bit picture, mode ``L`` or ``RGB``.
    """
    if picture.size != (SIDE, SIDE):
        return None
    pixels = np.array(picture)
    if pixels.ndim == 3:
        if (pixels != pixels[..., :1]).any():
            return None
        pixels = pixels[..., 0]
    if pixels.max() < 250:
        return None
    down, across = pixels.sum(axis=1), pixels.sum(axis=0)
    rows, columns = np.flatnonzero(down), np.flatnonzero(across)
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    centre = (line @ _PLACES / line.sum() for line in (down, across))
    longer = max(right - left, bottom - top)
    if longer not in {LONGER - 1, LONGER} or not all(13.4 < middle < 14.6 for middle in centre):
        return None
    box = int(left), int(top), int(right), int(bottom)
    return Digit(pixels, box, pixels[top:bottom, left:right] > 0)
