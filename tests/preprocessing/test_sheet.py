"""The sheet of paper in a photo, and its surround."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from mnistcli.preprocessing.sheet import fill_surround, find_sheet
from tests.support.polylines import draw_number, predict_text


def photo(angle: float = 0, *, table: int = 50, margin: int = 150) -> Image.Image:
    """Return a photo of a sheet with a number on a table."""
    sheet = Image.new("L", (560, 240), 235)
    number = draw_number(2, 5, 7)
    sheet.paste(30, (80, 50), number.point(lambda level: 255 - level))
    image = Image.new("L", (560 + 2 * margin, 240 + 2 * margin), table)
    rotated = sheet.convert("LA").rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    place = (margin - (rotated.width - 560) // 2, margin - (rotated.height - 240) // 2)
    image.paste(rotated.getchannel("L"), place, rotated.getchannel("A"))
    return image.filter(ImageFilter.GaussianBlur(1))


@pytest.mark.parametrize("angle", [0, 4, -8])
@pytest.mark.parametrize("margin", [40, 150, 400])
def test_a_number_on_a_sheet_on_a_dark_table_is_read(angle: float, margin: int) -> None:
    assert predict_text(photo(angle, margin=margin)) == "257"


def test_the_sheet_covers_its_area() -> None:
    mask = find_sheet(np.asarray(photo()))

    assert mask is not None
    expected = np.zeros_like(mask)
    expected[150:390, 150:710] = True
    assert (mask & expected).sum() / (mask | expected).sum() > 0.97


def test_the_surround_has_the_color_of_the_sheet() -> None:
    pixels = np.asarray(photo().convert("RGB"))

    filled = fill_surround(pixels)

    assert filled.shape == pixels.shape
    assert (filled[:100] == 235).all()
    assert (filled[200:330, 250:600] == pixels[200:330, 250:600]).all()


def test_a_table_on_two_sides() -> None:
    assert predict_text(photo().crop((0, 0, 640, 350))) == "257"


def test_paper_without_a_table_is_unchanged() -> None:
    pixels = np.asarray(draw_number(2, 5, 7))

    assert find_sheet(pixels) is None
    assert fill_surround(pixels) is pixels


def test_a_shadow_with_digits_in_it_is_not_a_table() -> None:
    image = draw_number(2, 5, 7, 4)
    shade = np.where(np.arange(image.width) < image.width // 2, 0.4, 1.0)

    assert find_sheet((np.asarray(image) * shade).astype(np.uint8)) is None


def test_a_bold_digit_is_not_a_sheet() -> None:
    image = Image.new("L", (200, 200))
    ImageDraw.Draw(image).ellipse((40, 20, 160, 180), outline=255, width=40)

    assert find_sheet(np.asarray(image)) is None


def test_a_small_image_is_not_a_photo_of_a_sheet() -> None:
    image = Image.new("L", (50, 50))
    image.paste(255, (10, 10, 40, 40))

    assert find_sheet(np.asarray(image)) is None
