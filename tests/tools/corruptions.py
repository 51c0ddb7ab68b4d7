"""What goes wrong with pictures of digits: fifteen corruptions, to measure and to test with.

They follow the kinds and, as far as these are known, the strengths of the published benchmark
MNIST-C (Mu & Gilmer, 2019), but are written anew: their figures are near the benchmark's, not the
same. `mnistcli.training.augmentation.RandomDistortion`, which networks are trained with, knows the kinds
too, in other implementations and over ranges of strength; so a low error here shows that a network
stands disturbances of kinds it was trained for, not of any kind. Nothing here is used in training,
and the strengths of the training were chosen on validation images (``--images validation``).

    python -m tests.tools.corruptions MODEL [--count 2000] [--images test|validation]

prints the error for each corruption twice: of the images given to the network as they are, and of
the images read as pictures, as ``mnistcli predict --single`` does.
"""

import argparse
from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from mnistcli import datasets
from mnistcli.inference.classifier import Predictor
from mnistcli.inference.ensemble import load_classifier
from mnistcli.model_store import find_model
from mnistcli.preprocessing import find_digits

Images = NDArray[np.uint8]  # (n, 28, 28)
Shares = NDArray[np.float64]  # the same in 0..1


def _bytes(images: Shares) -> Images:
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)


def shot_noise(images: Images, rng: np.random.Generator, photons: float = 3) -> Images:
    """Count photons: a white pixel gets `photons` of them on average."""
    return _bytes(rng.poisson(images / 255 * photons) / photons)


def impulse_noise(images: Images, rng: np.random.Generator, share: float = 0.17) -> Images:
    """Turn a share of the pixels black or white."""
    hit = rng.random(images.shape) < share
    return np.where(hit, rng.choice(np.array([0, 255], np.uint8), images.shape), images)


def glass_blur(
    images: Images, rng: np.random.Generator, sigma: float = 0.7, rounds: int = 1
) -> Images:
    """Blur, swap every pixel with a neighbour a few times over, blur again."""
    glass = ndimage.gaussian_filter(images / 255, (0, sigma, sigma))
    each = np.arange(len(images))
    for _ in range(rounds):
        for row, column in np.ndindex(26, 26):
            there = (row + 1 + rng.integers(-1, 2, len(images)), column + 1)
            there = (there[0], there[1] + rng.integers(-1, 2, len(images)))
            here = glass[:, row + 1, column + 1].copy()
            glass[:, row + 1, column + 1] = glass[each, *there]
            glass[each, *there] = here
    return _bytes(ndimage.gaussian_filter(glass, (0, sigma, sigma)))


def motion_blur(
    images: Images, rng: np.random.Generator, sigma: float = 3, reach: int = 10
) -> Images:
    """Draw every image out along a line that is at most 45 degrees from level."""
    weights = np.exp(-(np.arange(reach + 1) ** 2) / (2 * sigma**2))
    angles = np.radians(rng.integers(-9, 10, len(images)) * 5)
    blurred = np.zeros(images.shape)
    for angle in np.unique(angles):
        some = images[angles == angle] / 255
        for step, weight in enumerate(weights / weights.sum()):
            shift = (0, step * np.sin(angle), step * np.cos(angle))
            blurred[angles == angle] += weight * ndimage.shift(some, shift, order=1)
    return _bytes(blurred)


def _seen_through(images: Images, maps: NDArray[np.float64], shifts: NDArray[np.float64]) -> Images:
    """Resample each image through its own map (n, 2, 2) about the middle, and shift it (n, 2)."""
    middle = 13.5
    results = np.empty_like(images)
    for index, (matrix, shift) in enumerate(zip(maps, shifts, strict=True)):
        offset = middle - matrix @ (middle + shift)
        results[index] = _bytes(
            ndimage.affine_transform(images[index] / 255, matrix, offset, order=1)
        )
    return results


