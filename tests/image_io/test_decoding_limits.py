"""Decompression bombs: images that take too long or too much memory to decode are refused."""

import io
import time

import pytest
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.image_io import decoding_limits, open_image
from mnistcli.image_io.image_memory import decoded_bytes
from tests.support.slow_images import (
    gif_of_comments,
    jpeg_in_three_scans,
    jpeg_of_markers,
    plain_pbm,
    png_of_chunks,
    progressive_jpeg,
)


def encoded(kind: str, **options: str) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(stream, kind, **options)
    return stream.getvalue()


def message(content: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        open_image(io.BytesIO(content))
    return caught.value.message


@pytest.mark.parametrize(
    "content",
    [
        progressive_jpeg(1000, 500),
        jpeg_of_markers(100_000),
        png_of_chunks(100_000),
        gif_of_comments(100_000),
        plain_pbm(4000),
    ],
    ids=["progressive JPEG", "JPEG of markers", "PNG of chunks", "GIF of comments", "plain PBM"],
)
def test_an_image_that_takes_too_long_is_refused(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding_limits, "MAX_SECONDS", 0.05)
    begin = time.thread_time()

    assert message(content) == "takes more than 0.05 s to decode: 'image'"
    assert time.thread_time() - begin < 1


def test_an_image_that_takes_less_time_is_opened() -> None:
    assert open_image(io.BytesIO(progressive_jpeg(100, 20))).size == (100, 100)
    assert open_image(io.BytesIO(jpeg_in_three_scans(100))).size == (100, 100)


def test_the_coefficients_of_several_scans_count_as_memory() -> None:
    def size(content: bytes) -> int:
        with Image.open(io.BytesIO(content)) as image:
            once = decoded_bytes(image)
            assert decoded_bytes(image) == once
            image.load()
            return once // image.width**2

    stream = io.BytesIO()
    Image.new("RGB", (100, 100)).save(stream, "JPEG")
    assert size(stream.getvalue()) == 8
    assert size(jpeg_in_three_scans(100)) == 14
    assert size(progressive_jpeg(100, 1)) == 7


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_usual_compressions_of_tiff_are_read(compression: str) -> None:
    content = encoded("TIFF", compression=compression)

    assert open_image(io.BytesIO(content)).size == (64, 64)


@pytest.mark.parametrize("compression", ["lzma", "zstd"])
def test_slow_or_rare_compressions_of_tiff_are_refused(compression: str) -> None:
    content = encoded("TIFF", compression=compression)

    assert message(content) == f"unsupported TIFF compression {compression!r}: 'image'"


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_a_large_file_whose_decoder_cannot_be_stopped_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = encoded(kind)
    assert open_image(io.BytesIO(content)).size == (64, 64)
    monkeypatch.setattr(decoding_limits, "_MAX_ENCODED_BYTES", len(content) - 1)

    assert message(content) == f"{kind} file exceeds 0 MiB: 'image'"


def test_a_damaged_header_is_a_damaged_image() -> None:
    assert message(b"\x89PNG\r\n\x1a\n" + bytes(99)) == "damaged or truncated image: 'image'"
