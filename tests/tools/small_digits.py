"""Low-resolution digits of 8 to 16 pixels, enlarged again by the preprocessing, for `distill`."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.datasets import Dataset
from mnistcli.preprocessing.pipeline import run_pipeline

_SIDES = (8, 8, 8, 9, 10, 11, 12, 14, 16)  # pixels of the longer side, with their frequencies
_MARGIN = 4  # pixels of paper, which make the polarity certain
_FILTERS = (
    Image.Resampling.LANCZOS,
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.BOX,
)


def generate_small_digits(dataset: Dataset, count: int, *, seed: int) -> Dataset:
    """Reduce random digits of a dataset, and preprocess them as `predict` does.

    Args:
        dataset: The digits.
        count: Number of digits to generate.
        seed: Seed of all random choices.
    """
    digits = _draw_readable(dataset, np.random.default_rng(seed))
    images, labels = zip(*islice(digits, count), strict=True)
    return Dataset(np.stack(images), np.array(labels))


def _draw_readable(
    dataset: Dataset, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yield reduced digits of which the preprocessing finds one digit, without end."""
    while True:
        index = int(rng.integers(len(dataset)))
        result = run_pipeline(_reduce(dataset.images[index], rng), single=False, classify=None)
        if len(result.digits) == 1:
            yield result.digits[0].image, int(dataset.labels[index])


def _reduce(digit: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    """Return a digit, dark on light, with few pixels; half of them are stretched to a square."""
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    cropped = Image.fromarray(255 - digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    side = int(rng.choice(_SIDES))
    stretching = rng.uniform(0, 0.8) if rng.random() < 0.5 else 0.0
    lengths = [length * side / max(cropped.size) for length in cropped.size]
    size = [max(1, round(length + (side - length) * stretching)) for length in lengths]
    small = cropped.resize((size[0], size[1]), _FILTERS[int(rng.integers(len(_FILTERS)))])
    image = Image.new("L", (size[0] + 2 * _MARGIN, size[1] + 2 * _MARGIN), 255)
    image.paste(small, (_MARGIN, _MARGIN))
    return image
