"""Synthetic textures as non-digits: noise, gradients, patterns and crops of photographs."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_sample_images

from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.preprocessing.normalization import to_mnist_format


def render_noise(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Render Gaussian noise, fine or coarse, over a gradient; grayscale or binary.

    Args:
        rng: The random number generator.
    """
    noise = ndimage.gaussian_filter(rng.normal(0, 1, (IMAGE_SIDE, IMAGE_SIDE)), rng.uniform(0.3, 4))
    noise /= noise.std()
    rows, columns = np.mgrid[:IMAGE_SIDE, :IMAGE_SIDE] / IMAGE_SIDE
    noise += rng.uniform(-3, 3) * rows + rng.uniform(-3, 3) * columns
    return _to_gray_or_binary(noise, rng)


def crop_photograph(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Crop one of the two sample photographs of scikit-learn; grayscale or binary.

    Args:
        rng: The random number generator.
    """
    photograph = _load_photograph(int(rng.integers(2)))
    side = int(rng.integers(IMAGE_SIDE, 200))
    left, top = (int(rng.integers(size - side)) for size in photograph.size)
    crop = photograph.resize((IMAGE_SIDE, IMAGE_SIDE), box=(left, top, left + side, top + side))
    return _to_gray_or_binary(np.asarray(crop, dtype=np.float64), rng)


def render_pattern(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Render a regular pattern: stripes, a raster of dots, a checkerboard or random cells.

    Args:
        rng: The random number generator.
    """
    kind = rng.integers(4)
    if kind == 3:  # random cells, as in a QR code
        cells = (rng.random(rng.integers(7, 13, 2)) < rng.uniform(0.3, 0.6)).astype(np.float32)
        return to_mnist_format(cells.repeat(4, axis=0).repeat(4, axis=1))
    angle, periods = rng.uniform(0, np.pi), rng.uniform(3, 8)  # across the image
    rows, columns = np.mgrid[:IMAGE_SIDE, :IMAGE_SIDE] * (2 * np.pi * periods / IMAGE_SIDE)
    first = np.sin(columns * np.cos(angle) + rows * np.sin(angle) + rng.uniform(0, 6.3))
    second = np.sin(rows * np.cos(angle) - columns * np.sin(angle) + rng.uniform(0, 6.3))
    pattern = (first, first + second, first * second)[kind]
    return _to_gray_or_binary(pattern + rng.normal(0, rng.uniform(0, 0.2), pattern.shape), rng)


def _to_gray_or_binary(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Invert at random, then stretch to 0..255 (30 %) or binarize at a random threshold."""
    values = values * rng.choice([-1, 1])
    if rng.random() < 0.3:
        normalized = (values - values.min()) / max(np.ptp(values), 1e-6)
        gray: NDArray[np.uint8] = np.rint(255 * normalized).astype(np.uint8)
        return gray
    foreground = values > np.quantile(values, rng.uniform(0.5, 0.9))
    return to_mnist_format(foreground.repeat(2, axis=0).repeat(2, axis=1).astype(np.float32))


@cache
def _load_photograph(index: int) -> Image.Image:
    return Image.fromarray(load_sample_images().images[index]).convert("L")
