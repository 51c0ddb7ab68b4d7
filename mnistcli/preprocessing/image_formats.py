"""Image file formats: the formats that are decoded, and names for those that are not supported."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image, features

# The common formats first: Pillow loads its other decoders only when none of these fits.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP", "AVIF")
"""Pillow's decoders that are used, whatever the name of a file is.

Cameras, scanners and drawing programs write these. Pillow's rare decoders are left out, because few
people test them, and EPS, because it starts Ghostscript.
"""


class UnsupportedFormat(NamedTuple):
    """A file format that people mistake for a supported image format.

    Attributes:
        name: The name that users know.
        suffixes: File name suffixes in lower case.
        reason: The text of an error, with a way to an image that can be read.
    """

    name: str
    suffixes: tuple[str, ...]
    reason: str


_HEIC = UnsupportedFormat(
    "HEIC", (".heic", ".heif", ".hif"), "HEIC is not supported; export it as JPEG"
)
_AVIF = UnsupportedFormat(
    "AVIF", (), "this Pillow has no AVIF decoder; export the image as JPEG or PNG"
)
_JPEG_XL = UnsupportedFormat(
    "JPEG XL", (".jxl",), "JPEG XL is not supported; export it as JPEG or PNG"
)
_PDF = UnsupportedFormat("PDF", (".pdf",), "PDF is not supported; export the page as PNG")
_POSTSCRIPT = UnsupportedFormat(
    "PostScript", (".eps", ".ps"), "PostScript is not supported; export it as PNG"
)
_JPEG_2000 = UnsupportedFormat(
    "JPEG 2000", (".jp2", ".j2k"), "JPEG 2000 is not supported; export it as PNG"
)
_PHOTOSHOP = UnsupportedFormat(
    "Photoshop", (".psd",), "Photoshop is not supported; export it as PNG"
)
_ICON = UnsupportedFormat(
    "icon", (".ico", ".icns"), "icons are not supported; export the icon as PNG"
)
_SVG = UnsupportedFormat("SVG", (".svg", ".svgz"), "SVG is not supported; export it as PNG")
_WEB_PAGE = UnsupportedFormat(
    "HTML", (".html", ".htm"), "this is a web page; download the image itself"
)
_LFS_POINTER = UnsupportedFormat(
    "Git LFS pointer", (), "this is a Git LFS pointer; fetch the image with 'git lfs pull'"
)
_UNSUPPORTED = (
    *(_HEIC, _AVIF, _JPEG_XL, _PDF, _POSTSCRIPT, _SVG, _WEB_PAGE, _LFS_POINTER),
    *(_JPEG_2000, _PHOTOSHOP, _ICON),
)

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_SIGNATURES = (
    (b"\x00\x00\x00\x0cJXL ", _JPEG_XL),
    (b"\xff\x0a", _JPEG_XL),
    (b"\x00\x00\x00\x0cjP  ", _JPEG_2000),
    (b"\xff\x4f\xff\x51", _JPEG_2000),
    (b"8BPS\x00", _PHOTOSHOP),
    (b"\x00\x00\x01\x00", _ICON),
    (b"icns", _ICON),
    (b"%PDF-", _PDF),
    (b"%!PS", _POSTSCRIPT),
    (b"\xc5\xd0\xd3\xc6", _POSTSCRIPT),
    (b"version https://git-lfs.github.com/spec/", _LFS_POINTER),
)
# Signatures of images on a pipe; a list of file names never starts like one of these.
_IMAGE_SIGNATURES = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*"),
)
# Bytes that occur in binary data; lists of names are separated by line ends or NUL characters.
_CONTROL_CHARACTERS = frozenset(range(1, 32)) - set(b"\t\n\r\x1b")


def is_image_name(name: str | Path) -> bool:
    """Whether a file name has the suffix of an image format that can be decoded."""
    return Path(name).suffix.lower() in _image_suffixes()


def unsupported_format(head: bytes) -> UnsupportedFormat | None:
    """Identify a format that cannot be decoded by its signature, the first bytes of the file.

    Args:
        head: The first `file_kinds.SIGNATURE_LENGTH` bytes of the file, or all of a shorter one.
    """
    if head[4:8] == b"ftyp":
        return _container_format(head)
    for signature, unsupported in _SIGNATURES:
        if head.startswith(signature):
            return unsupported
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return _SVG
    if text.startswith((b"<!doctype html", b"<html")):
        return _WEB_PAGE
    return None


def format_of_name(name: str) -> str:
    """Return the format that a file name's suffix stands for, such as ``HEIC`` or ``.txt``."""
    suffix = Path(name).suffix.lower()
    for unsupported in _UNSUPPORTED:
        if suffix in unsupported.suffixes:
            return unsupported.name
    return suffix or "without a suffix"


def is_image_data(head: bytes) -> bool:
    """Whether data on a stream is an image, by its signature, and not a list of file names.

    Args:
        head: The first bytes of the data, 16 or more where there are as many.
    """
    return (
        head.startswith(_IMAGE_SIGNATURES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == bytes(4))
        or (head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace() and _is_pnm(head))
        or unsupported_format(head) is not None
        or head[4:8] == b"ftyp"
        or any(byte in _CONTROL_CHARACTERS for byte in head)
    )


def _container_format(head: bytes) -> UnsupportedFormat | None:
    """Identify an ISO media file, such as HEIC, by its brands."""
    size = int.from_bytes(head[:4], "big")
    brands = {head[8:12], *(head[start : start + 4] for start in range(16, min(size, 256), 4))}
    if brands & {b"avif", b"avis"}:
        return None if features.check("avif") else _AVIF
    return _HEIC if brands & _HEIC_BRANDS else None


def _is_pnm(head: bytes) -> bool:
    """Whether a width or a comment follows the two letters of a PBM, PGM or PPM file."""
    following = head[2:].lstrip()[:1]
    return following.isdigit() or following == b"#"


@lru_cache(maxsize=1)
def _image_suffixes() -> frozenset[str]:
    formats = {*FORMATS, "MPO"}  # Pillow decodes MPO, several JPEGs in one file, as JPEG
    registered = Image.registered_extensions()
    return frozenset(suffix for suffix, name in registered.items() if name in formats)
