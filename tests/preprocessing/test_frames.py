"""Frames: rectangles, rings and boxes around digits are removed, zeros are kept."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.frames import remove_frames
from tests.support.polylines import detect_single, draw, draw_number, predict_text, similarity


def page(width: int, height: int, *numbers: tuple[int, int, Image.Image]) -> Image.Image:
    """Return white paper with images of numbers at their places."""
    image = Image.new("L", (width, height), 255)
    for left, top, number in numbers:
        image.paste(number, (left, top))
    return image


@pytest.mark.parametrize(("inset", "width"), [(0, 3), (12, 3), (25, 6)])
def test_a_frame_around_a_digit_is_removed(inset: int, width: int) -> None:
    image = draw()
    box = (inset, inset, 199 - inset, 199 - inset)
    ImageDraw.Draw(image).rectangle(box, outline=0, width=width)

    assert similarity(detect_single(image).image, detect_single(draw()).image) > 0.97


def test_a_frame_around_a_number_changes_no_box() -> None:
    framed = page(480, 140, (20, 10, draw_number(2, 5, 7, 4)))
    plain = framed.copy()
    ImageDraw.Draw(framed).rectangle((8, 8, 471, 131), outline=0, width=3)

    boxes = [digit.box for digit in find_digits(plain)]

    assert len(boxes) == 4
    assert [digit.box for digit in find_digits(framed)] == boxes


def test_digits_outside_a_frame_are_kept() -> None:
    image = page(700, 160, (20, 20, draw_number(2, 5)), (380, 20, draw_number(7, 4)))
    ImageDraw.Draw(image).rectangle((360, 10, 640, 150), outline=0, width=3)

    assert predict_text(image) == "2574"


@pytest.mark.parametrize("joined", [True, False])
def test_each_of_several_boxes_keeps_its_digit(joined: bool) -> None:
    image = Image.new("L", (720, 160), 255)
    pen = ImageDraw.Draw(image)
    for index, digit in enumerate((2, 5, 7, 4, 7, 2)):
        left = 10 + 115 * index
        image.paste(draw(digit).crop((60, 40, 140, 160)), (left + 15, 20))
        right = left + (115 if joined else 105)
        pen.rectangle((left, 10, right, 150), outline=0, width=3)

    boxes = [digit.box for digit in find_digits(image)]
    assert len(boxes) == 6
    assert [(left - 10) // 115 for left, *_ in boxes] == [0, 1, 2, 3, 4, 5]
    assert all(20 < top < bottom < 145 for _, top, _, bottom in boxes)


def test_an_empty_box_beside_filled_ones_is_removed() -> None:
    image = Image.new("L", (400, 160), 255)
    pen = ImageDraw.Draw(image)
    for index in range(3):
        pen.rectangle((10 + 130 * index, 10, 120 + 130 * index, 150), outline=0, width=3)
    image.paste(draw(7).crop((60, 40, 140, 160)), (25, 20))
    image.paste(draw(4).crop((60, 40, 140, 160)), (155, 20))

    assert [digit.box[0] // 130 for digit in find_digits(image)] == [0, 1]


def test_a_digit_that_touches_its_frame_stays_whole() -> None:
    image = draw(7)
    ImageDraw.Draw(image).rectangle((30, 20, 170, 148), outline=0, width=3)

    assert similarity(detect_single(image).image, detect_single(draw(7)).image) > 0.9


def test_a_ring_around_a_number_is_removed() -> None:
    image = page(420, 240, (100, 60, draw_number(2, 5)))
    ImageDraw.Draw(image).ellipse((20, 10, 400, 230), outline=0, width=4)

    assert predict_text(image) == "25"


def test_a_zero_with_specks_inside_is_not_a_frame() -> None:
    image = Image.new("L", (100, 100), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse((25, 10, 75, 90), outline=0, width=8)
    for top in (30, 65):
        pen.ellipse((48, top, 51, top + 3), fill=0)

    assert np.abs(np.subtract(detect_single(image).box, (25, 10, 76, 91))).max() <= 1


def test_a_zero_with_a_slash_that_touches_nothing_is_not_a_ring() -> None:
    image = Image.new("L", (100, 120), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse((20, 10, 80, 110), outline=0, width=5)
    pen.line((40, 80, 60, 40), fill=0, width=4)
    mask = binarize(image).mask

    assert (remove_frames(connected_components(mask)).mask == mask).all()


def test_a_square_zero_is_not_a_frame() -> None:
    image = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(image).rectangle((20, 10, 80, 90), outline=0, width=6)

    assert detect_single(image).box == (20, 10, 81, 91)
