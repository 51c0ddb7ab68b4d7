"""Every image file opens; every other file, stream or object is one named error."""

import io
import logging
import os
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.image_io import ImageSource, decoding_limits, image_input, open_image
from mnistcli.image_io.image_input import source_name
from mnistcli.image_io.image_memory import MemoryBudget, decoded_bytes
from tests.support.png import build_png, chunk

GRADIENT = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8))


def message(source: ImageSource) -> str:
    with pytest.raises(ImageError) as caught:
        open_image(source)
    assert "\n" not in caught.value.message
    return caught.value.message


def is_gradient(image: Image.Image) -> bool:
    return bool((np.asarray(image.convert("L")) == GRADIENT).all())


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "PPM", "WEBP"])
def test_lossless_formats_keep_the_pixels(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    opened = open_image(encode(Image.fromarray(GRADIENT), kind, **options))

    assert opened.mode in {"L", "RGB"}
    assert is_gradient(opened)


@pytest.mark.parametrize("kind", ["AVIF", "JPEG"])
def test_lossy_formats_keep_the_gray_level(kind: str) -> None:
    opened = open_image(encode(Image.new("RGB", (32, 32), (200, 200, 200)), kind))

    assert opened.size[0] >= 32
    assert np.asarray(opened.convert("L")).mean() == pytest.approx(200, abs=2)


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_file_of_any_mode_opens(mode: str) -> None:
    pixels = Image.fromarray(GRADIENT)
    image = (
        Image.fromarray(GRADIENT.astype(np.uint16) * 257)
        if mode == "I;16"
        else pixels.convert(mode)
    )

    assert is_gradient(open_image(encode(image, "TIFF")))


def test_a_transparent_palette_color_is_transparent() -> None:
    image = Image.new("P", (20, 20), 0)
    image.putpalette([0, 0, 0, 10, 10, 10])
    image.paste(1, (8, 2, 12, 18))

    opened = open_image(encode(image, "PNG", transparency=0))

    assert opened.getpixel((0, 0)) == (255, 255, 255)
    assert opened.getpixel((10, 10)) == (10, 10, 10)


def rotated(orientation: int) -> tuple[Image.Image, Image.Exif]:
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(GRADIENT)
    if orientation in back:
        image = image.transpose(back[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    return image, exif


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_rotated_upright_by_its_exif_data(orientation: int) -> None:
    image, exif = rotated(orientation)

    assert is_gradient(open_image(encode(image, exif=exif)))


def test_of_an_animation_the_first_frame_is_used() -> None:
    frames = [Image.new("L", (8, 8), value) for value in (200, 0, 90)]
    file = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert open_image(file).convert("L").getpixel((3, 3)) == 200


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(GRADIENT).save(path)

    assert is_gradient(open_image(path))
    assert is_gradient(open_image(str(path)))


def test_a_file_object_is_read_from_its_start() -> None:
    file = encode(Image.fromarray(GRADIENT))
    file.seek(5)

    assert is_gradient(open_image(file))


def test_a_pil_image_is_converted_and_stays_as_it_is() -> None:
    """A palette image was segmented by its color indices."""
    image, exif = rotated(6)
    original = Image.open(encode(image.convert("P"), exif=exif))

    assert is_gradient(open_image(original))
    assert (original.mode, original.size) == ("P", image.size)


def test_a_damaged_pil_image_is_refused() -> None:
    content = encode(noise()).getvalue()
    lazy = Image.open(io.BytesIO(content[:200]))

    assert message(lazy) == "damaged or truncated image: 'image'"


def test_an_array_is_an_image() -> None:
    assert is_gradient(open_image(GRADIENT))
    assert is_gradient(open_image(np.stack([GRADIENT / 255] * 3, axis=-1)))


@pytest.mark.parametrize("source", [None, 7, b"\x89PNG", ["a.png"]])
def test_other_objects_are_a_type_error(source: Any) -> None:
    with pytest.raises(TypeError, match=f"an image is a path, .*, not {type(source).__name__}$"):
        open_image(source)


def test_the_name_of_a_source(tmp_path: Path) -> None:
    with (tmp_path / "x.png").open("wb+") as file:
        assert source_name(file) == str(tmp_path / "x.png")
    Image.fromarray(GRADIENT).save("a.png")
    with Image.open("a.png") as image:
        assert source_name(image) == "a.png"
    assert source_name(Path("b.png")) == "b.png"
    assert source_name(GRADIENT) == source_name(io.BytesIO()) == ""
    with pytest.raises(ImageError, match=r"^not an image: 'mine'$"):
        open_image(io.BytesIO(b"x"), name="mine")


def test_a_stream_that_cannot_seek_is_read_into_memory() -> None:
    content = encode(Image.fromarray(GRADIENT)).getvalue()
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert is_gradient(open_image(file))


def test_an_endless_stream_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_input, "MAX_BYTES", 3 * 2**20)
    with subprocess.Popen(
        [sys.executable, "-c", "while True: print('x' * 10000)"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = message(process.stdout)
        process.kill()

    assert said.startswith("more than 3 MiB on a stream: ")


def test_a_named_pipe_without_a_writer_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_input, "_PIPE_WAIT", 0.1)
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)

    assert message(pipe) == f"empty file, not an image: {str(pipe)!r}"


def test_a_named_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    content = encode(Image.fromarray(GRADIENT)).getvalue()
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()

    assert is_gradient(open_image(pipe))
    writer.join()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no [b]such[/b]\nfile.png"

    assert message(path) == f"no such file: {str(path)!r}"
    assert message("a\0b.png") == "no such file: 'a\\x00b.png'"


def test_a_directory_is_not_an_image(tmp_path: Path) -> None:
    assert message(tmp_path) == f"not an image but a directory: {str(tmp_path)!r}"


def test_paths_that_cannot_be_opened(tmp_path: Path) -> None:
    long = tmp_path / f"{'x' * 300}.png"
    inside = tmp_path / "a.png" / "x.png"
    inside.parent.touch()
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)

    assert message(long) == f"file name too long: {str(long)!r}"
    assert message(inside) == f"not a directory: {str(inside)!r}"
    assert message(loop) == f"too many levels of symbolic links: {str(loop)!r}"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied"), "permission denied"),
        (OSError(5, "Input/output error"), "input/output error"),
        (OSError("odd"), "cannot read"),
    ],
)
def test_the_error_of_an_unreadable_file_has_its_name(
    error: OSError, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(os, "open", fail)

    assert message("secret.png") == f"{reason}: 'secret.png'"


def test_a_read_error_in_the_middle_of_a_file() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    assert message(Failing()) == "input/output error: 'image'"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()

    assert message(path) == f"empty file, not an image: {str(path)!r}"


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("seven\n")

    assert message(path) == f"not an image: {str(path)!r}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg/>", "an SVG image: export it as PNG"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "a Git LFS pointer: fetch the file with 'git lfs pull'",
        ),
        (b"\x80\x04.", "a pickle, which can run code and is not read: if you trust it, "
         "save its arrays with numpy.savez"),
    ],
)  # fmt: skip
def test_an_unsupported_format_is_named(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    path.write_bytes(content)

    assert message(path) == f"{str(path)!r} is {reason}"


def test_postscript_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An EPS file called scan.png started Ghostscript."""

    def start(*_: object, **__: object) -> None:
        pytest.fail("a program was started")

    monkeypatch.setattr(subprocess, "Popen", start)
    path = tmp_path / "scan.png"
    Image.new("L", (20, 20)).save(path, "EPS")

    assert message(path) == f"{str(path)!r} is a PostScript file: export it as PNG"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_truncated_image_is_refused(kind: str) -> None:
    content = encode(noise(), kind).getvalue()

    truncated = io.BytesIO(content[: len(content) * 2 // 3])
    assert message(truncated) == "damaged or truncated image: 'image'"


@pytest.mark.parametrize("kind", [AssertionError, AttributeError, ZeroDivisionError, MemoryError])
def test_whatever_a_decoder_raises_is_a_damaged_image(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ICNS and SPIDER files with damaged headers stopped a whole batch."""

    def fail(*_: object, **__: object) -> Image.Image:
        raise kind

    monkeypatch.setattr(Image, "open", fail)

    assert message(io.BytesIO(b"x")) == "damaged or truncated image: 'image'"


def png_of_size(width: int, height: int) -> io.BytesIO:
    data = chunk(b"IDAT", zlib.compress(b""))
    return io.BytesIO(build_png(width, height, data, chunk(b"IEND", b"")))


@pytest.mark.parametrize("side", [11_000, 13_000, 40_000])
def test_an_image_that_would_fill_the_memory_is_refused(side: int) -> None:
    assert message(png_of_size(side, side)) == "image exceeds 120 megapixels: 'image'"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("ICNS", "is an icon"),
        ("PCX", "not an image"),
        ("SGI", "not an image"),
        ("TGA", "not an image"),
        ("DDS", "not an image"),
        ("QOI", "not an image"),
    ],
)
def test_rare_formats_are_not_opened_whatever_the_name_is(
    kind: str, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "scan.png"
    path.write_bytes(encode(Image.new("RGB", (32, 32)), kind).getvalue())

    assert reason in message(path)


def test_a_format_whose_decoder_takes_more_memory_has_a_lower_limit() -> None:
    image = Image.new("RGB", (10, 10))
    image.format = "WEBP"
    webp = decoded_bytes(image)
    image.format = "PNG"

    assert webp == decoded_bytes(image) + 800


def test_an_image_that_takes_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding_limits, "MAX_BYTES", 0)

    assert message(encode(noise(), "PNG")) == "image requires more than 0 MiB: 'image'"


