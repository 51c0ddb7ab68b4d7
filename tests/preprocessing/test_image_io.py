"""Any file that is a picture opens; any other ends in one line."""

import io
import logging
import os
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.preprocessing import open_image

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def stored(image: Image.Image, kind: str = "PNG", **options: object) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def message(source: Path | io.BytesIO) -> str:
    with pytest.raises(ImageError) as caught:
        open_image(source)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "PPM", "WEBP"])
def test_grey_comes_through_every_lossless_format(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    opened = open_image(stored(Image.fromarray(GREY), kind, **options))
    assert opened.mode in {"L", "RGB"}
    assert (np.asarray(opened.convert("L")) == GREY).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I", "F"])
def test_every_mode_gives_eight_bits(mode: str) -> None:
    values = np.where(GREY > 100, 255, 0).astype(np.uint8)
    image = Image.fromarray(values)
    if mode == "I;16":
        image = Image.fromarray(values.astype(np.uint16) * 257)
    elif mode == "I":
        image = Image.fromarray(values.astype(np.int32) * 257)
    else:
        image = image.convert(mode)
    opened = open_image(stored(image, "TIFF"))
    assert opened.mode in {"L", "RGB"}
    assert (np.asarray(opened.convert("L")) == values).all()


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    opened = open_image(stored(Image.fromarray(GREY.astype(np.uint16) * 257 + 20)))
    assert (np.asarray(opened) == GREY).all()


def test_twelve_bits_and_fractions_are_brightened() -> None:
    twelve = open_image(stored(Image.fromarray(np.array([[0, 2000, 4095]], np.uint16))))
    assert np.asarray(twelve).tolist() == [[0, 125, 255]]
    parts = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert np.asarray(open_image(stored(Image.fromarray(parts), "TIFF"))).tolist() == [
        [0, 128, 255]
    ]


def test_numbers_no_picture_has_do_no_harm() -> None:
    odd = np.array([[np.nan, np.inf, -100000.0, 100000.0]], np.float32)
    assert np.asarray(open_image(stored(Image.fromarray(odd), "TIFF"))).tolist() == [
        [128, 128, 0, 255]
    ]


def ink_only(colour: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGBA", (20, 20), (*colour, 0))
    image.paste((*colour, 255), (8, 2, 12, 18))
    return image


@pytest.mark.parametrize(
    ("ink", "ground"),
    [((0, 0, 0), 255), ((255, 255, 255), 0), ((20, 30, 160), 255), ((255, 250, 150), 0)],
)
def test_bare_ink_is_laid_on_a_ground_where_it_shows(
    ink: tuple[int, int, int], ground: int
) -> None:
    opened = open_image(stored(ink_only(ink)))
    assert opened.getpixel((0, 0)) == (ground,) * 3
    assert opened.getpixel((10, 10)) == ink


def test_a_sheet_with_transparent_corners_keeps_its_colour() -> None:
    image = Image.new("RGBA", (20, 20), (40, 40, 40, 255))
    image.paste((250, 250, 250, 255), (9, 4, 12, 16))
    image.paste((0, 0, 0, 0), (0, 0, 4, 4))
    assert open_image(stored(image)).getpixel((0, 0)) == (40, 40, 40)


def test_nothing_but_transparency_is_white() -> None:
    assert open_image(stored(Image.new("RGBA", (5, 5)))).getpixel((2, 2)) == (255, 255, 255)


def test_a_transparent_palette_colour_counts_as_transparent() -> None:
    image = Image.new("P", (20, 20), 0)
    image.putpalette([0, 0, 0, 10, 10, 10])
    image.paste(1, (8, 2, 12, 18))
    opened = open_image(stored(image, "PNG", transparency=0))
    assert opened.getpixel((0, 0)) == (255, 255, 255)
    assert opened.getpixel((10, 10)) == (10, 10, 10)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(orientation: int) -> None:
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(GREY)
    if orientation in back:
        image = image.transpose(back[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert (np.asarray(open_image(stored(image, exif=exif))) == GREY).all()


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("L", (8, 8), value) for value in (200, 0, 90)]
    file = stored(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(file).convert("L").getpixel((3, 3)) == 200


def test_a_stream_that_cannot_go_back_is_read_whole(tmp_path: Path) -> None:
    content = stored(Image.fromarray(GREY)).getvalue()
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert (np.asarray(open_image(file)) == GREY).all()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no [b]such[/b]\nfile.png"
    assert message(path) == f"no such file: {str(path)!r}"


def test_a_directory_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        open_image(tmp_path)
    assert caught.value.message == f"a directory, not a picture: {str(tmp_path)!r}"
    assert caught.value.hint == f"mnistcli predict {tmp_path}/*.png"


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "secret.png"
    monkeypatch.setattr(Path, "open", refuse)
    assert message(path) == f"not allowed to read: {str(path)!r}"


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    assert message(path) == f"an empty file, not a picture: {str(path)!r}"


def test_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("seven\n")
    assert message(path) == f"not a picture: {str(path)!r}"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_truncated_picture(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)
    content = stored(Image.fromarray(noise), kind).getvalue()
    assert message(io.BytesIO(content[: len(content) * 2 // 3])) in {
        "a damaged or truncated picture: 'picture'",
        "not a picture: 'picture'",
    }


def png_of_size(width: int, height: int) -> io.BytesIO:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b""))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b""))


@pytest.mark.parametrize("side", [11_000, 13_000, 40_000])
def test_a_picture_that_would_fill_the_memory(side: int) -> None:
    assert message(png_of_size(side, side)) == "a picture of more than 120 megapixels: 'picture'"


def test_a_large_picture_below_the_limit_brings_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    assert open_image(stored(Image.fromarray(GREY))).size == (8, 6)


def test_a_picture_without_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_io.Image, "open", lambda file: Image.new("L", (0, 7)))
    assert message(stored(Image.fromarray(GREY))) == "a picture without pixels: 'picture'"


def test_what_pillow_remarks_stays_with_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def remark(file: io.BytesIO) -> Image.Image:
        warnings.warn("odd metadata", UserWarning, stacklevel=1)
        logging.getLogger("PIL.TiffImagePlugin").error("more samples than can be decoded")
        return Image.fromarray(GREY)

    monkeypatch.setattr(image_io.Image, "open", remark)
    assert open_image(io.BytesIO(b"x")).size == (8, 6)
    assert caplog.text == ""
    assert logging.root.manager.disable == logging.NOTSET


def test_threads_leave_warnings_and_logging_as_they_were() -> None:
    filters = list(warnings.filters)
    content = stored(Image.fromarray(GREY)).getvalue()
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_image(io.BytesIO(content)), range(200)))
    assert all((np.asarray(one) == GREY).all() for one in opened)
    assert warnings.filters == filters
    assert logging.root.manager.disable == logging.NOTSET
