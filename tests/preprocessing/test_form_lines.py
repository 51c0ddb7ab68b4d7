"""Form lines: underlines, combs and grids are removed, ones are kept."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.form_lines import remove_form_lines
from tests.support.polylines import detect_single, draw, draw_number, predict_text, similarity


def page(width: int, height: int, *numbers: tuple[int, int, Image.Image]) -> Image.Image:
    """Return white paper with images of numbers at their places."""
    image = Image.new("L", (width, height), 255)
    for left, top, number in numbers:
        image.paste(number, (left, top))
    return image


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
