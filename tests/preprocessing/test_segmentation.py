"""Segmentation of text lines into digits."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.segmentation import segment_line
from mnistcli.preprocessing.text_lines import find_text_lines
from tests.support.polylines import classify_polylines, draw_number, predict_text


def test_a_number_is_segmented_from_left_to_right() -> None:
    assert predict_text(draw_number(2, 5, 7, 4)) == "2574"


@pytest.mark.parametrize("gap", [-3, -8, -14])
def test_touching_digits_are_cut_where_the_parts_look_like_digits(gap: int) -> None:
    assert predict_text(draw_number(7, 2, 4, gap=gap)) == "724"


def test_without_a_classifier_the_shapes_decide() -> None:
    assert len(find_digits(draw_number(2, 5, 7, 4))) == 4
    assert len(find_digits(draw_number(2, 2, gap=-3))) == 2


def test_digits_that_overhang_each_other_are_separated() -> None:
    slanted = draw_number(7, 2, 7, gap=12, height=160)
    slanted = slanted.transform(
        (slanted.width + 40, 160), Image.Transform.AFFINE, (1, 0.25, -30, 0, 1, 0), fillcolor=255
    )

    assert len(find_digits(slanted)) == 3


def test_dots_commas_and_dashes_are_skipped() -> None:
    image = Image.new("L", (470, 120), 255)
    image.paste(draw_number(2, 5, 4), (0, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((104, 94, 114, 104), fill=0)
    pen.line((204, 95, 198, 112), fill=0, width=7)
    pen.line((370, 62, 440, 60), fill=0, width=8)

    assert predict_text(image) == "254"


def test_each_segment_has_its_own_region_mask_and_probabilities() -> None:
    foreground = binarize(draw_number(2, 5, 7))
    (line,) = find_text_lines(foreground.mask)

    digits = segment_line(line, foreground.strength, classify_polylines)

    assert len(digits) == 3
    covered = np.zeros_like(foreground.mask)
    for digit, label in zip(digits, (2, 5, 7), strict=True):
        assert (digit.mask == foreground.mask[digit.region]).all()
        covered[digit.region] |= digit.mask
        assert digit.image.shape == (28, 28)
        assert digit.probabilities is not None
        assert digit.probabilities.dtype == np.float32
        assert digit.probabilities.argmax() == label
    assert (covered == foreground.mask).all()


def test_without_a_classifier_there_are_no_probabilities() -> None:
    foreground = binarize(draw_number(2, 5))
    (line,) = find_text_lines(foreground.mask)

    digits = segment_line(line, foreground.strength, None)

    assert [digit.probabilities for digit in digits] == [None, None]


def test_all_candidates_of_a_line_are_classified_in_one_call() -> None:
    batches = []

    def count_calls(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        batches.append(len(images))
        return classify_polylines(images)

    foreground = binarize(draw_number(2, 5, 7, 4))
    (line,) = find_text_lines(foreground.mask)

    segment_line(line, foreground.strength, count_calls)

    assert len(batches) == 1
    assert batches[0] > 4  # over-segmentation: more candidates than digits


def test_a_wide_digit_of_one_stroke_stays_whole() -> None:
    image = Image.new("L", (420, 200), 255)
    points = [(40, 30), (330, 40), (180, 95), (380, 150), (110, 170)]  # a zigzag 3
    ImageDraw.Draw(image).line(points, fill=0, width=14, joint="curve")

    def prefer_wide(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        width = (images > 0).any(axis=1).sum(axis=1)
        return np.pad((width / 20)[:, None].clip(0.01, 1), ((0, 0), (0, 9)))

    assert len(find_digits(image, classify=prefer_wide)) == 1


def test_a_piece_of_a_digit_is_not_a_mark() -> None:
    """A plus sign was cut into two marks and a 1."""
    image = Image.new("L", (120, 120), 255)
    pen = ImageDraw.Draw(image)
    pen.line((20, 60, 100, 60), fill=0, width=8)
    pen.line((60, 20, 60, 100), fill=0, width=8)

    (digit,) = find_digits(image, classify=classify_polylines)

    assert np.abs(np.subtract(digit.box, (20, 20, 101, 101))).max() <= 3
