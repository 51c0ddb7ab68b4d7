"""Blur distortions for augmentation: defocus, motion, glass and a low resolution.

Each takes images (n, 28, 28, 1), random parameters and a seed generator for random pixels, and
returns the distorted images.
"""

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.training.augmentation.image_ops import Parameters, blend


def blur(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Apply Gaussian blur (defocus) or motion blur in one of four directions."""
    kind, strength, *_rest = parameters
    count = _BLUR_KERNELS.shape[-1]
    blurred = ops.conv(images, _BLUR_KERNELS, padding="same")
    one_hot = ops.cast(
        ops.equal(ops.floor(kind * count), np.arange(count, dtype=np.float32)), "float32"
    )
    blurred = ops.sum(blurred * one_hot, axis=-1, keepdims=True)
    return blend(images, blurred, 0.4 + 0.6 * strength)


def glass_blur(
    images: keras.KerasTensor, parameters: Parameters, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Apply glass blur: swap pixels with their neighbors at random and smooth, twice."""
    first, second, *_rest = parameters
    for smoothing in (first, second):
        direction = keras.random.uniform(ops.shape(images), seed=seed)
        horizontal = ops.where(direction < 0.25, ops.roll(images, 1, 2), ops.roll(images, -1, 2))
        vertical = ops.where(direction < 0.75, ops.roll(images, 1, 1), ops.roll(images, -1, 1))
        swapped = ops.where(direction < 0.5, horizontal, vertical)
        images = blend(swapped, ops.average_pool(swapped, 3, 1, "same"), smoothing)
    return images


def pixelate(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Downsample to 14x14 pixels, then enlarge (nearest neighbor or bilinear)."""
    kind, *_rest = parameters
    small = ops.average_pool(images, 2, 2)
    nearest = ops.repeat(ops.repeat(small, 2, axis=1), 2, axis=2)
    bilinear = ops.image.resize(small, (IMAGE_SIDE, IMAGE_SIDE), interpolation="bilinear")
    return ops.where(kind < 0.5, nearest, bilinear)


def _blur_kernels() -> NDArray[np.float32]:
    """Return one Gaussian kernel and four motion kernels, shape (5, 5, 1, 5)."""
    distance = np.arange(5) - 2.0
    gaussian = np.exp(-(distance**2) / 3)
    diagonal = np.eye(5)
    kernels = np.stack(
        [
            np.outer(gaussian, gaussian),
            diagonal,
            diagonal[::-1],
            diagonal[[2] * 5],
            diagonal[[2] * 5].T,
        ]
    )
    kernels /= kernels.sum(axis=(1, 2), keepdims=True)
    return kernels.transpose(1, 2, 0)[:, :, None].astype(np.float32)


_BLUR_KERNELS = _blur_kernels()
