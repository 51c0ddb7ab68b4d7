"""An explanation shows the stages of a prediction and the effect of covering a patch."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.errors import ImageError
from mnistcli.prediction.explanation import explain
from mnistcli.prediction.occlusion import PATCH, occlusion_map, predict_occluded
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.rejection import Thresholds
from mnistcli.prediction.results import Prediction
from tests.support.strokes import draw_digit


class OnePixel:
    """A classifier whose confidence in a 3 grows with the pixel in row 6, column 20."""

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        probabilities = np.zeros((len(images), 10), np.float32)
        probabilities[:, 3] = 0.2 + 0.7 * (images[:, 6, 20] / 255)
        probabilities[:, 8] = 1 - probabilities[:, 3]
        return probabilities


def predict(*names: str) -> list[Prediction]:
    return list(predict_images(OnePixel(), names))


def test_the_probability_falls_where_the_patch_covers_the_pixel_that_matters() -> None:
    digit = np.full((28, 28), 255, np.uint8)

    occluded = predict_occluded(OnePixel(), digit)

    assert occluded.shape == (28, 28, 10)
    assert occluded.dtype == np.float32
    fall = occlusion_map(OnePixel().predict(digit[None])[0], occluded, 3)
    expected = np.zeros((28, 28))
    expected[4:9, 18:23] = 0.7  # 5x5 around row 6 and column 20
    assert PATCH == 5
    assert fall == pytest.approx(expected, abs=1e-6)
    assert occluded[6, 20, 8] == pytest.approx(0.8)
    assert (digit == 255).all()


def test_all_patches_are_classified_in_one_call() -> None:
    calls = []

    class Recording(OnePixel):
        def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
            calls.append(images)
            return super().predict(images)

    digit = np.full((28, 28), 7, np.uint8)
    predict_occluded(Recording(), digit)
    digit[:, 10:] = 0
    without_ink = predict_occluded(Recording(), digit)[:, 12:]

    images, others = calls
    assert images.shape == (785, 28, 28)
    assert images.dtype == np.uint8
    covered = (images[:784] == 0).sum(axis=(1, 2)).reshape(28, 28)
    assert (covered[0, 0], covered[0, 14], covered[14, 14]) == (9, 15, 25)
    assert set(np.unique(images)) == {0, 7}
    # Patches that cover no ink change nothing.
    assert len(others) == 28 * 12 + 1
    assert (without_ink == OnePixel().predict(digit[None])).all()


def test_an_explanation_shows_the_image_at_the_resolution_of_the_binarization() -> None:
    draw_digit(7, size=2400).save("large.png")

    (one,) = explain(OnePixel(), predict("large.png"))

    assert (one.name, one.stages.scale) == ("large.png", 3)
    assert one.stages.image.size == (800, 800)
    assert one.stages.foreground.shape == (800, 800)
    assert one.digit is not None
    detection = one.digit.detection
    left, top, right, bottom = (edge // one.stages.scale for edge in detection.box)
    assert np.array_equal(one.stages.foreground[top:bottom, left:right], detection.mask)
    assert one.stages.foreground.sum() == detection.mask.sum()
    assert one.occluded_probabilities is not None
    assert one.occluded_probabilities.shape == (28, 28, 10)


def test_each_digit_and_each_image_without_digits_has_an_explanation() -> None:
    number = Image.new("L", (300, 100), 255)
    for index, digit in enumerate((3, 0, 7)):
        number.paste(draw_digit(digit, size=100), (100 * index, 0))
    number.save("number.png")
    Image.new("L", (40, 40), 255).save("blank.png")

    explanations = list(explain(OnePixel(), predict("number.png", "gone.png", "blank.png")))

    names = [f"number.png, digit {number} of 3" for number in (1, 2, 3)]
    assert [one.name for one in explanations] == [*names, "blank.png"]
    assert (explanations[3].digit, explanations[3].occluded_probabilities) == (None, None)
    assert [one.prediction.reason for one in explanations] == ["", "", "", "no digit found"]
    assert not explanations[3].stages.foreground.any()
    ink = [one.digit.detection.mask.sum() for one in explanations if one.digit is not None]
    assert sum(ink) == explanations[0].stages.foreground.sum()


def test_the_map_of_a_digit_of_a_number_is_relative_to_the_classifier() -> None:
    """It was relative to the line recognizer: with another model, blank paper mattered."""

    class Constant(OnePixel):
        def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
            return np.full((len(images), 10), 0.1, np.float32)

    number = Image.new("L", (200, 100), 255)
    for index, digit in enumerate((3, 7)):
        number.paste(draw_digit(digit, size=100), (100 * index, 0))
    number.save("number.png")
    predictions = list(predict_images(Constant(), ["number.png"]))

    explanations = list(explain(Constant(), predictions))

    assert len(explanations) == 2
    for one in explanations:
        assert one.digit is not None
        assert one.digit.confidence > 0.5  # the line recognizer's
        assert one.classifier_probabilities is not None
        assert one.occluded_probabilities is not None
        map_ = occlusion_map(one.classifier_probabilities, one.occluded_probabilities, 3)
        assert (map_ == 0).all()


def test_the_digits_of_an_image_share_its_stages() -> None:
    number = Image.new("L", (200, 200), 255)
    for row, digit in enumerate((3, 7)):
        number.paste(draw_digit(digit, size=100), (50, 100 * row))
    number.save("number.png")

    upper, lower = explain(OnePixel(), predict("number.png"))

    assert upper.stages is lower.stages
    assert [one.digit for one in (upper, lower)] == list(upper.prediction.digits)
    assert len(upper.stages.lines) == 2


def test_an_image_that_is_one_digit_has_no_text_lines() -> None:
    draw_digit(7).save("seven.png")

    (one,) = explain(OnePixel(), predict_images(OnePixel(), ["seven.png"], single=True))

    assert one.stages.lines == ()


def test_a_rejected_digit_is_explained_with_the_reason() -> None:
    draw_digit(7).save("seven.png")

    (one,) = explain(
        OnePixel(),
        predict_images(OnePixel(), ["seven.png"], thresholds=Thresholds(DigitThresholds(1.0))),
    )

    assert one.digit is not None
    assert one.occluded_probabilities is not None
    assert one.prediction.reason.startswith("rejected, below 100.00 %: best guess ")


def test_an_image_in_memory_is_explained() -> None:
    (one,) = explain(OnePixel(), predict_images(OnePixel(), draw_digit(7)))

    assert (one.name, one.stages.image.size) == ("image 1", (200, 200))


def test_an_image_that_was_removed_in_the_meantime() -> None:
    draw_digit(7).save("seven.png")
    predictions = predict("seven.png")
    Path("seven.png").unlink()

    with pytest.raises(ImageError, match=r"^no such file: 'seven\.png'$"):
        list(explain(OnePixel(), predictions))
