"""Rejection and false acceptance of non-digits (out-of-distribution images) by category.

They are drawn with code and fonts other than the training's.

    python -m tests.tools.rejection MODEL [--count 200] [--seed 0] [--scores] [--save FILE]

prints for each category the share that the model rejects at its threshold: of the classifier on
arrays in MNIST format, and of the whole prediction on dark drawings on light paper. The last row
is the share of held-out MNIST digits that are rejected wrongly: training images that `robust` did
not train on, although its temperature and threshold were fitted on them. Merged and cut digits
have no second number: the whole prediction reads the digits one by one.

The column "shapes" says whether the training with `mnistcli.synthetic` has the same shapes or others
of the same kind. Only new ones measure how the rejection generalizes to unknown non-digits; the others
measure how it generalizes to other pens and fonts.

Letters similar to a digit are those that the other categories leave out: they need not be
rejected. Categories of missing Noto fonts are reported and skipped (``apt-get install fonts-noto-core``).
``--scores`` compares scores other than the maximum probability, see `rejection_scores`.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli import datasets
from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import ModelRef, find_model
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.rejection import choose_thresholds
from mnistcli.preprocessing.normalization import to_mnist_format
from tests.support.digit_rejection import is_rejected
from tests.tools.rejection_drawings import drawn_kinds
from tests.tools.rejection_glyphs import CATEGORIES, NEW_CATEGORIES, Ink, font_kinds

_HELD_OUT = 0.05  # as in the recipe robust
_ARRAYS_ONLY = ("merged digits", "cut digits")
_NEW_SHAPES = (*NEW_CATEGORIES, "brackets ( )")
_PAD = 24  # pixels of paper around a drawing


def draw_categories(digits: datasets.Dataset, count: int, *, seed: int) -> dict[str, list[Ink]]:
    """Draw the non-digits of each category.

    Args:
        digits: Digits in MNIST format that some are made from.
        count: Drawings per category.
        seed: Seed of the random number generators, one for each category.
    """
    kinds = {**font_kinds(), **drawn_kinds(digits)}
    generators = {name: np.random.default_rng([seed, *name.encode()]) for name in kinds}
    return {name: [kind(generators[name]) for _ in range(count)] for name, kind in kinds.items()}


def to_image(ink: Ink, rng: np.random.Generator) -> Image.Image:
    """Render ink as a scan: dark on light, with noise."""
    padded = np.pad(ink, _PAD)
    gray = rng.uniform(215, 245) - rng.uniform(120, 200) * padded + rng.normal(0, 2, padded.shape)
    return Image.fromarray(np.clip(gray, 0, 255).astype(np.uint8))


def rejected_arrays(
    classifier: DigitClassifier, images: NDArray[np.uint8], thresholds: DigitThresholds
) -> NDArray[np.bool_]:
    """Return which images in MNIST format, uint8 (n, 28, 28), are rejected."""
    return is_rejected(classifier.predict(images), thresholds)


def rejected_images(
    classifier: DigitClassifier, images: list[Image.Image], thresholds: DigitThresholds
) -> NDArray[np.bool_]:
    """Return which images are rejected by the whole prediction."""
    predictions = predict_images(classifier, images, thresholds=choose_thresholds(None, thresholds))
    return np.array([not prediction.text for prediction in predictions])


def save_sheet(drawings: dict[str, list[Ink]], file: Path) -> None:
    """Save the first drawings of each category as one figure, one row each."""
    rows = []
    for inks in drawings.values():
        arrays = [255 - np.pad(to_mnist_format(ink), 2) for ink in inks[:24]]
        rows.append(np.hstack([*arrays, *[np.full((32, 32), 255)] * (24 - len(arrays))]))
    Image.fromarray(np.vstack(rows).astype(np.uint8)).save(file)


def measure(model: ModelRef, drawings: dict[str, list[Ink]], held_out: datasets.Dataset) -> None:
    """Print the share of each category that a model rejects."""
    classifier = load_classifier(model.files)
    thresholds = model.digit_thresholds
    rng = np.random.default_rng(0)
    print(f"{model.name}, minimum confidence {thresholds[0]:.3f}, digit score {thresholds[1]:.3f}")
    print(f"{'category':28}{'shapes':15}{'count':>6}{'arrays':>9}{'images':>9}")
    for name in (*CATEGORIES, *(name for name in drawings if name not in CATEGORIES)):
        if name not in drawings:
            print(f"{name:28}  skipped: its Noto fonts are not installed")
            continue
        shapes = "new" if name in _NEW_SHAPES else "in training"
        arrays = np.stack([to_mnist_format(ink) for ink in drawings[name]])
        share = rejected_arrays(classifier, arrays, thresholds).mean()
        whole = ""
        if name not in _ARRAYS_ONLY:
            images = [to_image(ink, rng) for ink in drawings[name]]
            whole = f"{rejected_images(classifier, images, thresholds).mean():9.1%}"
        print(f"{name:28}{shapes:15}{len(arrays):6}{share:9.1%}{whole}", flush=True)
    rejected = rejected_arrays(classifier, held_out.images, thresholds)
    print(f"{'held-out MNIST digits':28}{'':15}{len(held_out):6}{rejected.mean():9.2%}")


def main() -> None:
    """Print the table of a model, or compare scores."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.rejection")
    parser.add_argument("model", help="a run directory, a .keras file, latest or pretrained")
    parser.add_argument("--count", type=int, default=200, help="drawings per category")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scores", action="store_true", help="compare scores by their AUROC")
    parser.add_argument("--save", type=Path, help="save some drawings of each category")
    options = parser.parse_args()
    train, held_out = datasets.hold_out(datasets.load("mnist").train, _HELD_OUT)
    drawings = draw_categories(held_out, options.count, seed=options.seed)
    if options.save:
        save_sheet(drawings, options.save)
    model = find_model(options.model)
    if options.scores:
        arrays = {
            name: np.stack([to_mnist_format(ink) for ink in inks])
            for name, inks in drawings.items()
        }
        from mnistcli import checkpoints  # slow to import, as is the next
        from tests.tools import rejection_scores

        keras_model = checkpoints.load(model.files[0])
        rejection_scores.compare(keras_model, arrays, train.subset(6000), held_out)
    else:
        measure(model, drawings, held_out)


if __name__ == "__main__":
    main()
