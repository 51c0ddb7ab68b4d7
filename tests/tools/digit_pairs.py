"""Measure the rejection of numbers with two digits at several thresholds.

Usage: python -m tests.tools.digit_pairs MODEL [--count 400] [--seed 0]

Pairs of held-out digits are drawn as photographs: rotated, blurred, in a shadow, with noise and JPEG
compression. Many of them touch. Letters of scripts that no training image has are drawn as scans. The
table has for each threshold the share of the pairs that are predicted correctly and wrongly, and the share
of the letters that are predicted as two digits (false acceptance).
"""

import argparse
import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli import datasets
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.results import Prediction
from tests.tools.rejection import draw_categories, to_image
from tests.tools.rejection_glyphs import NEW_CATEGORIES
from tests.tools.rendered_pages import held_out_digits, place_digit

_THRESHOLDS = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95)


def draw_pair(
    digits: datasets.Dataset, rng: np.random.Generator
) -> tuple[NDArray[np.float64], str]:
    """Draw two digits side by side, or touching.

    Returns:
        Their ink coverage in 0..1, float64 (h, w), and their text.
    """
    side = int(rng.integers(40, 110))
    chosen = rng.integers(0, len(digits.labels), 2)
    gap = int(rng.uniform(-0.12, 0.25) * side)
    ink = np.zeros((side + 20, 4 * side))
    left = right = 0
    for index in chosen:
        corner = (left, int(rng.integers(7, 14)))
        right = place_digit(ink, digits.images[index], corner, side=side)
        left = max(left + 1, right + gap)
    text = "".join(str(digits.labels[index]) for index in chosen)
    return ink[:, :right], text


def photograph(ink: NDArray[np.float64], rng: np.random.Generator) -> Image.Image:
    """Render ink as a photograph: rotated, blurred, in a shadow, with noise and compression."""
    padded = np.pad(ink, int(ink.shape[0] * rng.uniform(0.5, 2)))
    height, width = padded.shape
    rotation = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-10, 10), 1)
    blurred = cv2.GaussianBlur(
        cv2.warpAffine(padded, rotation, (width, height)), (0, 0), rng.uniform(0.5, 1.5)
    )
    rows, columns = np.mgrid[:height, :width]
    angle = rng.uniform(0, 2 * np.pi)
    distance = np.cos(angle) * columns / width + np.sin(angle) * rows / height
    edge = (distance - rng.uniform(-0.3, 0.6)) / rng.uniform(0.02, 0.2)
    light = 1 - rng.uniform(0.2, 0.5) / (1 + np.exp(-edge))
    gray = light * (rng.uniform(190, 240) - rng.uniform(90, 180) * np.clip(blurred, 0, 1))
    gray += rng.normal(0, rng.uniform(2, 7), gray.shape)
    file = io.BytesIO()
    pixels = np.clip(gray, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(50, 90)))
    return Image.open(file)


def measure(pairs: list[Prediction], texts: list[str], letters: list[Prediction]) -> None:
    """Print the table; the predictions are those without rejection."""
    print(f"{'threshold':>9}{'correct':>8}{'wrong':>8}{'letters':>9}")
    for threshold in _THRESHOLDS:
        kept = [
            (p.guess, text) for p, text in zip(pairs, texts, strict=True) if _is_kept(p, threshold)
        ]
        right = sum(guess == text for guess, text in kept)
        wrong = len(kept) - right
        two = sum(_is_kept(p, threshold) for p in letters)
        print(
            f"{threshold:9}{right / len(pairs):8.1%}{wrong / len(pairs):8.1%}"
            f"{two / len(letters):9.1%}"
        )


def _is_kept(prediction: Prediction, threshold: float) -> bool:
    """Return whether an image is predicted as two digits."""
    return len(prediction.digits) == 2 and prediction.text_confidence >= threshold


def main() -> None:
    """Draw the images and print the table of a model."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.digit_pairs")
    parser.add_argument("model", help="a run directory, a .keras file, latest or pretrained")
    parser.add_argument(
        "--count", type=int, default=400, help="pairs; letters per script: a quarter"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    digits = held_out_digits()
    rng = np.random.default_rng(options.seed)
    inks, texts = zip(*(draw_pair(digits, rng) for _ in range(options.count)), strict=True)
    photographs = [photograph(ink, rng) for ink in inks]
    drawings = draw_categories(digits, options.count // 4, seed=options.seed)
    scripts = [name for name in NEW_CATEGORIES if name.startswith("letters: ")]
    letters = [to_image(ink, rng) for name in scripts for ink in drawings.get(name, [])]
    classifier = load_classifier(find_model(options.model).files)
    measure(
        list(predict_images(classifier, photographs)),
        list(texts),
        list(predict_images(classifier, letters)),
    )


if __name__ == "__main__":
    main()