def test_a_device_is_not_an_image() -> None:
    assert message(Path("/dev/zero")) == "a device, not an image: '/dev/zero'"


def test_the_messages_of_libtiff_are_hidden(capfd: pytest.CaptureFixture[str]) -> None:
    """Over four corpora of images, it wrote 2,310 lines to stderr."""
    content = bytearray(encode(noise(), "TIFF", compression="tiff_lzw").getvalue())
    content[2000:2100] = bytes(range(100))

    message(io.BytesIO(content))

    assert capfd.readouterr().err == ""


def test_memory_stays_reserved_until_the_caller_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = MemoryBudget(10)
    monkeypatch.setattr(image_input, "BUDGET", budget)
    opened: list[int] = []

    def open_second() -> None:
        open_image(encode(noise(), "PNG"))
        opened.append(2)

    with ExitStack() as memory:
        open_image(encode(noise(), "PNG"), memory=memory)
        thread = threading.Thread(target=open_second)
        thread.start()
        thread.join(0.2)
        opened.append(1)
    thread.join(10)

    assert opened == [1, 2]


def test_a_large_image_below_the_limit_gives_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)

    assert open_image(encode(Image.fromarray(GRADIENT))).size == (8, 6)


def test_an_image_without_pixels_is_refused() -> None:
    assert message(Image.new("L", (0, 7))) == "image has no pixels: 'image'"


