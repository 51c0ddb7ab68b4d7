"""Shape distortions for augmentation: warp, stroke width, outline and truncation.

Each takes images (n, 28, 28, 1), random parameters and a seed generator for random pixels, and
returns the distorted images.
"""

import math

import keras
from keras import ops

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
    """Rotate, shear, scale, shift and tilt strongly, until digits cross the border.

    The five changes form one random projective transform.
    """
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


def trace_outline(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Replace strokes with their outline: dilation minus foreground."""
    threshold, connectivity, brightness, *_rest = parameters
    foreground = ops.clip(5 * (images - 0.1 - 0.4 * threshold), 0, 1)
    cross = ops.maximum(
        ops.max_pool(foreground, (3, 1), 1, "same"), ops.max_pool(foreground, (1, 3), 1, "same")
    )
    outline = ops.where(connectivity < 0.5, dilate(foreground), cross) - foreground
    return outline * (0.6 + 0.4 * brightness)


def truncate(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Cut off one to four of the digit's 20 pixels on one side."""
    side, depth, *_rest = parameters
    along, _perpendicular = rotate_coordinates(ops.floor(4 * side) * (math.pi / 2))
    return ops.where(along < 9 - 3 * depth, images, 0.0)
