"""Fifteen image corruptions, to measure and test the robustness of a classifier.

They follow the kinds and, as far as these are known, the strengths of the benchmark MNIST-C (Mu
and Gilmer, 2019). The implementations are new, so error rates are close to the benchmark's but not
equal. The augmentation layer `RandomDistortion` knows the same kinds, in other implementations and
over ranges of strength: a low error shows robustness to known kinds of corruption, not to unknown
ones. No training uses this module.
"""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Images = NDArray[np.uint8]
"""Images, shape (n, 28, 28)."""


def _to_uint8(images: NDArray[np.float64]) -> Images:
    """Convert images in 0..1 to 0..255, with clipping."""
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)


def shot_noise(images: Images, rng: np.random.Generator, photons: float = 3) -> Images:
    """Add shot noise (Poisson), with a mean number of photons for a white pixel."""
    return _to_uint8(rng.poisson(images / 255 * photons) / photons)


def impulse_noise(images: Images, rng: np.random.Generator, fraction: float = 0.17) -> Images:
    """Turn a fraction of the pixels black or white (salt-and-pepper noise)."""
    affected = rng.random(images.shape) < fraction
    return np.where(affected, rng.choice(np.array([0, 255], np.uint8), images.shape), images)


def glass_blur(
    images: Images, rng: np.random.Generator, sigma: float = 0.7, rounds: int = 1
) -> Images:
    """Blur, swap each pixel with a random neighbor for some rounds, and blur again."""
    blurred = ndimage.gaussian_filter(images / 255, (0, sigma, sigma))
    indices = np.arange(len(images))
    for _ in range(rounds):
        for row, column in np.ndindex(26, 26):
            other_row = row + 1 + rng.integers(-1, 2, len(images))
            other_column = column + 1 + rng.integers(-1, 2, len(images))
            pixels = blurred[:, row + 1, column + 1].copy()
            blurred[:, row + 1, column + 1] = blurred[indices, other_row, other_column]
            blurred[indices, other_row, other_column] = pixels
    return _to_uint8(ndimage.gaussian_filter(blurred, (0, sigma, sigma)))


def motion_blur(
    images: Images, rng: np.random.Generator, sigma: float = 3, length: int = 10
) -> Images:
    """Blur along a line within 45 degrees of the horizontal, with Gaussian weights."""
    weights = np.exp(-(np.arange(length + 1) ** 2) / (2 * sigma**2))
    angles = np.radians(rng.integers(-9, 10, len(images)) * 5)
    blurred = np.zeros(images.shape)
    for angle in np.unique(angles):
        selected = images[angles == angle] / 255
        for step, weight in enumerate(weights / weights.sum()):
            shift = (0, step * np.sin(angle), step * np.cos(angle))
            blurred[angles == angle] += weight * ndimage.shift(selected, shift, order=1)
    return _to_uint8(blurred)


def _transform(
    images: Images, matrices: NDArray[np.float64], shifts: NDArray[np.float64]
) -> Images:
    """Apply affine transforms around the center of each image.

    Args:
        images: The images.
        matrices: From output to input coordinates (row, column), shape (n, 2, 2).
        shifts: In output pixels, shape (n, 2).
    """
    center = 13.5
    results = np.empty_like(images)
    for index, (matrix, shift) in enumerate(zip(matrices, shifts, strict=True)):
        offset = center - matrix @ (center + shift)
        results[index] = _to_uint8(
            ndimage.affine_transform(images[index] / 255, matrix, offset, order=1)
        )
    return results