def _signs(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    return rng.choice([-1.0, 1.0], shape)


def shear(images: Images, rng: np.random.Generator, slope: float = 0.4) -> Images:
    """Slant to the left or to the right."""
    maps = np.tile(np.eye(2), (len(images), 1, 1))
    maps[:, 1, 0] = slope * _signs(rng, len(images))
    return _seen_through(images, maps, np.zeros((len(images), 2)))


def scale(images: Images, rng: np.random.Generator, size: float = 0.6) -> Images:
    """Shrink about the middle."""
    maps = np.tile(np.eye(2) / size, (len(images), 1, 1))
    return _seen_through(images, maps, np.zeros((len(images), 2)))


def rotate(images: Images, rng: np.random.Generator, radians: float = 0.4) -> Images:
    """Turn to the left or to the right about the middle."""
    angles = radians * _signs(rng, len(images))
    cosines, sines = np.cos(angles), np.sin(angles)
    maps = np.array([[cosines, sines], [-sines, cosines]]).transpose(2, 0, 1)
    return _seen_through(images, maps, np.zeros((len(images), 2)))


def translate(images: Images, rng: np.random.Generator, least: int = 3, most: int = 5) -> Images:
    """Move so many pixels up or down and to a side, over the border if need be."""
    shifts = _signs(rng, len(images), 2) * rng.integers(least, most + 1, (len(images), 2))
    return _seen_through(images, np.tile(np.eye(2), (len(images), 1, 1)), shifts)


def brightness(images: Images, rng: np.random.Generator, lift: float = 0.5) -> Images:
    """Lift every pixel; the light ones reach white."""
    return _bytes(images / 255 + lift)


def stripe(images: Images, rng: np.random.Generator, width: int = 7) -> Images:
    """Invert the columns at the left and at the right."""
    striped = images.copy()
    striped[:, :, :width] = 255 - images[:, :, :width]
    striped[:, :, -width:] = 255 - images[:, :, -width:]
    return striped


def fog(images: Images, rng: np.random.Generator, density: float = 1.5) -> Images:
    """Add clouds whose spectrum falls with the square of the frequency, and darken the whole."""
    frequencies = np.hypot(*np.meshgrid(np.fft.fftfreq(28), np.fft.fftfreq(28)))
    frequencies[0, 0] = np.inf
    spectrum = np.fft.fft2(rng.standard_normal(images.shape)) / frequencies**2
    clouds = np.fft.ifft2(spectrum).real
    clouds -= clouds.min(axis=(1, 2), keepdims=True)
    clouds /= clouds.max(axis=(1, 2), keepdims=True)
    return _bytes((images / 255 + density * clouds) / (1 + density))


def spatter(images: Images, rng: np.random.Generator, share: float = 0.12) -> Images:
    """Cover a share of the image with soft bright blots."""
    liquid = ndimage.gaussian_filter(rng.standard_normal(images.shape), (0, 1.2, 1.2))
    edge = np.quantile(liquid, 1 - share, axis=(1, 2), keepdims=True)
    blots = np.clip((liquid - edge) * 8, 0, 0.9)
    return _bytes(np.maximum(images / 255, blots))


def _drawn_over(
    images: Images, points_of: Callable[[], list[tuple[float, float]]], *, dots: bool
) -> Images:
    results = np.empty_like(images)
    for index, image in enumerate(images):
        picture = Image.fromarray(image)
        pen = ImageDraw.Draw(picture)
        if dots:
            pen.point(points_of(), fill=255)
        else:
            pen.line(points_of(), fill=255)
        results[index] = picture
    return results


def dotted_line(images: Images, rng: np.random.Generator, gap: float = 2) -> Images:
    """Draw dots on a straight line from the left to the right."""

    def points() -> list[tuple[float, float]]:
        left, right = rng.uniform(4, 24, 2)
        return [(float(x), left + (right - left) * x / 27) for x in np.arange(0, 28, gap)]

    return _drawn_over(images, points, dots=True)


def zigzag(images: Images, rng: np.random.Generator, width: float = 3, height: float = 3) -> Images:
    """Draw a line from the left to the right that jumps up and down."""

    def points() -> list[tuple[float, float]]:
        left, right = rng.uniform(4, 24, 2)
        columns = np.arange(0, 28 + width, width)
        jumps = height * np.where(np.arange(len(columns)) % 2, 1, -1) / 2
        rows = left + (right - left) * columns / 27 + jumps + rng.normal(0, 0.5, len(columns))
        return list(zip(columns.tolist(), rows.tolist(), strict=True))

    return _drawn_over(images, points, dots=False)


def canny_edges(
    images: Images, rng: np.random.Generator, low: float = 0.1, high: float = 0.2
) -> Images:
    """Keep the edges that Canny's method finds (1986): thin ridges of the gradient."""
    smooth = ndimage.gaussian_filter(images / 255, (0, 1, 1), mode="constant")
    down, right = (
        ndimage.correlate1d(ndimage.correlate1d(smooth, [-1, 0, 1], axis), [1, 2, 1], 3 - axis)
        for axis in (1, 2)
    )
    steep = np.hypot(down, right)
    # Of the four directions in which a neighbour lies, the one nearest to the gradient's.
    direction = np.rint(np.arctan2(down, right) / (np.pi / 4)).astype(int) % 4
    ridge = np.zeros(images.shape, bool)
    for index, step in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        before, after = (
            np.roll(steep, (sign * step[0], sign * step[1]), (1, 2)) for sign in (1, -1)
        )
        ridge |= (direction == index) & (steep >= before) & (steep > after)
    neighbours = np.zeros((3, 3, 3), bool)
    neighbours[1] = True
    sure = ridge & (steep > high)
    edges = ndimage.binary_propagation(sure, neighbours, mask=ridge & (steep > low))
    return np.where(edges, 255, 0).astype(np.uint8)


Corruption = Callable[[Images, np.random.Generator], Images]
CORRUPTIONS: MappingProxyType[str, Corruption] = MappingProxyType(
    {
        change.__name__: change
        for change in (
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
    """Return images (n, 28, 28) with one corruption, the same ones for the same seed."""
    return CORRUPTIONS[name](images, np.random.default_rng(seed))


def error_as_images(classifier: Predictor, images: Images, labels: NDArray[np.int64]) -> float:
    """Return the share of images that the network itself reads wrongly."""
    return float((classifier.predict(images).argmax(axis=1) != labels).mean())


def error_as_pictures(classifier: Predictor, images: Images, labels: NDArray[np.int64]) -> float:
    """Return the share of pictures that are read wrongly, or where no digit is found."""
    found = [
        find_digits(Image.fromarray(image), single=True, classify=classifier.predict)
        for image in images
    ]
    seen = np.array([bool(digits) for digits in found])
    digits = np.array([digits[0].image for digits in found if digits])
    right = (classifier.predict(digits).argmax(axis=1) == labels[seen]).sum()
    return float(1 - right / len(images))


def main() -> None:
    """Print the errors of a model for every corruption."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.corruptions")
    parser.add_argument("model", help="what `find_model` takes: a run, a .keras file, ...")
    parser.add_argument("--count", type=int, default=10_000, help="images per corruption")
    parser.add_argument("--images", choices=("test", "validation"), default="test")
    options = parser.parse_args()
    splits = datasets.load("mnist")
    data = splits.test
    if options.images == "validation":
        _, data = datasets.hold_out(splits.train, 0.05)
    images, labels = data.images[: options.count], data.labels[: options.count]
    classifier = load_classifier(find_model(options.model).files)
    rows = []
    for name in ("clean", *CORRUPTIONS):
        changed = images if name == "clean" else corrupt(name, images)
        rows.append(
            (
                error_as_images(classifier, changed, labels),
                error_as_pictures(classifier, changed, labels),
            )
        )
        print(f"{name:15}{rows[-1][0]:9.2%}{rows[-1][1]:9.2%}", flush=True)
    means = np.mean(rows[1:], axis=0)
    print(f"{'mean of 15':15}{means[0]:9.2%}{means[1]:9.2%}")


if __name__ == "__main__":
    main()
