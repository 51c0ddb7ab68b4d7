"""Accuracy of a model by writing style, on synthetic digits that it was not trained on.

    python -m tests.tools.digit_styles MODEL [--count 300] [--seed 1000] [--sheet FILE]

prints, for each style that is rare in MNIST, the shares of the digits that are predicted correctly,
predicted wrongly and rejected at the model's threshold, and the most frequent wrong digits among all,
including rejected ones. The ranges of shapes and widths are 1.3 times as large as in training. The last
rows are validation images of MNIST, squeezed and stretched. --sheet draws samples of each style.
"""

import argparse
from collections import Counter

import numpy as np
from PIL import Image, ImageDraw

from mnistcli import datasets
from mnistcli.datasets import Dataset
from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.synthetic.digit_styles import DRAWN_STYLES
from mnistcli.synthetic.style_drawing import DrawnStyle, stretch_digit
from tests.support.digit_rejection import is_rejected

SPREAD = 1.3
FACTORS = (1.0, 0.6, 1.6)
_SAMPLES, _CELL = 12, 60  # of the sheet: digits in a row, pixels of a digit


def draw_style(style: DrawnStyle, count: int, *, seed: int, spread: float = SPREAD) -> Dataset:
    """Draw digits of one style, more extreme ones than in training."""
    rng = np.random.default_rng(seed)
    drawn = [style.draw(rng, spread=spread) for _ in range(count)]
    return Dataset(
        np.stack([image for image, _ in drawn]), np.array([label for _, label in drawn], np.int64)
    )


def stretch(dataset: Dataset, factor: float) -> Dataset:
    """Stretch digits horizontally and normalize them again."""
    images = np.stack([stretch_digit(image, factor) for image in dataset.images])
    return Dataset(images, dataset.labels)


def describe_accuracy(
    classifier: DigitClassifier, digits: Dataset, thresholds: DigitThresholds
) -> str:
    """Return the shares predicted correctly, predicted wrongly and rejected, and the mistakes."""
    probabilities = classifier.predict(digits.images)
    is_right = probabilities.argmax(axis=1) == digits.labels
    is_accepted = ~is_rejected(probabilities, thresholds)
    mistakes = Counter(
        f"{label} as {digit}"
        for label, digit in zip(
            digits.labels[~is_right], probabilities[~is_right].argmax(axis=1), strict=True
        )
    )
    shares = (is_right & is_accepted, ~is_right & is_accepted, ~is_accepted)
    columns = "".join(f"{share.mean():10.1%}" for share in shares)
    return f"{columns}  {', '.join(f'{name}: {n}' for name, n in mistakes.most_common(3))}"


def draw_sheet(styles: dict[str, Dataset]) -> Image.Image:
    """Draw a contact sheet of samples, one style in a row."""
    sheet = Image.new("L", (180 + _SAMPLES * _CELL, len(styles) * _CELL), 80)
    pen = ImageDraw.Draw(sheet)
    for row, (name, digits) in enumerate(styles.items()):
        pen.text((6, row * _CELL + 22), name, fill=255)
        for column, image in enumerate(digits.images[:_SAMPLES]):
            sample = Image.fromarray(image).resize((_CELL - 4, _CELL - 4))
            sheet.paste(sample, (180 + column * _CELL, row * _CELL + 2))
    return sheet


def main() -> None:
    """Print the table of a model."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.digit_styles")
    parser.add_argument("model", help="a run directory, a .keras file, latest or pretrained")
    parser.add_argument("--count", type=int, default=300, help="digits of each style")
    parser.add_argument("--seed", type=int, default=1000, help="seed of the first style")
    parser.add_argument("--sheet", help="PNG file for samples of each style")
    options = parser.parse_args()
    styles = {
        style.name: draw_style(style, options.count, seed=options.seed + index)
        for index, style in enumerate(DRAWN_STYLES)
    }
    if options.sheet:
        draw_sheet(styles).save(options.sheet)
    _, validation = datasets.hold_out(datasets.load("mnist").train, 0.05)
    for factor in FACTORS:
        styles[f"MNIST, {factor} times as wide"] = stretch(validation, factor)
    model = find_model(options.model)
    classifier = load_classifier(model.files)
    print(f"{'style':26}{'digits':>7}{'correct':>10}{'wrong':>10}{'rejected':>10}  mistakes")
    for name, digits in styles.items():
        accuracy = describe_accuracy(classifier, digits, model.digit_thresholds)
        print(f"{name:26}{len(digits):7}{accuracy}", flush=True)


if __name__ == "__main__":
    main()