def _random_signs(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    return rng.choice([-1.0, 1.0], shape)


def shear(images: Images, rng: np.random.Generator, slope: float = 0.4) -> Images:
    """Shear to the left or right."""
    matrices = np.tile(np.eye(2), (len(images), 1, 1))
    matrices[:, 1, 0] = slope * _random_signs(rng, len(images))
    return _transform(images, matrices, np.zeros((len(images), 2)))


def scale(images: Images, rng: np.random.Generator, size: float = 0.6) -> Images:
    """Scale down around the center."""
    matrices = np.tile(np.eye(2) / size, (len(images), 1, 1))
    return _transform(images, matrices, np.zeros((len(images), 2)))


def rotate(images: Images, rng: np.random.Generator, radians: float = 0.4) -> Images:
    """Rotate to the left or right around the center."""
    angles = radians * _random_signs(rng, len(images))
    cosines, sines = np.cos(angles), np.sin(angles)
    matrices = np.array([[cosines, sines], [-sines, cosines]]).transpose(2, 0, 1)
    return _transform(images, matrices, np.zeros((len(images), 2)))


def translate(
    images: Images, rng: np.random.Generator, minimum: int = 3, maximum: int = 5
) -> Images:
    """Shift vertically and horizontally by a number of pixels, even over the border."""
    shifts = _random_signs(rng, len(images), 2) * rng.integers(
        minimum, maximum + 1, (len(images), 2)
    )
    return _transform(images, np.tile(np.eye(2), (len(images), 1, 1)), shifts)


def brightness(images: Images, rng: np.random.Generator, offset: float = 0.5) -> Images:
    """Raise the brightness of every pixel; bright ones become white."""
    return _to_uint8(images / 255 + offset)


def stripe(images: Images, rng: np.random.Generator, width: int = 7) -> Images:
    """Invert the columns at the left and right border, outside a stripe in the middle."""
    striped = images.copy()
    striped[:, :, :width] = 255 - images[:, :, :width]
    striped[:, :, -width:] = 255 - images[:, :, -width:]
    return striped


def fog(images: Images, rng: np.random.Generator, density: float = 1.5) -> Images:
    """Add fog with a 1/f^2 amplitude spectrum, and normalize the brightness."""
    frequencies = np.hypot(*np.meshgrid(np.fft.fftfreq(28), np.fft.fftfreq(28)))
    frequencies[0, 0] = np.inf
    spectrum = np.fft.fft2(rng.standard_normal(images.shape)) / frequencies**2
    haze = np.fft.ifft2(spectrum).real
    haze -= haze.min(axis=(1, 2), keepdims=True)
    haze /= haze.max(axis=(1, 2), keepdims=True)
    return _to_uint8((images / 255 + density * haze) / (1 + density))


def spatter(images: Images, rng: np.random.Generator, fraction: float = 0.12) -> Images:
    """Cover a fraction of each image with soft bright blots."""
    noise = ndimage.gaussian_filter(rng.standard_normal(images.shape), (0, 1.2, 1.2))
    threshold = np.quantile(noise, 1 - fraction, axis=(1, 2), keepdims=True)
    blots = np.clip((noise - threshold) * 8, 0, 0.9)
    return _to_uint8(np.maximum(images / 255, blots))


def _draw_on_each(
    images: Images, random_points: Callable[[], list[tuple[float, float]]], *, dots: bool
) -> Images:
    """Draw random points on each image, as dots or joined by a line."""
    results = np.empty_like(images)
    for index, array in enumerate(images):
        image = Image.fromarray(array)
        pen = ImageDraw.Draw(image)
        if dots:
            pen.point(random_points(), fill=255)
        else:
            pen.line(random_points(), fill=255)
        results[index] = np.asarray(image)
    return results


def dotted_line(images: Images, rng: np.random.Generator, gap: float = 2) -> Images:
    """Draw a straight dotted line from left to right."""

    def random_points() -> list[tuple[float, float]]:
        left, right = rng.uniform(4, 24, 2)
        return [(float(x), left + (right - left) * x / 27) for x in np.arange(0, 28, gap)]

    return _draw_on_each(images, random_points, dots=True)


def zigzag(images: Images, rng: np.random.Generator, width: float = 3, height: float = 3) -> Images:
    """Draw a zigzag line from left to right."""

    def random_points() -> list[tuple[float, float]]:
        left, right = rng.uniform(4, 24, 2)
        columns = np.arange(0, 28 + width, width)
        offsets = height * np.where(np.arange(len(columns)) % 2, 1, -1) / 2
        rows = left + (right - left) * columns / 27 + offsets + rng.normal(0, 0.5, len(columns))
        return list(zip(columns.tolist(), rows.tolist(), strict=True))

    return _draw_on_each(images, random_points, dots=False)


def canny_edges(
    images: Images, rng: np.random.Generator, low: float = 0.1, high: float = 0.2
) -> Images:
    """Replace images by their edges, found with Canny's detector (1986)."""
    smooth = ndimage.gaussian_filter(images / 255, (0, 1, 1), mode="constant")
    vertical, horizontal = (
        ndimage.correlate1d(ndimage.correlate1d(smooth, [-1, 0, 1], axis), [1, 2, 1], 3 - axis)
        for axis in (1, 2)
    )
    magnitude = np.hypot(vertical, horizontal)
    # Non-maximum suppression along the direction of a neighbor that is nearest to the gradient.
    direction = np.rint(np.arctan2(vertical, horizontal) / (np.pi / 4)).astype(int) % 4
    ridge = np.zeros(images.shape, bool)
    for index, (row, column) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        previous, following = (
            np.roll(magnitude, (sign * row, sign * column), (1, 2)) for sign in (1, -1)
        )
        ridge |= (direction == index) & (magnitude >= previous) & (magnitude > following)
    # Hysteresis: weak edges count where they are connected to strong ones.
    connectivity = np.zeros((3, 3, 3), bool)
    connectivity[1] = True
    strong, weak = ridge & (magnitude > high), ridge & (magnitude > low)
    edges = ndimage.binary_propagation(strong, connectivity, mask=weak)
    return np.where(edges, 255, 0).astype(np.uint8)


Corruption = Callable[[Images, np.random.Generator], Images]
CORRUPTIONS: MappingProxyType[str, Corruption] = MappingProxyType(
    {
        corruption.__name__: corruption
        for corruption in (
            shot_noise,
            impulse_noise,
            glass_blur,
            motion_blur,
            shear,
            scale,
            rotate,
            brightness,
            translate,
            stripe,
            fog,
            spatter,
            dotted_line,
            zigzag,
            canny_edges,
        )
    }
)


def corrupt(name: str, images: Images, *, seed: int = 0) -> Images:
    """Apply one corruption to images.

    Args:
        name: A key of `CORRUPTIONS`.
        images: The images, shape (n, 28, 28).
        seed: Seed of the random number generator.
    """
    return CORRUPTIONS[name](images, np.random.default_rng(seed))
