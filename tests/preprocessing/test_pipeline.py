"""The preprocessing pipeline as a whole, and the input chosen for 28x28 images."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.preprocessing import find_digits, find_foreground
from mnistcli.preprocessing.pipeline import run_pipeline
from tests.support.polylines import classify_polylines, detect_single, draw, draw_number


def _stripe() -> NDArray[np.uint8]:
    """Return a normalized digit with an inverted stripe at the left."""
    image = detect_single(draw()).image.copy()
    image[:, :7] = 255 - image[:, :7]
    return image


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_28x28_image_is_used_whole_if_the_classifier_is_more_confident(
    inverted: bool, single: bool
) -> None:
    striped = _stripe()
    image = Image.fromarray(255 - striped if inverted else striped)

    def recognize_stripes(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        equal = (images == striped).mean(axis=(1, 2))
        return np.pad(equal[:, None], ((0, 0), (0, 9)))

    (digit,) = find_digits(image, single=single, classify=recognize_stripes)

    assert (digit.image == striped).all()
    assert digit.probabilities is not None
    assert digit.probabilities.tolist() == [1] + [0] * 9
    assert not (detect_single(image).image == striped).all()


@pytest.mark.parametrize("single", [True, False])
def test_no_image_is_classified_twice(single: bool) -> None:
    classified: list[bytes] = []

    def record_images(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        classified.extend(image.tobytes() for image in images)
        return classify_polylines(images)

    for image in (draw_number(2, 5, 7), Image.fromarray(_stripe())):
        digits = find_digits(image, single=single, classify=record_images)
        for digit in digits:
            if digit.probabilities is None:  # the caller classifies it, once
                assert digit.image.tobytes() not in classified
            else:
                expected = classify_polylines(digit.image[None])[0]
                np.testing.assert_allclose(digit.probabilities, expected, rtol=1e-6)

    assert len(classified) == len(set(classified))


def test_probabilities_are_kept_where_the_classifier_was_used() -> None:
    number, small = draw_number(2, 5, 7), Image.fromarray(_stripe())

    used = [
        [digit.probabilities is not None for digit in find_digits(image, classify=classify)]
        for image in (number, small)
        for classify in (classify_polylines, None)
    ]

    assert used == [[True] * 3, [False] * 3, [True], [False]]


def test_boxes_are_in_pixels_of_the_image() -> None:
    small = detect_single(draw(7)).box
    assert np.abs(np.subtract(small, (76, 45, 130, 150))).max() <= 6
    large = draw(7, size=(2400, 2000), box=(700, 500, 1300, 1500), width=90)
    assert np.abs(np.subtract(detect_single(large).box, (756, 460, 1290, 1510))).max() <= 40


def test_boxes_end_at_the_border_of_the_image() -> None:
    image = Image.new("L", (1999, 1501), 255)
    image.paste(0, (900, 100, 1000, 1501))
    image.paste(0, (900, 100, 1400, 200))

    for single in (True, False):
        (digit,) = run_pipeline(image, single=single, classify=None)
        assert digit.box == (900, 100, 1400, 1501)


@pytest.mark.parametrize("single", [True, False])
def test_a_mask_is_the_digits_part_of_the_foreground(single: bool) -> None:
    image = draw(7, size=(2400, 2000), box=(700, 500, 1300, 1500), width=90)
    image.paste(0, (0, 1900, 2400, 1920))  # a ruled line

    (digit,) = find_digits(image, single=single)

    foreground, factor = find_foreground(image)
    assert (foreground.shape, factor) == ((667, 800), 3)
    left, top, right, bottom = (edge // factor for edge in digit.box)
    assert np.array_equal(digit.mask, foreground[top:bottom, left:right])
    assert digit.mask.any(axis=0).all()
    assert digit.mask.any(axis=1).all()
    assert foreground[635].all()
    assert digit.mask.base is None  # the mask of the whole image can be freed
