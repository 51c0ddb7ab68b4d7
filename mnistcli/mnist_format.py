"""MNIST format: image size, classes, centering of a digit, scaling to the input of a model."""

import numpy as np
from numpy.typing import NDArray

IMAGE_SIDE = 28
"""Height and width of an image in MNIST format, in pixels."""

NUM_CLASSES = 10
"""The number of classes: the digits 0 to 9."""


def to_model_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Rescale images to the input of a model: uint8 (n, h, w) / 255, as float32 (n, h, w, 1)."""
    return np.divide(images[..., None], 255, dtype=np.float32)


def place_by_center_of_mass(digit: NDArray[np.number]) -> NDArray[np.uint8]:
    """Place a digit in an image in MNIST format, with its center of mass in the middle.

    Args:
        digit: Gray levels 0 to 255, white on black, shape (h, w) of at most 28x28.

    Returns:
        The image, uint8 (28, 28). A digit that would cross the border is moved inside.
    """
    top, left = (
        min(max(round(IMAGE_SIDE / 2 - center), 0), IMAGE_SIDE - length)
        for center, length in zip(_center_of_mass(digit), digit.shape, strict=True)
    )
    image = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    image[top : top + digit.shape[0], left : left + digit.shape[1]] = np.rint(digit)
    return image


def _center_of_mass(digit: NDArray[np.number]) -> tuple[float, float]:
    """Compute the center of mass (centroid) along the rows and the columns, in pixel indices."""
    by_row, by_column = (digit.sum(axis=axis, dtype=np.float64) for axis in (1, 0))
    total = by_row.sum()
    row, column = (float(np.arange(len(mass)) @ mass / total) for mass in (by_row, by_column))
    return row, column
