"""Robustness of a model: its error rate for each of the fifteen corruptions.

    python -m tests.tools.robustness MODEL [--count 2000] [--images test|validation]

prints two error rates for each corruption: of the classifier on the arrays, and of the whole
prediction on the arrays as images, as in ``mnistcli predict --single``. The augmentation of
training was tuned on the validation images.
"""

import argparse

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli import datasets
from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.preprocessing import find_digits
from tests.tools.corruptions import CORRUPTIONS, Images, corrupt


def error_rate_of_arrays(
    classifier: DigitClassifier, images: Images, labels: NDArray[np.int64]
) -> float:
    """Return the error rate of a classifier on arrays, without preprocessing.

    Args:
        classifier: The classifier.
        images: The arrays.
        labels: The true digits.
    """
    return float((classifier.predict(images).argmax(axis=1) != labels).mean())


def error_rate_of_images(
    classifier: DigitClassifier, images: Images, labels: NDArray[np.int64]
) -> float:
    """Return the error rate on arrays as images, with preprocessing; no digit is an error.

    Args:
        classifier: The classifier.
        images: The images.
        labels: The true digits.
    """
    detected = [
        find_digits(Image.fromarray(image), single=True, classify=classifier.predict)
        for image in images
    ]
    found = np.array([bool(digits) for digits in detected])
    digits = np.array([digits[0].image for digits in detected if digits])
    correct = (classifier.predict(digits).argmax(axis=1) == labels[found]).sum()
    return float(1 - correct / len(images))


def main() -> None:
    """Print the error rates of a model for every corruption."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.robustness")
    parser.add_argument("model", help="a run directory, a .keras file, latest or pretrained")
    parser.add_argument("--count", type=int, default=10_000, help="number of images")
    parser.add_argument("--images", choices=("test", "validation"), default="test")
    options = parser.parse_args()
    splits = datasets.load("mnist")
    dataset = splits.test
    if options.images == "validation":
        _, dataset = datasets.hold_out(splits.train, 0.05)
    images, labels = dataset.images[: options.count], dataset.labels[: options.count]
    classifier = load_classifier(find_model(options.model).files)
    print(f"{'corruption':15}{'arrays':>9}{'images':>9}")
    rows = []
    for name in ("clean", *CORRUPTIONS):
        corrupted = images if name == "clean" else corrupt(name, images)
        rows.append(
            (
                error_rate_of_arrays(classifier, corrupted, labels),
                error_rate_of_images(classifier, corrupted, labels),
            )
        )
        print(f"{name:15}{rows[-1][0]:9.2%}{rows[-1][1]:9.2%}", flush=True)
    means = np.mean(rows[1:], axis=0)
    print(f"{'mean of 15':15}{means[0]:9.2%}{means[1]:9.2%}")


if __name__ == "__main__":
    main()
