"""Every mode of an image and every type of an array becomes 8-bit grayscale or RGB."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.image_io import image_modes
from mnistcli.image_io.image_modes import from_array, to_8_bits

GRADIENT = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def values(image: Image.Image) -> list[list[int]]:
    pixels: list[list[int]] = np.asarray(image).tolist()
    return pixels


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I", "F"])
def test_every_mode_is_converted(mode: str) -> None:
    black_white = np.where(GRADIENT > 100, 255, 0).astype(np.uint8)
    image = Image.fromarray(black_white)
    if mode == "I;16":
        image = Image.fromarray(black_white.astype(np.uint16) * 257)
    elif mode == "I":
        image = Image.fromarray(black_white.astype(np.int32) * 257)
    else:
        image = image.convert(mode)

    converted = to_8_bits(image)

    assert image.mode == mode
    assert converted.mode in {"L", "RGB"}
    assert (np.asarray(converted.convert("L")) == black_white).all()


def test_16_bits_are_scaled_and_not_clipped() -> None:
    converted = to_8_bits(Image.fromarray(GRADIENT.astype(np.uint16) * 257 + 20))

    assert (np.asarray(converted) == GRADIENT).all()


@pytest.mark.parametrize(
    ("deep", "expected"),
    [
        (np.array([[0, 2000, 4095]], np.uint16), [[0, 125, 255]]),
        (np.array([[0.0, 0.5, 1.0]], np.float32), [[0, 128, 255]]),
        (np.array([[np.nan, np.inf, -100000.0, 100000.0]], np.float32), [[128, 128, 0, 255]]),
    ],
)
def test_deep_pixels_are_scaled_by_the_range_that_holds_them(
    deep: NDArray[np.generic], expected: list[list[int]]
) -> None:
    assert values(to_8_bits(Image.fromarray(deep))) == expected


def bare_ink(color: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGBA", (20, 20), (*color, 0))
    image.paste((*color, 255), (8, 2, 12, 18))
    return image


@pytest.mark.parametrize(
    ("ink", "background"),
    [((0, 0, 0), 255), ((255, 255, 255), 0), ((20, 30, 160), 255), ((255, 250, 150), 0)],
)
def test_bare_ink_is_composited_over_a_contrasting_background(
    ink: tuple[int, int, int], background: int
) -> None:
    converted = to_8_bits(bare_ink(ink))

    assert converted.getpixel((0, 0)) == (background,) * 3
    assert converted.getpixel((10, 10)) == ink


def test_a_page_with_transparent_corners_keeps_its_color() -> None:
    image = Image.new("RGBA", (20, 20), (40, 40, 40, 255))
    image.paste((250, 250, 250, 255), (9, 4, 12, 16))
    image.paste((0, 0, 0, 0), (0, 0, 4, 4))

    assert to_8_bits(image).getpixel((0, 0)) == (40, 40, 40)


def test_a_fully_transparent_image_is_white() -> None:
    assert to_8_bits(Image.new("RGBA", (5, 5))).getpixel((2, 2)) == (255, 255, 255)


@pytest.mark.parametrize(
    "array",
    [
        GRADIENT,
        GRADIENT[..., None],
        np.stack([GRADIENT] * 3, axis=-1),
        np.dstack([GRADIENT, GRADIENT, GRADIENT, np.full_like(GRADIENT, 255)]),
        GRADIENT / 255,
        np.stack([GRADIENT / 255] * 3, axis=-1).astype(np.float32),
        GRADIENT.astype(np.int64),
        GRADIENT.astype(np.uint16) * 257,
        np.asfortranarray(GRADIENT),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_becomes_an_image(array: NDArray[np.generic]) -> None:
    image = to_8_bits(from_array(array, "array"))

    assert (np.asarray(image.convert("L")) == GRADIENT).all()


def test_a_bool_array_is_black_and_white() -> None:
    assert values(from_array(np.array([[True, False]]), "array")) == [[255, 0]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (
            np.zeros((10, 28, 28)),
            "not the shape of an image: 'a' is (10, 28, 28), expected (height, width), "
            "(height, width, 3) or (height, width, 4)",
        ),
        (
            np.zeros(784),
            "not the shape of an image: 'a' is (784,), expected (height, width), "
            "(height, width, 3) or (height, width, 4)",
        ),
        (np.zeros((0, 28)), "image has no pixels: 'a'"),
        (np.zeros((2, 2), complex), "not an image: 'a' is an array of complex128"),
        (np.array([["7"]]), "not an image: 'a' is an array of <U1"),
    ],
)
def test_an_array_that_is_not_an_image(array: NDArray[np.generic], message: str) -> None:
    with pytest.raises(ImageError) as caught:
        from_array(array, "a")

    assert caught.value.message == message


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I", "F"])
def test_tiles_make_no_difference(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = Image.fromarray(GRADIENT)
    image = (
        Image.fromarray(GRADIENT.astype(np.uint16) * 257)
        if mode == "I;16"
        else gradient.convert(mode)
    )
    whole = to_8_bits(image)

    monkeypatch.setattr(image_modes, "_TILE_PIXELS", 10)

    np.testing.assert_array_equal(np.asarray(to_8_bits(image)), np.asarray(whole))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "I;16"])
def test_a_large_image_is_reduced_by_a_whole_factor(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gray = np.repeat(np.repeat(GRADIENT, 3, 0), 3, 1)[:17, :23]
    image = (
        Image.fromarray(gray.astype(np.uint16) * 257)
        if mode == "I;16"
        else Image.fromarray(gray).convert(mode)
    )
    expected = np.asarray(Image.fromarray(gray).reduce(3))
    monkeypatch.setattr(image_modes, "MAX_FULL_PIXELS", 50)
    monkeypatch.setattr(image_modes, "_TILE_PIXELS", 40)

    reduced = to_8_bits(image)

    assert reduced.size == (8, 6)
    difference = np.asarray(reduced.convert("L"), np.int16) - expected
    assert np.abs(difference).max() <= 3
