"""Cleaning: ruled lines, frames, specks and objects at the border."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.binarization import Foreground, binarize
from mnistcli.preprocessing.cleaning import remove_clutter
from mnistcli.preprocessing.shapes import Mask
from tests.support.polylines import detect_single, draw, draw_number, predict_text, similarity


def _foreground(mask: Mask) -> Foreground:
    return Foreground(mask.astype(np.float32), mask, 1)


@pytest.mark.parametrize("squared", [False, True])
def test_ruled_lines_are_removed(squared: bool) -> None:
    image = draw(ink=30)
    pen = ImageDraw.Draw(image)
    for position in range(10, 200, 45):
        pen.line((0, position, 200, position), fill=120, width=2)
        if squared:
            pen.line((position, 0, position, 200), fill=120, width=2)

    assert similarity(detect_single(image).image, detect_single(draw(ink=30)).image) > 0.9


def test_an_underline_is_removed() -> None:
    image = draw_number(2, 5, 7, 4)
    ImageDraw.Draw(image).line((0, 112, image.width, 116), fill=60, width=3)

    assert predict_text(image) == "2574"


def test_a_bar_across_a_tight_image_is_kept() -> None:
    image = Image.new("L", (60, 20), 255)
    ImageDraw.Draw(image).line((0, 10, 60, 10), fill=0, width=3)

    assert remove_clutter(binarize(image), single=True).any()


@pytest.mark.parametrize(("inset", "width"), [(0, 3), (12, 3), (25, 6)])
def test_a_frame_around_a_digit_is_removed(inset: int, width: int) -> None:
    image = draw()
    ImageDraw.Draw(image).rectangle(
        (inset, inset, 199 - inset, 199 - inset), outline=0, width=width
    )

    assert similarity(detect_single(image).image, detect_single(draw()).image) > 0.97


def test_all_sides_of_a_frame_around_a_number_are_removed() -> None:
    framed = Image.new("L", (480, 140), 255)
    framed.paste(draw_number(2, 5, 7, 4), (20, 10))
    plain = framed.copy()
    ImageDraw.Draw(framed).rectangle((8, 8, 471, 131), outline=0, width=3)

    boxes = [digit.box for digit in find_digits(plain)]

    assert len(boxes) == 4
    assert [digit.box for digit in find_digits(framed)] == boxes


def test_a_zero_with_specks_inside_is_not_a_frame() -> None:
    image = Image.new("L", (100, 100), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse((25, 10, 75, 90), outline=0, width=8)
    for top in (30, 65):
        pen.ellipse((48, top, 51, top + 3), fill=0)

    assert np.abs(np.subtract(detect_single(image).box, (25, 10, 76, 91))).max() <= 1


def test_a_square_zero_is_not_a_frame() -> None:
    image = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(image).rectangle((20, 10, 80, 90), outline=0, width=6)

    assert detect_single(image).box == (20, 10, 81, 91)


def test_a_square_with_a_thin_bar_inside_is_not_a_frame() -> None:
    image = Image.new("L", (120, 120), 255)
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 10, 110, 110), outline=0, width=3)
    pen.line((40, 60, 80, 60), fill=0, width=3)

    assert np.abs(np.subtract(detect_single(image).box, (10, 10, 111, 111))).max() <= 1


def test_small_objects_are_removed() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:50, 25:35] = True  # area 400: below 8 pixels is a speck
    mask[5, 5:12] = True
    mask[55, 5:13] = True

    cleaned = remove_clutter(_foreground(mask), single=False)

    assert not cleaned[5].any()
    assert cleaned[55].sum() == 8
    assert (cleaned[10:50] == mask[10:50]).all()


def test_the_border_is_cleared_for_a_single_digit_only() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:50, 25:35] = True
    mask[20:30, 54:] = True

    assert not remove_clutter(_foreground(mask), single=True)[:, 54:].any()
    assert remove_clutter(_foreground(mask), single=False)[:, 54:].any()


def test_a_large_stroke_that_reaches_the_border_is_kept() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:40, 25:35] = True
    mask[30:60, 38:44] = True

    assert (remove_clutter(_foreground(mask), single=True) == mask).all()


def test_foreground_at_the_border_is_kept_if_there_is_no_other() -> None:
    image = Image.new("L", (100, 100), 255)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 8, 12), fill=0)
    pen.rectangle((90, 85, 99, 99), fill=0)

    assert remove_clutter(binarize(image), single=True).any()


def test_a_small_image_has_no_clutter() -> None:
    mask = np.zeros((19, 19), bool)
    mask[0] = mask[5, 5] = True

    assert remove_clutter(_foreground(mask), single=True) is mask


@pytest.mark.parametrize("single", [True, False])
def test_the_detached_bar_of_a_five_is_kept(single: bool) -> None:
    image = draw(5)
    ImageDraw.Draw(image).rectangle((60, 56, 140, 62), fill=255)

    (digit,) = find_digits(image, single=single)

    assert digit.box[1] < 56
