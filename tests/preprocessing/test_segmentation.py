"""Segmentation of text lines into digits, with the positions that a line recognizer gives."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistcli.line_format import Mark, RecognizedLine, RecognizeLine
from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.segmentation import SegmentedLine, segment_line
from mnistcli.preprocessing.text_lines import find_text_lines
from tests.support.polylines import draw_number, predict_text


def reader_of(text: str, columns: Sequence[float], marks: Sequence[Mark] = ()) -> RecognizeLine:
    """Return a line recognizer that always reads the same; columns are fractions of the width."""

    def read(images: Sequence[NDArray[np.float32]]) -> RecognizedLine:
        width = images[0].shape[1]
        probabilities = np.full((len(text), 10), 0.01, np.float32)
        probabilities[np.arange(len(text)), [int(digit) for digit in text]] = 0.91
        positions = np.array(columns) * width
        scaled = tuple(Mark(mark.symbol, mark.column * width) for mark in marks)
        return RecognizedLine(text, 0.9, 0, positions, probabilities, scaled)

    return read


def segment(
    image: Image.Image, read: RecognizeLine | None, *, allow_single_digit: bool = True
) -> tuple[SegmentedLine, NDArray[np.bool_]]:
    foreground = binarize(image)
    (line,) = find_text_lines(connected_components(foreground.mask))
    nothing = np.zeros_like(foreground.mask)
    found = segment_line(
        line, foreground.coverage, nothing, read, allow_single_digit=allow_single_digit
    )
    return found, foreground.mask


def lefts(found: SegmentedLine) -> list[int]:
    return [digit.region[1].start for digit in found.digits]


def test_a_number_is_segmented_from_left_to_right() -> None:
    assert predict_text(draw_number(2, 5, 7, 4)) == "2574"


def test_without_a_line_recognizer_components_above_each_other_are_one_digit() -> None:
    found, _ = segment(draw_number(2, 5, 7, 4), None)

    assert len(found.digits) == 4
    assert [digit.probabilities for digit in found.digits] == [None] * 4
    assert found.recognized is None


def test_one_narrow_digit_is_not_read_as_a_line() -> None:
    def fail(images: Sequence[NDArray[np.float32]]) -> RecognizedLine:
        raise AssertionError

    found, _ = segment(draw_number(5), fail)

    assert len(found.digits) == 1
    assert found.digits[0].probabilities is None


def test_a_line_that_must_have_several_digits_is_read_even_if_it_is_narrow() -> None:
    found, _ = segment(draw_number(5), reader_of("13", [0.4, 0.6]), allow_single_digit=False)

    assert len(found.digits) == 2


@pytest.mark.parametrize("gap", [30, -3, -8])
def test_the_ink_is_divided_at_the_positions_of_the_digits(gap: int) -> None:
    image = draw_number(2, 5, 7, gap=gap)
    # Pixels of the line image: the margin on both sides is one line height.
    found, mask = segment(image, reader_of("257", [0.28, 0.5, 0.72]))

    assert len(found.digits) == 3
    expected = [22, 22 + 70 + gap, 22 + 2 * (70 + gap)]
    assert np.abs(np.subtract(lefts(found), expected)).max() <= 12
    covered = np.zeros_like(mask)
    for digit in found.digits:
        assert digit.image.shape == (28, 28)
        assert not covered[digit.region][digit.mask].any()
        covered[digit.region] |= digit.mask
    assert (covered == mask).all()


def test_each_digit_has_the_probabilities_of_the_reading() -> None:
    found, _ = segment(draw_number(2, 5), reader_of("25", [0.4, 0.6]))

    probabilities = [digit.probabilities for digit in found.digits]
    assert [None if p is None else int(p.argmax()) for p in probabilities] == [2, 5]
    assert found.recognized is not None
    assert found.recognized.text == "25"


@pytest.mark.parametrize("text", ["", "7"])
def test_a_line_read_as_at_most_one_digit_is_one_digit_with_all_its_ink(text: str) -> None:
    image = draw_number(4, 7, gap=-3)
    columns = [0.5] * len(text)

    found, mask = segment(image, reader_of(text, columns))

    (digit,) = found.digits
    assert digit.mask.sum() == mask.sum()
    assert digit.probabilities is None
    assert found.recognized is None


def _with_dash() -> Image.Image:
    image = Image.new("L", (470, 120), 255)
    image.paste(draw_number(2, 5), (0, 0))
    ImageDraw.Draw(image).line((270, 62, 330, 60), fill=0, width=8)
    return image


def test_a_small_component_at_the_position_of_a_mark_is_no_part_of_a_digit() -> None:
    read = reader_of("25", [0.3, 0.5], [Mark("-", 0.75)])

    found, mask = segment(_with_dash(), read)

    assert max(digit.region[1].stop for digit in found.digits) < 250
    assert sum(int(digit.mask.sum()) for digit in found.digits) < mask.sum()
    ((symbol, column),) = found.marks
    assert symbol == "-"
    assert 240 < column < 360


def test_dots_and_dashes_are_left_out_by_their_height_without_a_line_recognizer() -> None:
    assert len(segment(_with_dash(), None)[0].digits) == 2


def test_a_digit_whose_ink_was_removed_has_the_box_of_its_position() -> None:
    found, _ = segment(draw_number(2, 5), reader_of("215", [0.3, 0.49, 0.7]))

    assert len(found.digits) == 3
    assert all(digit.mask.any() for digit in found.digits)


def test_a_piece_of_a_digit_is_not_a_mark() -> None:
    """A plus sign was cut into two marks and a 1."""
    image = Image.new("L", (120, 120), 255)
    pen = ImageDraw.Draw(image)
    pen.line((20, 60, 100, 60), fill=0, width=8)
    pen.line((60, 20, 60, 100), fill=0, width=8)

    (digit,) = find_digits(image)

    assert np.abs(np.subtract(digit.box, (20, 20, 101, 101))).max() <= 3
