"""Images for the tests of distortions, and a function that applies one with given parameters."""

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli.training.augmentation.distortions import Distortion
from tests.support.strokes import make_digits

Images = NDArray[np.float32]  # (n, 28, 28, 1) in 0..1


def digit_images(count: int, seed: int) -> Images:
    """Return digits of `make_digits`."""
    images = make_digits(count, seed=seed).images[..., None].astype(np.float32)
    images /= 255
    return images


def bar(width: int) -> Images:
    """Return one image of a white vertical bar 20 pixels high."""
    images = np.zeros((1, 28, 28, 1), np.float32)
    images[:, 4:24, 14 - width // 2 : 14 - width // 2 + width] = 1
    return images


def dots(count: int) -> Images:
    """Return images of one white pixel in row 14 and column 14."""
    images = np.zeros((count, 28, 28, 1), np.float32)
    images[:, 14, 14] = 1
    return images


def solid(level: float, count: int = 1) -> Images:
    """Return images of one gray level."""
    return np.full((count, 28, 28, 1), level, np.float32)


def apply(distort: Distortion, images: Images, *parameters: float) -> Images:
    """Distort images with the given parameters; those omitted are 0.5."""
    values = [*parameters, *[0.5] * (8 - len(parameters))]
    arrays = [np.full((len(images), 1, 1, 1), value, np.float32) for value in values]
    return np.asarray(distort(images, arrays, keras.random.SeedGenerator(1)))


def count_foreground(images: Images) -> int:
    """Return the number of pixels brighter than 0.5."""
    return int((images > 0.5).sum())
