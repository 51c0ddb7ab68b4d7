"""Line images: the input of the line recognizer."""

import numpy as np
import pytest
from PIL import Image

from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.line_images import LineImage, crop_line, zoom_line
from mnistcli.preprocessing.text_lines import find_text_lines
from tests.support.polylines import draw_number


def cut_out(image: Image.Image, *, zoom: float = 1.0) -> LineImage:
    foreground = binarize(image)
    line = find_text_lines(connected_components(foreground.mask))[0]
    excluded = foreground.mask & ~line.mask
    return crop_line(line, foreground.coverage, excluded, zoom=zoom)


@pytest.mark.parametrize("factor", [1, 3])
def test_digits_are_20_pixels_high_in_the_middle_of_32(factor: int) -> None:
    image = draw_number(2, 5, 7)
    pixels = cut_out(image.resize((image.width * factor, image.height * factor))).pixels

    rows = np.flatnonzero((pixels > 0.5).any(axis=1))
    assert pixels.shape[0] == 32
    assert pixels.dtype == np.float32
    assert abs(rows[0] - 6) <= 1
    assert abs(rows[-1] - 25) <= 1


def test_a_zoom_scales_the_digits() -> None:
    rows = np.flatnonzero((cut_out(draw_number(2, 5), zoom=0.5).pixels > 0.4).any(axis=1))

    assert 8 <= np.ptp(rows) + 1 <= 12


def test_columns_can_be_converted_to_the_whole_image() -> None:
    line = cut_out(draw_number(2, 5))

    first, last = np.flatnonzero((line.pixels > 0.5).any(axis=0))[[0, -1]]
    assert line.to_column(float(first)) == pytest.approx(24, abs=6)
    assert line.to_column(float(last + 1)) == pytest.approx(180, abs=6)


def test_the_ink_of_other_lines_is_left_out() -> None:
    page = Image.new("L", (300, 250), 255)
    page.paste(draw_number(2, 5), (0, 0))
    page.paste(draw_number(7, 4), (0, 115))

    alone, beside = cut_out(draw_number(2, 5)).pixels, cut_out(page).pixels

    width = min(alone.shape[1], beside.shape[1])
    assert np.abs(alone[:, :width] - beside[:, :width]).mean() < 0.02


def test_a_line_image_is_zoomed_around_its_middle_row() -> None:
    pixels = np.zeros((32, 40), np.float32)
    pixels[6:26, 10:14] = 1

    zoomed = zoom_line(pixels, 0.5)

    assert zoomed.shape == (32, 20)
    rows = np.flatnonzero(zoomed.max(axis=1) > 0.4)
    assert abs(rows[0] - 11) <= 1
    assert abs(rows[-1] - 20) <= 1
    assert zoom_line(pixels, 1.0) is pixels
