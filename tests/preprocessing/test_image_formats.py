"""Formats are recognized by their names and signatures; unsupported ones are named."""

import io

import pytest
from PIL import Image

from mnistcli.preprocessing.image_formats import (
    FORMATS,
    format_of_name,
    is_image_data,
    is_image_name,
    unsupported_format,
)


def ftyp(*brands: bytes) -> bytes:
    """Return the start of an ISO media file, such as HEIC."""
    content = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return (len(content) + 4).to_bytes(4, "big") + content


UNSUPPORTED = {
    "HEIC": ftyp(b"heic", b"mif1", b"heic"),
    "JPEG XL": b"\xff\x0a" + bytes(20),
    "PDF": b"%PDF-1.7\n",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "SVG": b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>",
    "HTML": b"\n<!DOCTYPE html><html></html>",
    "JPEG 2000": b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    "Photoshop": b"8BPS\x00\x01",
    "icon": b"\x00\x00\x01\x00\x01\x00",
    "Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
}


@pytest.mark.parametrize(("name", "head"), UNSUPPORTED.items())
def test_an_unsupported_format_is_identified(name: str, head: bytes) -> None:
    unsupported = unsupported_format(head)

    assert unsupported is not None
    assert unsupported.name == name
    assert is_image_data(head)


@pytest.mark.parametrize("head", [b"", b"seven\n", b"<?xml version='1.0'?><x/>", b"\x89PNG\r\n"])
def test_other_data_has_no_unsupported_format(head: bytes) -> None:
    assert unsupported_format(head) is None


def test_avif_is_named_if_this_pillow_cannot_decode_it(monkeypatch: pytest.MonkeyPatch) -> None:
    head = ftyp(b"avif", b"mif1")
    assert unsupported_format(head) is None

    monkeypatch.setattr("PIL.features.check", lambda feature: False)

    unsupported = unsupported_format(head)
    assert unsupported is not None
    assert unsupported.name == "AVIF"


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.jpeg", "a.avif", "a.mpo", "a.b.tiff"])
def test_image_names(name: str) -> None:
    assert is_image_name(name)


@pytest.mark.parametrize("name", ["a.pdf", "a.eps", "a.h5", "a.mpg", "a.txt", "png", ".png", "a"])
def test_names_of_other_files(name: str) -> None:
    assert not is_image_name(name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.HEIC", "HEIC"), ("a.pdf", "PDF"), ("a.TXT", ".txt"), ("README", "without a suffix")],
)
def test_the_format_of_a_name(name: str, kind: str) -> None:
    assert format_of_name(name) == kind


@pytest.mark.parametrize(
    "kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "ICO", "AVIF"]
)
def test_image_data_on_a_stream(kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, kind)

    assert is_image_data(file.getvalue()[:1024])


@pytest.mark.parametrize(
    "names",
    [
        b"a.png\nb.png\n",
        b"BM.png\nBMW.jpg\n",
        b"P5\n",
        b"P5.pgm\nP6.ppm\n",
        b"GIF.gif\0RIFF.webp\0",
        "zwölf.png\n\t.png\n".encode(),
        b"\xffoo.png\n",
        b"II",
        b"",
    ],
)
def test_a_list_of_names_is_not_image_data(names: bytes) -> None:
    assert not is_image_data(names)


def test_only_common_formats_are_decoded() -> None:
    Image.init()

    assert set(FORMATS) < set(Image.OPEN)
    assert set(FORMATS) == {"PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM", "TIFF", "AVIF"}
