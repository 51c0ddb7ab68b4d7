"""MNIST format: the size of images, the classes, and the scaling to the input of a model."""

import numpy as np
from numpy.typing import NDArray

IMAGE_SIDE = 28
"""Height and width of an image in MNIST format, in pixels."""

NUM_CLASSES = 10
"""The number of classes: the digits 0 to 9."""


def to_model_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Rescale images to the input of a model: uint8 (n, h, w) / 255, as float32 (n, h, w, 1)."""
    return np.divide(images[..., None], 255, dtype=np.float32)
