"""Formats are recognized by their names and signatures; unsupported ones are named."""

import io

import pytest
from PIL import Image

from mnistcli.files.signatures import identify
from mnistcli.image_io import image_formats
from mnistcli.image_io.image_formats import (
    FORMATS,
    format_of_name,
    is_document_name,
    is_image_data,
    is_image_name,
)


def ftyp(*brands: bytes) -> bytes:
    """Return the start of an ISO media file, such as HEIC."""
    content = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return (len(content) + 4).to_bytes(4, "big") + content


UNSUPPORTED = {
    "a HEIC photo": ftyp(b"heic", b"mif1", b"heic"),
    "an AVIF photo": ftyp(b"avif", b"mif1"),
    "a JPEG XL image": b"\xff\x0a" + bytes(20),
    "a PDF": b"%PDF-1.7\n",
    "a PostScript file": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "an SVG image": b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a web page": b"\n<!DOCTYPE html><html></html>",
    "a JPEG 2000 image": b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    "a Photoshop image": b"8BPS\x00\x01",
    "an icon": b"\x00\x00\x01\x00\x01\x00",
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
}


@pytest.mark.parametrize(("name", "head"), UNSUPPORTED.items())
def test_what_people_take_for_an_image_is_image_data_on_a_stream(name: str, head: bytes) -> None:
    kind = identify(head)

    assert kind is not None
    assert kind.name == name
    assert is_image_data(head)


@pytest.mark.parametrize(("installed", "reads"), [(True, True), (False, False)])
def test_the_extra_for_photos_decides_about_the_names_of_heic_and_pdf_files(
    installed: bool, reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_formats, "is_installed", lambda kind: installed)

    assert [is_image_name("a.HEIC"), is_image_name("a.hif")] == [reads, reads]
    assert is_document_name("a.pdf") is reads
    assert not is_image_name("a.pdf")
    assert not is_document_name("a.heic")


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.jpeg", "a.avif", "a.mpo", "a.b.tiff"])
def test_a_name_with_the_suffix_of_an_image_is_an_image_name(name: str) -> None:
    assert is_image_name(name)


@pytest.mark.parametrize("name", ["a.pdf", "a.eps", "a.h5", "a.mpg", "a.txt", "png", ".png", "a"])
def test_other_names_are_not_image_names(name: str) -> None:
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
def test_image_data_is_detected_by_its_start(kind: str) -> None:
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
