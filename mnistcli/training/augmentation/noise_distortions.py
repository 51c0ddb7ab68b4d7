"""Noise distortions for augmentation: noise, fog, contrast, stripes, lines and spatter.

Each takes images (n, 28, 28, 1), random parameters and a seed generator for random pixels, and
returns the distorted images.
"""

import math

import keras
from keras import ops

from mnistcli.training.augmentation.image_ops import Parameters, rotate_coordinates, smooth_noise


def add_noise(
    images: keras.KerasTensor, parameters: Parameters, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Add Gaussian noise to all pixels and shot noise (approximately Poisson) to bright ones."""
    gaussian, shot, *_rest = parameters
    noise = keras.random.normal(ops.shape(images), seed=seed)
    deviation = 0.25 * gaussian**2 + 0.6 * shot * ops.sqrt(images)
    return ops.clip(images + deviation * noise, 0, 1)


def add_impulse_noise(
    images: keras.KerasTensor, parameters: Parameters, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Add impulse (salt-and-pepper) noise to 2 to 30 % of the pixels."""
    strength, *_rest = parameters
    pixels = keras.random.uniform(ops.shape(images), seed=seed)
    fraction = 0.01 + 0.14 * strength  # of black and of white pixels
    return ops.where(pixels < fraction, 0.0, ops.where(pixels > 1 - fraction, 1.0, images))


def add_fog(
    images: keras.KerasTensor, parameters: Parameters, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Reduce the contrast, raise the brightness and add coarse and fine fog."""
    contrast, brightness, coarse_strength, fine_strength, *_rest = parameters
    coarse = coarse_strength * (0.7 * smooth_noise(images, 4, seed) - 0.2)
    fine = 0.25 * fine_strength * smooth_noise(images, 14, seed)
    return ops.clip((0.3 + 0.7 * contrast) * images + 0.5 * brightness + coarse + fine, 0, 1)


def invert_stripe(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Invert a stripe across the image, or everything beside it."""
    angle, offset, width, contrast, side, *_rest = parameters
    _along, perpendicular = rotate_coordinates(angle * math.pi)
    distance = ops.abs(perpendicular + 16 * offset - 8)
    within = distance < 1 + 4 * width
    beside = distance > 6 + 4 * width
    inverted = 1 - (0.3 + 0.7 * contrast) * images
    return ops.where(ops.where(side < 0.6, within, beside), inverted, images)


def draw_line(
    images: keras.KerasTensor, parameters: Parameters, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Draw a thin line across the image: straight or zigzag, solid or dashed."""
    angle, frequency, phase, amplitude, offset, width, brightness, dashes = parameters
    along, perpendicular = rotate_coordinates(angle * math.pi)
    cycles = along * (0.1 + 0.2 * frequency) + phase
    zigzag = ops.abs(cycles - ops.floor(cycles) - 0.5) * 12 * ops.relu(amplitude - 0.4)
    distance = ops.abs(perpendicular + zigzag + 16 * offset - 8)
    line = ops.clip(0.7 + 0.8 * width - distance, 0, 1) * (0.6 + 0.4 * brightness)
    gaps = ops.logical_and(dashes < 0.5, ops.sin(along * (1 + dashes)) < 0)
    return ops.maximum(images, ops.where(gaps, 0.0, line))


def add_spatter(
    images: keras.KerasTensor, parameters: Parameters, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Add spatter: bright blots, or dark ones that hide the foreground."""
    size, opacity, kind, *_rest = parameters
    blots = ops.clip(8 * (smooth_noise(images, 12, seed) - 0.72 + 0.1 * size), 0, 1)
    blots = blots * (0.5 + 0.5 * opacity)
    return ops.where(kind < 0.75, ops.maximum(images, blots), images * (1 - blots))
