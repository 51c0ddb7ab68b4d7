"""The preprocessing pipeline as a whole, and the input chosen for 28x28 images."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistcli.line_format import Mark, RecognizedLine
from mnistcli.preprocessing import detect_content, find_digits, pipeline
from mnistcli.preprocessing.pipeline import run_pipeline
from mnistcli.preprocessing.stages import compute_stages
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

    assert used == [[False] * 3, [False] * 3, [True], [False]]


def test_lines_are_read_by_the_line_recognizer() -> None:
    def read(images: Sequence[NDArray[np.float32]]) -> RecognizedLine:
        positions = np.array([0.4, 0.6]) * images[0].shape[1]
        marks = (Mark(".", positions.mean()),)
        return RecognizedLine("25", 0.9, 0, positions, np.eye(10, dtype=np.float32)[[2, 5]], marks)

    image = Image.new("L", (480, 460), 255)
    image.paste(draw_number(2, 5), (20, 20))
    image.paste(draw_number(7), (20, 170))
    image.paste(draw_number(2, 5), (20, 320))
    ImageDraw.Draw(image).ellipse((124, 120, 132, 128), fill=0)

    content = detect_content(image, recognize_line=read)

    probabilities = [digit.probabilities for digit in content.digits]
    assert [None if p is None else int(p.argmax()) for p in probabilities] == [2, 5, None, 2, 5]
    assert [line.digit_count for line in content.lines] == [2, 1, 2]
    assert [line.starts_row for line in content.lines] == [True] * 3
    assert [line.recognized is None for line in content.lines] == [False, True, False]
    assert content.mark_symbols == (".",)
    assert content.marks[0][:2] == pytest.approx((124, 120), abs=2)


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
        (digit,) = run_pipeline(image, single=single, classify=None).digits
        assert digit.box == (900, 100, 1400, 1501)


@pytest.mark.parametrize("single", [True, False])
def test_a_mask_is_the_digits_part_of_the_foreground(single: bool) -> None:
    image = draw(7, size=(2400, 2000), box=(700, 500, 1300, 1500), width=90)
    image.paste(0, (0, 1900, 2400, 1920))  # a ruled line

    (digit,) = find_digits(image, single=single)

    stages = compute_stages(image)
    foreground, form_mask, factor = stages.foreground, stages.form_mask, stages.scale
    assert (foreground.shape, factor) == ((667, 800), 3)
    left, top, right, bottom = (edge // factor for edge in digit.box)
    assert np.array_equal(digit.mask, foreground[top:bottom, left:right])
    assert digit.mask.any(axis=0).all()
    assert digit.mask.any(axis=1).all()
    assert foreground[635].all()
    assert form_mask[635].all()
    assert not form_mask[top:bottom, left:right].any()
    assert digit.mask.base is None  # the mask of the whole image can be freed


def test_all_foreground_is_accounted_for() -> None:
    image = Image.new("L", (480, 200), 255)
    image.paste(draw_number(2, 5, 7), (20, 20))
    pen = ImageDraw.Draw(image)
    pen.rectangle((8, 8, 471, 191), outline=0, width=3)
    pen.line((400, 80, 440, 80), fill=0, width=8)  # a dash
    pen.rectangle((440, 150, 442, 152), fill=0)

    content = detect_content(image, classify=classify_polylines)

    assert len(content.digits) == 3
    assert [np.abs(np.subtract(box, (400, 76, 441, 85))).max() <= 2 for box in content.marks] == [
        True
    ]
    assert content.form_elements == ((8, 8, 472, 192),)
    assert content.speck_count == 1
    assert 4 <= content.largest_speck <= 25
    assert 0 < content.ignored_fraction < 0.2


def test_a_page_holds_its_stages() -> None:
    image = Image.new("L", (480, 320), 255)
    image.paste(draw_number(2, 5), (20, 20))
    image.paste(draw_number(7, 4), (20, 170))

    page = run_pipeline(image, single=False, classify=classify_polylines)

    assert len(page.lines) == 2
    assert not page.form_mask.any()
    assert (page.digit_mask & ~page.foreground.mask).sum() == 0
    assert page.digit_mask.sum() == sum(digit.mask.sum() for digit in page.digits)


def test_an_image_in_mnist_format_has_nothing_but_its_digit() -> None:
    content = detect_content(Image.fromarray(detect_single(draw()).image))

    assert len(content.digits) == 1
    assert (content.marks, content.form_elements, content.speck_count) == ((), (), 0)


def test_the_work_of_the_line_recognizer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page full of noise took 22 seconds."""
    image = Image.new("L", (300, 600), 255)
    for row in range(4):
        image.paste(draw_number(2, 5), (10, 10 + 145 * row))
    read = 0

    def recognize_line(images: Sequence[NDArray[np.float32]]) -> RecognizedLine:
        nonlocal read
        read += 1
        positions = np.array([0.4, 0.6]) * images[0].shape[1]
        return RecognizedLine("25", 1, 0, positions, np.eye(10, dtype=np.float32)[[2, 5]])

    content = detect_content(image, recognize_line=recognize_line)
    assert read == len(content.lines) == 4
    monkeypatch.setattr(pipeline, "_MAX_READ_WIDTH", 200)

    content = detect_content(image, recognize_line=recognize_line)

    assert 4 < read < 8
    assert len(content.digits) == 8
