"""Detection: `find_digits` and `compute_stages` for images of any mode."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from mnistcli.image_io import open_image
from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.stages import compute_stages
from tests.support.polylines import detect_single, draw, draw_number, similarity


@pytest.mark.parametrize(
    ("mode", "format_"),
    [("L", "PNG"), ("RGB", "BMP"), ("L", "TIFF"), ("P", "GIF"), ("RGBA", "PNG")],
)
def test_a_digit_in_mnist_format_stays_as_it_is_in_any_lossless_file(
    mode: str, format_: str
) -> None:
    image = detect_single(draw()).image
    file = io.BytesIO()
    Image.fromarray(image).convert(mode).save(file, format_)
    file.seek(0)

    assert (detect_single(open_image(file)).image == image).all()


def test_a_digit_in_mnist_format_stays_as_it_is_in_16_bits() -> None:
    image = detect_single(draw()).image
    file = io.BytesIO()
    Image.fromarray(image.astype(np.uint16) * 257).save(file, "PNG")
    file.seek(0)

    assert (detect_single(open_image(file)).image == image).all()


def test_a_small_image_in_another_format_is_normalized() -> None:
    image = detect_single(draw()).image
    gray = Image.fromarray(image)
    shifted = Image.fromarray(np.roll(image, (3, -2), (0, 1)))
    colored = Image.merge("RGB", [gray, gray, Image.new("L", (28, 28))])
    faint = Image.fromarray(image // 4)
    for other in (shifted, colored, faint):
        normalized = detect_single(other).image
        assert similarity(image, normalized) > 0.95
        assert normalized.max() == 255


def test_the_mask_of_a_digit_in_mnist_format_is_its_foreground() -> None:
    pixels = detect_single(draw()).image
    image = Image.fromarray(pixels)

    stages = compute_stages(image)
    foreground = stages.foreground

    assert stages.scale == 1
    assert np.array_equal(foreground, pixels > 0)
    digit = detect_single(image)
    left, top, right, bottom = digit.box
    assert np.array_equal(foreground[top:bottom, left:right], digit.mask)
    assert digit.mask.sum() == foreground.sum()


def _to_palette(image: Image.Image) -> Image.Image:
    """Convert to a palette in random order, so that an index says nothing about its gray level."""
    index_of = np.random.default_rng(0).permutation(256).astype(np.uint8)
    palette = np.zeros((256, 3), np.uint8)
    palette[index_of] = np.arange(256)[:, None]
    indexed = Image.fromarray(index_of[np.asarray(image)])
    indexed.putpalette(palette.tobytes())
    return indexed


def _to_16_bits(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)


@pytest.mark.parametrize(
    "modes",
    [
        *(["1"], ["LA"], ["P", "PA"], ["RGBA"], ["RGBA", "RGBa"], ["RGBX"], ["CMYK"]),
        *(["I"], ["F"], ["RGB", "HSV"], ["YCbCr"], ["RGB", "LAB"]),
    ],
)
def test_an_image_of_any_mode_is_converted(modes: list[str]) -> None:
    image = draw_number(2, 5, 7, 4)
    for mode in modes:
        image = image.convert(mode)

    _assert_same_digits(image, draw_number(2, 5, 7, 4))


@pytest.mark.parametrize("convert", [_to_palette, _to_16_bits])
def test_pixels_that_are_not_gray_levels_of_8_bits_are_converted(
    convert: Callable[[Image.Image], Image.Image],
) -> None:
    _assert_same_digits(convert(draw_number(2, 5, 7, 4)), draw_number(2, 5, 7, 4))


def _assert_same_digits(image: Image.Image, expected: Image.Image) -> None:
    digits = find_digits(image)
    assert len(digits) == 4
    for one, other in zip(digits, find_digits(expected), strict=True):
        assert similarity(one.image, other.image) > 0.98
    mask, expected_mask = compute_stages(image).foreground, compute_stages(expected).foreground
    assert (mask != expected_mask).mean() < 0.01


def test_ink_on_a_transparent_background_is_found() -> None:
    number = draw_number(2, 5, 7, 4)
    transparent = Image.new("L", number.size, 0)
    transparent.putalpha(number.point(lambda value: 255 - value))

    assert len(find_digits(transparent)) == 4
    indexed = number.convert("P")
    indexed.info["transparency"] = 255  # the index of white
    assert len(find_digits(indexed)) == 4
