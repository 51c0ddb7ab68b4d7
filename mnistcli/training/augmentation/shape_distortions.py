"""Shape distortions for augmentation: warp, stroke width, blur, outline, pixelation, truncation.

Each takes images (n, 28, 28, 1), random parameters and a seed generator for random pixels, and
returns the distorted images.
"""

import math

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.training.augmentation.affine import affine_transforms, resample
from mnistcli.training.augmentation.image_ops import (
    Parameters,
    blend,
    dilate,
    erode,
    rotate_coordinates,
)


def warp(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Rotate, shear, scale, shift and tilt strongly, until digits cross the border."""
    scale, aspect, *signed = (ops.reshape(parameter, (-1,)) for parameter in parameters)
    scale = 0.6 + 0.7 * scale
    aspect = 0.85 + 0.3 * aspect
    rotation, shear, shift_x, shift_y, tilt_x, tilt_y = (2 * number - 1 for number in signed)
    # A digit of MNIST is 20 pixels long: this shift moves 2 of them over the border.
    max_shift = 16 - 10 * scale
    transforms = affine_transforms(
        rotation * math.radians(25),
        shear * math.radians(22),
        zoom=(aspect / scale, 1 / (aspect * scale)),
        # In input pixels: an output pixel covers 1 / scale of them.
        shift=(shift_x * max_shift / scale, shift_y * max_shift / scale),
    )
    perspective = 0.003 * ops.stack([tilt_x, tilt_y], axis=1)
    return resample(images, ops.concatenate([transforms[:, :6], perspective], axis=1))


def change_stroke_width(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Dilate or erode strokes by up to a pixel."""
    kind, strength, *_rest = parameters
    changed = ops.where(kind < 0.6, dilate(images), erode(images))
    # Full erosion would erase strokes that are two pixels wide.
    weight = ops.where(kind < 0.6, 0.3 + 0.7 * strength, 0.7 * strength)
    return blend(images, changed, weight)


def blur(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Apply Gaussian blur (out of focus) or motion blur in one of four directions."""
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


def trace_outline(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Replace strokes by their outline: dilation minus foreground."""
    threshold, connectivity, brightness, *_rest = parameters
    foreground = ops.clip(5 * (images - 0.1 - 0.4 * threshold), 0, 1)
    cross = ops.maximum(
        ops.max_pool(foreground, (3, 1), 1, "same"), ops.max_pool(foreground, (1, 3), 1, "same")
    )
    outline = ops.where(connectivity < 0.5, dilate(foreground), cross) - foreground
    return outline * (0.6 + 0.4 * brightness)


def pixelate(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Reduce the resolution to 14x14, then enlarge (nearest neighbor or bilinear)."""
    kind, *_rest = parameters
    small = ops.average_pool(images, 2, 2)
    nearest = ops.repeat(ops.repeat(small, 2, axis=1), 2, axis=2)
    bilinear = ops.image.resize(small, (IMAGE_SIDE, IMAGE_SIDE), interpolation="bilinear")
    return ops.where(kind < 0.5, nearest, bilinear)


def truncate(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Cut off one to four of the digit's 20 pixels on one side."""
    side, depth, *_rest = parameters
    along, _perpendicular = rotate_coordinates(ops.floor(4 * side) * (math.pi / 2))
    return ops.where(along < 9 - 3 * depth, images, 0.0)


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
