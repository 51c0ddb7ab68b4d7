"""The sheet of paper in a photo: its rectification, and its surroundings."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from mnistcli.preprocessing import detect_content, find_digits
from mnistcli.preprocessing.sheet import find_sheet, rectify_sheet
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

    filled, to_image = rectify_sheet(pixels)

    assert to_image is None
    assert filled.shape == pixels.shape
    assert (filled[:100] == 235).all()
    assert (filled[200:330, 250:600] == pixels[200:330, 250:600]).all()


@pytest.mark.parametrize("angle", [-30, 8, 38])
def test_a_tilted_sheet_is_rectified(angle: float) -> None:
    rectified, to_image = rectify_sheet(np.asarray(photo(angle, margin=250)))

    assert to_image is not None
    assert rectified.shape == pytest.approx((240, 560), abs=12)
    assert (rectified[[0, -1]] > 220).all()
    ends = np.array([[(0, 0), rectified.shape[::-1]]], np.float64)
    corners = cv2.perspectiveTransform(ends, to_image)[0]
    middle = np.array([530, 370])
    assert corners.mean(axis=0) == pytest.approx(middle, abs=3)
    turn = np.degrees(np.arctan2(*(corners[1] - middle)[::-1]) - np.arctan2(120, 280))
    assert turn == pytest.approx(-angle, abs=1)


def test_the_number_on_a_sheet_seen_from_the_side_is_read_with_its_boxes() -> None:
    image = photo(margin=250)
    corners = np.array([(250, 250), (810, 250), (810, 490), (250, 490)], np.float32)
    seen = np.array([(250, 225), (780, 270), (785, 470), (240, 490)], np.float32)
    transform = cv2.getPerspectiveTransform(corners, seen)
    warped = cv2.warpPerspective(np.asarray(image), transform, image.size, borderValue=50)

    content = detect_content(Image.fromarray(warped))
    expected = find_digits(image)

    assert predict_text(Image.fromarray(warped)) == "257"
    for found, digit in zip(content.digits, expected, strict=True):
        left, top, right, bottom = digit.box
        edges = [[(left, top), (right, top), (right, bottom), (left, bottom)]]
        points = cv2.perspectiveTransform(np.array(edges, np.float64), transform)[0]
        overlap = overlap_of(found.box, (*points.min(axis=0), *points.max(axis=0)))
        assert overlap > 0.75
        height, width = found.mask.shape  # at half of the resolution
        assert (2 * height, 2 * width) == (found.box[3] - found.box[1], found.box[2] - found.box[0])


def overlap_of(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the intersection of two boxes over their union."""
    sides = [min(one[n + 2], other[n + 2]) - max(one[n], other[n]) for n in (0, 1)]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    shared = max(sides[0], 0) * max(sides[1], 0)
    return float(shared / (sum(areas) - shared))


@pytest.mark.parametrize("angle", [2, 44])
def test_a_sheet_that_is_hardly_tilted_or_too_far_is_filled(angle: float) -> None:
    assert rectify_sheet(np.asarray(photo(angle, margin=300)))[1] is None


def test_a_tilted_sheet_that_is_cut_off_is_filled() -> None:
    image = photo(8)

    assert rectify_sheet(np.asarray(image.crop((0, 0, 640, image.height))))[1] is None


def test_the_outline_of_a_zero_is_not_rectified() -> None:
    image = Image.new("L", (400, 400), 0)
    ImageDraw.Draw(image).polygon(
        [(100, 80), (280, 100), (300, 320), (110, 330)], outline=255, width=14
    )

    assert rectify_sheet(np.asarray(image))[1] is None


def test_a_sheet_with_a_table_on_two_sides_is_read() -> None:
    assert predict_text(photo().crop((0, 0, 640, 350))) == "257"


def test_paper_without_a_table_is_unchanged() -> None:
    pixels = np.asarray(draw_number(2, 5, 7))

    assert find_sheet(pixels) is None
    assert rectify_sheet(pixels)[0] is pixels


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
