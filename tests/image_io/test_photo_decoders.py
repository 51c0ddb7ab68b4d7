"""HEIC photos and PDF pages are read with the extra `photos`; without it, the error says so."""

import io
import struct
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcli import extras
from mnistcli.errors import ImageError
from mnistcli.image_io import decoding_limits, open_image, photo_decoders
from mnistcli.image_io.pages import find_pages
from tests.support.page_files import save_pages
from tests.support.strokes import draw_digit

needs_pdfium = pytest.mark.skipif(
    find_spec("pypdfium2") is None, reason="needs pypdfium2: pip install 'mnistcli[photos]'"
)
needs_libheif = pytest.mark.skipif(
    find_spec("pillow_heif") is None, reason="needs pillow-heif: pip install 'mnistcli[photos]'"
)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"


def error_of(source: Path | io.BytesIO) -> ImageError:
    with pytest.raises(ImageError) as caught:
        open_image(source)
    return caught.value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEIC, "cannot read 'x': a HEIC photo requires the package pillow-heif"),
        (b"%PDF-1.7\n", "cannot read 'x': a PDF requires the package pypdfium2"),
    ],
)
def test_without_the_extra_the_error_names_the_kind_and_the_command(
    content: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    Path("x").write_bytes(content)

    error = error_of(Path("x"))

    assert (error.message, error.hint) == (message, "pip install 'mnistcli[photos]'")


@pytest.fixture
def scan() -> Path:
    return save_pages(Path("scan.pdf"), (3, 7))


@needs_pdfium
def test_each_page_is_an_image_at_300_dots_per_inch(scan: Path) -> None:
    first, second = find_pages(scan)

    image = open_image(f"{scan}#{second.number}")

    assert image.size == (834, 834)  # 200 points
    small = np.asarray(image.convert("L").resize((200, 200)), np.int64)
    assert np.abs(small - np.asarray(draw_digit(7), np.int64)).mean() < 5
    assert first.number == 1


@needs_pdfium
def test_content_in_memory_has_pages(scan: Path) -> None:
    pages = find_pages(scan.read_bytes())

    assert [page.number for page in pages] == [1, 2]
    assert open_image(pages[0]) == open_image(io.BytesIO(scan.read_bytes()))


@needs_pdfium
def test_a_large_page_has_fewer_dots() -> None:
    Image.new("L", (100, 2), 255).save("poster.pdf", resolution=0.1)

    image = open_image("poster.pdf")

    assert 20_000_000 < image.width * image.height < 25_100_000


@needs_pdfium
@pytest.mark.parametrize("cut", [20, 500])
def test_a_damaged_file_is_an_error_without_messages(
    cut: int, scan: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scan.write_bytes(scan.read_bytes()[:cut])

    assert error_of(scan).message.startswith("damaged PDF, or one that is too large")
    assert capfd.readouterr() == ("", "")


@needs_pdfium
def test_a_password_is_named(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], returncode=4, stdout=b"")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)

    assert error_of(scan).message == "a PDF with a password; save it without: 'scan.pdf'"


@needs_pdfium
def test_a_page_that_takes_too_long_is_an_error(
    scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_decoders, "_MAX_SECONDS", 0.001)

    assert error_of(scan).message == "PDF takes too long to render: 'scan.pdf'"


@pytest.fixture(scope="module")
def photo() -> bytes:
    import pillow_heif

    content = io.BytesIO()
    image = draw_digit(5, mode="RGB", ink=(20, 20, 20), paper=(250, 250, 250))
    exif = Image.Exif()
    exif[274] = 6  # rotated by 90 degrees
    pillow_heif.from_pillow(image.resize((300, 200))).save(content, quality=90, exif=exif.tobytes())
    return content.getvalue()


@needs_libheif
def test_a_photo_is_upright(photo: bytes) -> None:
    image = open_image(io.BytesIO(photo))

    assert (image.size, image.mode) == ((200, 300), "RGB")
    expected = draw_digit(5).resize((300, 200)).transpose(Image.Transpose.ROTATE_270)
    difference = np.asarray(image.convert("L"), np.int64) - np.asarray(expected, np.int64)
    assert np.abs(difference).mean() < 15


@needs_libheif
def test_the_limit_on_pixels_holds(photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding_limits, "MAX_PIXELS", 100)

    assert "megapixels" in error_of(io.BytesIO(photo)).message


@needs_libheif
def test_a_photo_larger_than_its_header_says_is_an_error(photo: bytes) -> None:
    changed = bytearray(photo)
    start = photo.index(b"ispe") + 8
    struct.pack_into(">II", changed, start, 16, 16)

    assert "damaged or truncated" in error_of(io.BytesIO(bytes(changed))).message


@needs_libheif
@pytest.mark.parametrize("cut", [60, 0.9])
def test_a_truncated_photo_is_an_error_without_messages(
    cut: float, photo: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    content = photo[: int(cut * len(photo)) if cut < 1 else int(cut)]

    assert "damaged or truncated" in error_of(io.BytesIO(content)).message
    assert capfd.readouterr() == ("", "")


def nested_pdf(levels: int) -> bytes:
    """Return a PDF of 2 kB whose page draws a form five times, which draws another, and so on."""
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] "
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R "
        b"/Resources << /XObject << /F 5 0 R >> >> >>",
        b"<< /Length 5 >> stream\n/F Do\nendstream",
        *(
            form + b"/Resources << /XObject << /F %d 0 R >> >> /Length 29 >> stream\n" % (6 + level)
            + b"/F Do " * 4 + b"/F Do\nendstream"
            for level in range(levels)
        ),
        form + b"/Length 14 >> stream\n0 0 9 9 re f  \nendstream",
    ]  # fmt: skip
    body = b"".join(b"%d 0 obj %s endobj\n" % item for item in enumerate(objects, start=1))
    return b"%PDF-1.4\n" + body + b"trailer << /Root 1 0 R >>\n%%EOF"


@needs_pdfium
def test_a_page_of_endless_content_is_an_error() -> None:
    Path("small.pdf").write_bytes(nested_pdf(2))
    Path("deep.pdf").write_bytes(nested_pdf(30))

    assert open_image("small.pdf").size == (38, 38)
    assert "too large" in error_of(Path("deep.pdf")).message
