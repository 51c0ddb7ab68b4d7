"""Image operations for augmentation: dilation, erosion, blending, coordinates, smooth noise."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from mnistcli.mnist_format import IMAGE_SIDE

Parameters = Sequence[keras.KerasTensor]
"""Eight random numbers in 0..1 for each image, each of shape (n, 1, 1, 1)."""

# Coordinates of the pixels relative to the center, shape (28, 28, 1).
_Y, _X = (axis[..., None].astype(np.float32) - 13.5 for axis in np.mgrid[:IMAGE_SIDE, :IMAGE_SIDE])


def dilate(images: keras.KerasTensor) -> keras.KerasTensor:
    """Dilate images: make strokes one pixel wider on every side."""
    return ops.max_pool(images, 3, 1, "same")


def erode(images: keras.KerasTensor) -> keras.KerasTensor:
    """Erode images: make strokes one pixel thinner on every side."""
    return -ops.max_pool(-images, 3, 1, "same")


def blend(
    images: keras.KerasTensor, others: keras.KerasTensor, weight: keras.KerasTensor | float
) -> keras.KerasTensor:
    """Blend two images linearly.

    Args:
        images: Images with weight ``1 - weight``.
        others: Images with the given weight.
        weight: In 0..1, one number or one per image.
    """
    return images + weight * (others - images)


def rotate_coordinates(angle: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the coordinates of all pixels along a direction and perpendicular to it.

    Args:
        angle: The direction in radians, shape (n, 1, 1, 1).

    Returns:
        Both coordinates in pixels from the center, shape (n, 28, 28, 1).
    """
    cosine, sine = ops.cos(angle), ops.sin(angle)
    x, y = ops.convert_to_tensor(_X), ops.convert_to_tensor(_Y)
    return x * cosine + y * sine, y * cosine - x * sine


def smooth_noise(
    images: keras.KerasTensor, grid_side: int, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Return smooth random values in 0..1 for every pixel (value noise).

    They are interpolated from a coarse grid of random values.

    Args:
        images: The images that the values are for.
        grid_side: Side of the grid; the smaller, the smoother.
        seed: Seed generator of the values.
    """
    grid = keras.random.uniform((ops.shape(images)[0], grid_side, grid_side, 1), seed=seed)
    return ops.image.resize(grid, (IMAGE_SIDE, IMAGE_SIDE), interpolation="bilinear")