def test_pillow_warnings_and_log_messages_are_hidden(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def warn(file: io.BytesIO, formats: object) -> Image.Image:
        warnings.warn("odd metadata", UserWarning, stacklevel=1)
        logging.getLogger("PIL.TiffImagePlugin").error("more samples than can be decoded")
        return Image.fromarray(GRADIENT)

    monkeypatch.setattr(Image, "open", warn)

    assert open_image(io.BytesIO(b"x")).size == (8, 6)
    assert caplog.text == ""
    assert logging.root.manager.disable == logging.NOTSET


def test_threads_leave_warnings_and_logging_as_they_were() -> None:
    filters = list(warnings.filters)
    content = encode(Image.fromarray(GRADIENT)).getvalue()
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_image(io.BytesIO(content)), range(200)))

    assert all(map(is_gradient, opened))
    assert warnings.filters == filters
    assert logging.root.manager.disable == logging.NOTSET


def test_a_photo_with_a_second_image_is_opened(tmp_path: Path) -> None:
    """Phones write MPO: a JPEG with a depth or brightness map behind it. It was "damaged"."""
    photo = Image.new("RGB", (40, 30), (200, 100, 50))
    photo.save(tmp_path / "photo.jpg", "MPO", save_all=True, append_images=[photo])

    image = open_image(tmp_path / "photo.jpg")

    assert image.size == (40, 30)
    assert np.abs(np.array(image.convert("RGB")).astype(int) - (200, 100, 50)).max() < 4
