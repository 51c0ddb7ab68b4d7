"""Cleaning: specks and ruled lines."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.cleaning import keep_largest, remove_ruled_lines, remove_specks
from mnistcli.preprocessing.components import connected_components
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


def test_specks_are_removed() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:50, 25:35] = True  # area 400: below 8 pixels is a speck
    mask[5, 5:12] = True
    mask[55, 5:13] = True

    cleaned = remove_specks(connected_components(mask)).mask

    assert not cleaned[5].any()
    assert cleaned[55].sum() == 8
    assert (cleaned[10:50] == mask[10:50]).all()


def test_an_empty_mask_stays_empty() -> None:
    empty = connected_components(np.zeros((30, 40), bool))

    assert not remove_specks(empty).mask.any()
    assert not keep_largest(empty).mask.any()


def test_a_texture_keeps_at_most_1000_components() -> None:
    mask = np.zeros((400, 400), bool)
    mask[::4, ::4] = True  # 10,000 dots
    mask[100:140, 101:111] = True

    kept = keep_largest(connected_components(mask))

    assert len(kept) == 1000
    assert kept.mask[100:140, 101:111].all()
    mask[100:140, 101:111] = False
    assert len(remove_specks(connected_components(mask))) == 1000


@pytest.mark.parametrize("single", [True, False])
def test_the_detached_bar_of_a_five_is_kept(single: bool) -> None:
    image = draw(5)
    ImageDraw.Draw(image).rectangle((60, 56, 140, 62), fill=255)

    (digit,) = find_digits(image, single=single)

    assert digit.box[1] < 56
