"""What is told about a reading: its stages, and what happens to it with a patch covered."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.explanation import PATCH, explain, occlusion
from mnistcli.prediction import predict_images
from mnistcli.predictions import Prediction
from tests.support.strokes import draw_digit


class Corner:
    """A predictor that is surer of a 3 the brighter the pixel in row 6, column 20 is."""

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        answers = np.zeros((len(images), 10), np.float32)
        answers[:, 3] = 0.2 + 0.7 * (images[:, 6, 20] / 255)
        answers[:, 8] = 1 - answers[:, 3]
        return answers


def readings(*names: str) -> list[Prediction]:
    return list(predict_images(Corner(), names))


def test_the_answer_changes_where_the_patch_covers_what_counts() -> None:
    image = np.full((28, 28), 255, np.uint8)

    covered = occlusion(Corner(), image)

    assert (covered.shape, covered.dtype) == ((28, 28, 10), np.float32)
    fall = 0.9 - covered[..., 3]
    expected = np.zeros((28, 28))
    expected[4:9, 18:23] = 0.7  # five by five, round row 6 and column 20
    assert PATCH == 5
    assert fall == pytest.approx(expected, abs=1e-6)
    assert covered[6, 20, 8] == pytest.approx(0.8)
    assert (image == 255).all()


def test_all_places_are_asked_for_at_once_with_background_on_each() -> None:
    asked = []

    class Asked(Corner):
        def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
            asked.append(images)
            return super().predict(images)

    occlusion(Asked(), np.full((28, 28), 7, np.uint8))

    (images,) = asked
    assert (images.shape, images.dtype) == ((784, 28, 28), np.uint8)
    hidden = (images == 0).sum(axis=(1, 2)).reshape(28, 28)
    assert (hidden[0, 0], hidden[0, 14], hidden[14, 14]) == (9, 15, 25)
    assert set(np.unique(images)) == {0, 7}


def test_a_digit_is_explained_on_the_picture_as_ink_was_looked_for() -> None:
    draw_digit(7, size=2400).save("large.png")

    (one,) = explain(Corner(), readings("large.png"))

    assert (one.name, one.factor) == ("large.png", 3)
    assert one.picture.size == (800, 800)
    assert one.ink.shape == (800, 800)
    assert one.digit is not None
    left, top, right, bottom = (edge // one.factor for edge in one.digit.found.box)
    assert np.array_equal(one.ink[top:bottom, left:right], one.digit.found.ink)
    assert one.ink.sum() == one.digit.found.ink.sum()
    assert one.covered is not None
    assert one.covered.shape == (28, 28, 10)


def test_every_digit_and_every_empty_picture_has_its_explanation() -> None:
    number = Image.new("L", (300, 100), 255)
    for place, digit in enumerate((3, 0, 7)):
        number.paste(draw_digit(digit, size=100), (100 * place, 0))
    number.save("number.png")
    Image.new("L", (40, 40), 255).save("blank.png")

    explained = list(explain(Corner(), readings("number.png", "gone.png", "blank.png")))

    names = [f"number.png ({number} of 3)" for number in (1, 2, 3)]
    assert [one.name for one in explained] == [*names, "blank.png"]
    assert (explained[3].digit, explained[3].covered) == (None, None)
    assert [one.reason for one in explained] == ["", "", "", "no digit found"]
    assert not explained[3].ink.any()
    inks = [one.digit.found.ink.sum() for one in explained if one.digit is not None]
    assert sum(inks) == explained[0].ink.sum()


def test_a_refused_digit_is_explained_with_the_reason() -> None:
    draw_digit(7).save("seven.png")

    (one,) = explain(Corner(), predict_images(Corner(), ["seven.png"], min_confidence=1.0))

    assert one.digit is not None
    assert one.covered is not None
    assert one.reason.startswith("no digit: best guess ")


def test_a_picture_that_is_gone_meanwhile() -> None:
    draw_digit(7).save("seven.png")
    read = readings("seven.png")
    Path("seven.png").unlink()

    with pytest.raises(ImageError, match=r"^no such file: 'seven.png'$"):
        list(explain(Corner(), read))
