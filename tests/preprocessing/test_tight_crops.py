"""Images that a digit or a number fills to the edges."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from sklearn.datasets import load_digits

from mnistcli import datasets
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.prediction import explanation
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.results import Prediction
from mnistcli.preprocessing import find_digits, tight_crops
from tests.support.polylines import classify_polylines, draw_number
from tests.support.strokes import draw_digit

Predict = Callable[[list[Image.Image]], list[Prediction]]
DIGITS = datasets.load("digits").test


@pytest.fixture(scope="module")
def predict() -> Predict:
    classifier = load_classifier(find_model("pretrained").files)
    return lambda images: list(predict_images(classifier, images))


def crop(image: NDArray[np.uint8], height: int, *, inverted: bool) -> Image.Image:
    """Crop light digits on black to their edges, and scale the crop to a height."""
    rows, columns = np.nonzero(image > 40)
    cropped = Image.fromarray(image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    width = max(1, round(cropped.width * height / cropped.height))
    scaled = cropped.resize((width, height), Image.Resampling.LANCZOS)
    return ImageOps.invert(scaled) if inverted else scaled


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("height", [8, 16, 32, 100])
def test_a_digit_that_fills_its_image_is_recognized(
    height: int, inverted: bool, predict: Predict
) -> None:
    """Without tight crops, 21 to 35 of the 50 are recognized."""
    images, labels = DIGITS.images[:50], DIGITS.labels[:50].tolist()

    predictions = predict([crop(image, height, inverted=inverted) for image in images])

    right = sum(one.guess == str(label) for one, label in zip(predictions, labels, strict=True))
    assert right >= 42


@pytest.mark.parametrize("inverted", [False, True])
def test_a_number_that_fills_its_image_is_recognized(inverted: bool, predict: Predict) -> None:
    """Without tight crops, 18 of the 25 are recognized."""
    triples = DIGITS.images[:75].reshape(25, 3, 28, 28).transpose(0, 2, 1, 3).reshape(25, 28, 84)
    texts = ["".join(map(str, row)) for row in DIGITS.labels[:75].reshape(25, 3)]

    predictions = predict([crop(image, 12, inverted=inverted) for image in triples])

    assert sum(one.guess == text for one, text in zip(predictions, texts, strict=True)) >= 21


@pytest.mark.parametrize("inverted", [False, True])
def test_the_classifier_decides_the_polarity_of_a_small_image(inverted: bool) -> None:
    """Zeros of 8x8 pixels that reach the edges: the gaps are thinner than the strokes."""
    images = np.rint(load_digits().images[[55, 79, 126, 178, 185]] * (255 / 16)).astype(np.uint8)
    classify = load_classifier(find_model("pretrained").files).predict

    for image in 255 - images if inverted else images:
        small = Image.fromarray(image)
        assert len(find_digits(small)) > 1
        (digit,) = find_digits(small, classify=classify)
        assert digit.probabilities is not None
        assert digit.probabilities.argmax() == 0


def test_a_small_image_is_no_tight_crop_unless_the_classifier_is_certain() -> None:
    image = Image.fromarray(np.pad(np.full((6, 6), 255, np.uint8), 5))
    doubtful = np.full((1, 10), 0.1, np.float32)

    with_classifier = find_digits(image, classify=lambda images: doubtful.repeat(len(images), 0))

    assert [digit.box for digit in with_classifier] == [digit.box for digit in find_digits(image)]


def test_lines_of_a_table_are_not_read_as_digits(predict: Predict) -> None:
    """A 7 between two vertical lines was predicted as 171, and a cell without a digit as 11."""
    cells = []
    for digit in (None, 7):
        cell = Image.new("L", (90, 80), 255)
        if digit is not None:
            cell.paste(draw_digit(digit, size=64), (13, 8))
        for column in (3, 86):
            ImageDraw.Draw(cell).line((column, 0, column, 80), fill=0, width=3)
        cells.append(cell)

    empty, seven = predict(cells)

    assert (empty.guess, empty.content.is_tight_crop) != ("11", True)
    assert seven.guess == "7"


def test_a_tight_crop_has_the_number_of_digits_that_is_given() -> None:
    one = crop(DIGITS.images[DIGITS.labels == 1][0], 32, inverted=True)
    classifier = load_classifier(find_model("pretrained").files)

    (free,) = predict_images(classifier, [one])
    (pair,) = predict_images(classifier, [one], digit_counts=range(2, 3))

    assert free.guess == "1"
    assert len(pair.guess) != 1


@pytest.mark.parametrize("size", [28, 40])
def test_a_whole_image_as_one_digit_is_not_segmented(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tight_crops, "find_text_lines")
    image = crop(DIGITS.images[0], size, inverted=True)

    (digit,) = find_digits(image.resize((size, size)), single=True, classify=classify_polylines)

    assert digit.probabilities is not None


def test_an_image_with_a_margin_is_not_binarized_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tight_crops, "binarize_tight_crop")

    assert len(find_digits(draw_number(2, 5, 7), classify=classify_polylines)) == 3


def test_a_tight_crop_is_explained_by_its_digits(predict: Predict) -> None:
    triple = np.concatenate(list(DIGITS.images[:3]), axis=1)
    image = crop(triple, 100, inverted=True)
    (prediction,) = predict([image])
    assert prediction.content.is_tight_crop
    classifier = load_classifier(find_model("pretrained").files)

    one, *_ = explanation.explain(classifier, [prediction])

    dark = np.asarray(image.convert("L")) < 128
    assert (one.stages.foreground == dark).mean() > 0.9
    assert not one.stages.form_mask.any()
    assert len(one.stages.lines) == 1
