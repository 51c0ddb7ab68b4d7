"""Form elements: frames, rings, combs, grids, underlines, margin lines and pens."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.form_elements import remove_form_lines, remove_frames, straight_runs
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


@pytest.mark.parametrize("upright", [True, False])
def test_a_long_line_beside_digits_is_removed(upright: bool) -> None:
    image = page(420, 420, (40, 20, draw_number(2, 5)), (40, 150, draw_number(7, 4)))
    line = (360, 10, 364, 400) if upright else (20, 380, 400, 384)
    ImageDraw.Draw(image).rectangle(line, fill=0)

    assert predict_text(image) == "2574"


def test_a_pen_on_the_sheet_is_removed() -> None:
    image = page(700, 420, (60, 100, draw_number(2, 5, 7)))
    ImageDraw.Draw(image).line((690, 30, 560, 420), fill=60, width=24)

    assert predict_text(image) == "257"


def test_a_comb_with_short_ticks_is_removed() -> None:
    image = page(480, 180, (20, 20, draw_number(2, 5, 7, 4)))
    pen = ImageDraw.Draw(image)
    pen.line((15, 160, 465, 160), fill=0, width=3)
    for x in range(15, 466, 75):
        pen.line((x, 135, x, 160), fill=0, width=3)

    assert predict_text(image) == "2574"


def test_two_sides_of_a_grid_are_removed() -> None:
    image = draw(5)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 199, 7), fill=0)
    pen.rectangle((192, 0, 199, 199), fill=0)

    assert similarity(detect_single(image).image, detect_single(draw(5)).image) > 0.97


def test_a_lone_line_is_kept() -> None:
    mask = np.zeros((100, 100), bool)
    mask[10:90, 48:52] = True

    assert (remove_form_lines(connected_components(mask)) == mask).all()


def test_ones_are_not_lines() -> None:
    mask = np.zeros((100, 200), bool)
    for left in (20, 60, 100):
        mask[10:90, left : left + 6] = True
    mask[15:88, 140:180] = True
    mask[25:78, 150:170] = False

    assert (remove_form_lines(connected_components(mask)) == mask).all()


def test_runs_tilted_by_one_degree_are_straight() -> None:
    image = Image.new("L", (300, 60), 0)
    ImageDraw.Draw(image).line((10, 20, 290, 25), fill=255, width=3)
    mask = np.asarray(image) > 128

    assert straight_runs(mask, 200).sum() > 0.9 * mask.sum()
    assert not straight_runs(mask, 299).any()


def test_an_image_smaller_than_20_pixels_has_no_form_elements() -> None:
    image = Image.new("L", (19, 19), 255)
    ImageDraw.Draw(image).rectangle((1, 1, 17, 17), outline=0)
    image.putpixel((9, 9), 0)

    (digit,) = find_digits(image)

    assert digit.box == (1, 1, 18, 18)
