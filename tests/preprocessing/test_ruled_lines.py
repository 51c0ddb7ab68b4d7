"""Ruled lines: removed across the whole image; bars of digits are kept."""

import pytest
from PIL import Image, ImageDraw

from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.ruled_lines import remove_ruled_lines
from tests.support.polylines import detect_single, draw, draw_number, predict_text, similarity


@pytest.mark.parametrize("squared", [False, True])
def test_ruled_lines_are_removed(squared: bool) -> None:
    image = draw(ink=30)
    pen = ImageDraw.Draw(image)
    for position in range(10, 200, 45):
        pen.line((0, position, 200, position), fill=120, width=2)
        if squared:
            pen.line((position, 0, position, 200), fill=120, width=2)

    assert similarity(detect_single(image).image, detect_single(draw(ink=30)).image) > 0.9


def test_a_line_under_a_number_is_removed() -> None:
    image = draw_number(2, 5, 7, 4)
    ImageDraw.Draw(image).line((0, 112, image.width, 116), fill=60, width=3)

    assert predict_text(image) == "2574"


def test_a_bar_across_a_tight_image_is_kept() -> None:
    image = Image.new("L", (60, 20), 255)
    ImageDraw.Draw(image).line((0, 10, 60, 10), fill=0, width=3)
    foreground = binarize(image)

    assert remove_ruled_lines(foreground.mask, foreground.coverage).any()
