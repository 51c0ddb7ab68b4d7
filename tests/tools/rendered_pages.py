"""Measure the line accuracy on rendered pages: three lines, touching digits, ruled paper, a shadow.

Usage: python -m tests.tools.rendered_pages [--count 50] [--seed 0]

The digits are training images of MNIST that the line recognizer was not trained on.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli import datasets
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.prediction.predict import predict_images

_HELD_OUT = 0.05  # as in train_line_recognizer
_SIDE, _PITCH, _WIDTH = 84, 130, 700
_MIN_INK = 80  # gray level: what is fainter is not ink


def place_digit(
    ink: NDArray[np.float64], image: NDArray[np.uint8], corner: tuple[int, int], *, side: int
) -> int:
    """Enlarge a digit and draw it into ink coverage, without the empty columns beside it.

    Args:
        ink: The ink coverage, float64 (h, w) in 0..1, which is changed.
        image: The digit in MNIST format, uint8 (28, 28).
        corner: Left and top of the enlarged digit.
        side: Height and width of the enlarged image.

    Returns:
        Its right edge.
    """
    left, top = corner
    digit = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    columns = np.flatnonzero((digit > _MIN_INK).any(axis=0))
    digit = digit[:, columns[0] : columns[-1] + 1]
    region = ink[top : top + side, left : left + digit.shape[1]]
    np.maximum(region, digit / 255, out=region)
    return left + int(digit.shape[1])


def render_page(
    digits: datasets.Dataset, rng: np.random.Generator
) -> tuple[Image.Image, list[str]]:
    """Render a page of three numbers of four to six digits, of which many touch."""
    ink = np.zeros((3 * _PITCH + 40, _WIDTH))
    texts = []
    for number in range(3):
        chosen = rng.integers(0, len(digits.labels), rng.integers(4, 7))
        texts.append("".join(str(digits.labels[index]) for index in chosen))
        right, top = int(rng.integers(30, 120)), 20 + number * _PITCH
        for index in chosen:
            left = right + int(rng.integers(-4, 8))
            row = top + int(rng.integers(-3, 4))
            right = place_digit(ink, digits.images[index], (left, row), side=_SIDE)
    rows = np.arange(ink.shape[0])[:, None]
    columns = np.arange(_WIDTH)[None]
    paper = 238 - 80 * (((rows - 20 - 0.78 * _SIDE) % _PITCH) < 2)
    light = 1 - rng.uniform(0.25, 0.5) / (1 + np.exp((columns - rng.uniform(150, 550)) / 25))
    page = light * (paper * (1 - ink) + 45 * ink) + rng.normal(0, 3, ink.shape)
    return Image.fromarray(np.clip(page, 0, 255).astype(np.uint8)), texts


def count_right_lines(pages: list[tuple[Image.Image, list[str]]]) -> int:
    """Return the number of lines predicted correctly by the packaged models, at any confidence."""
    classifier = load_classifier(find_model("pretrained").files)
    predictions = predict_images(classifier, [page for page, _ in pages])
    return sum(
        text == expected
        for prediction, (_, texts) in zip(predictions, pages, strict=True)
        for text, expected in zip(prediction.guess.split("\n"), texts, strict=False)
    )


def held_out_digits(data_dir: Path | None = None) -> datasets.Dataset:
    """Return the training images of MNIST that the line recognizer was not trained on."""
    return datasets.hold_out(datasets.load("mnist", data_dir=data_dir).train, _HELD_OUT)[1]


def main() -> None:
    """Print the number of lines predicted correctly on rendered pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, help="save the first page")
    chosen = parser.parse_args()
    digits = held_out_digits()
    rng = np.random.default_rng(chosen.seed)
    pages = [render_page(digits, rng) for _ in range(chosen.count)]
    if chosen.save:
        pages[0][0].save(chosen.save)
    print(f"{count_right_lines(pages)} of {3 * chosen.count} lines correct")


if __name__ == "__main__":
    main()
