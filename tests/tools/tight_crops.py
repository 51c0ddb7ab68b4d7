"""Measure the predictions of digits and numbers that fill their image to the edges.

Usage: python -m tests.tools.tight_crops MODEL [--count N] [--images test|validation]

Every second image is light on dark.
"""

import argparse
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mnistcli import datasets
from mnistcli.datasets import Dataset
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.rejection import choose_thresholds

_HEIGHTS = (8, 16, 24, 32, 48, 96)
_DIGITS = 3  # of a number
_MAX_GAP = 3  # pixels between the digits of a number, at 28 pixels


def crop_digit(image: NDArray[np.uint8], height: int, *, square: bool = False) -> Image.Image:
    """Crop a digit to its edges and scale it, dark on light.

    Args:
        image: A digit, white on black, uint8 (h, w).
        height: Height of the crop in pixels.
        square: Whether to stretch it to a square.
    """
    cropped = Image.fromarray(255 - _trim(image))
    width = height if square else max(1, round(cropped.width * height / cropped.height))
    return cropped.resize((width, height), Image.Resampling.LANCZOS)


def join_digits(digits: Dataset, rng: np.random.Generator) -> tuple[NDArray[np.uint8], str]:
    """Return digits side by side, white on black, uint8 (28, w), and the number that they form."""
    chosen = rng.integers(0, len(digits), _DIGITS)
    parts: list[NDArray[np.uint8]] = []
    for image in digits.images[chosen]:
        columns = np.flatnonzero(image.any(axis=0))
        gap = np.zeros((len(image), int(rng.integers(1, _MAX_GAP + 1))), np.uint8)
        parts += [image[:, columns[0] : columns[-1] + 1], gap]
    return np.concatenate(parts, axis=1), "".join(map(str, digits.labels[chosen]))


def _trim(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = (np.flatnonzero((image > 20).any(axis=axis)) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def make_crops(digits: Dataset, height: int) -> Iterator[tuple[str, list[Image.Image], list[str]]]:
    """Yield the kind of the crops of one height, the crops, and their numbers."""
    labels = [str(label) for label in digits.labels]
    crops = [crop_digit(image, height) for image in digits.images]
    stretched = [crop_digit(image, height, square=True) for image in digits.images]
    yield "digits", crops, labels
    yield "stretched", stretched, labels
    rng = np.random.default_rng(height)
    numbers = [join_digits(digits, rng) for _ in range(len(digits) // _DIGITS)]
    yield (
        "numbers",
        [crop_digit(image, height) for image, _ in numbers],
        [text for _, text in numbers],
    )


def main() -> None:
    """Print the shares of correct, wrong and rejected images of a model."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.tight_crops")
    parser.add_argument("model", help="a run directory, a .keras file, latest or pretrained")
    parser.add_argument("--count", type=int, default=1000, help="number of digits")
    parser.add_argument("--images", choices=("test", "validation"), default="test")
    options = parser.parse_args()
    splits = datasets.load("mnist")
    digits = splits.test
    if options.images == "validation":
        _, digits = datasets.hold_out(splits.train, 0.05)
    digits = digits.subset(options.count)
    model = find_model(options.model)
    predict = partial(
        predict_images,
        load_classifier(model.files),
        thresholds=choose_thresholds(None, model.digit_thresholds),
    )
    print(f"{'height':>6}  {'images':10}{'count':>6}{'correct':>9}{'wrong':>9}{'rejected':>9}")
    for height in _HEIGHTS:
        for kind, crops, texts in make_crops(digits, height):
            images = [ImageOps.invert(crop) if n % 2 else crop for n, crop in enumerate(crops)]
            predicted = [prediction.text for prediction in predict(images)]
            right = sum(text == expected for text, expected in zip(predicted, texts, strict=True))
            rejected = predicted.count("")
            counts = right, len(texts) - right - rejected, rejected
            shares = "".join(f"{count / len(texts):9.1%}" for count in counts)
            print(f"{height:6}  {kind:10}{len(texts):6}{shares}", flush=True)


if __name__ == "__main__":
    main()
