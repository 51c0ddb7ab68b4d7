"""Image file formats that are decoded: their suffixes and their signatures (magic numbers)."""

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.extras import require_packages
from mnistcli.files.kinds import HEIC, NOT_IMAGES, PDF, FileKind, kind_of_name
from mnistcli.files.signatures import identify

# The common formats first: Pillow loads its other decoders only when none of these fits.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP", "AVIF")
"""The allowlist of Pillow's decoders, regardless of a file's name.

Cameras, scanners and drawing programs write these. Pillow's rare decoders are left out, because few
people test them, and EPS, because it starts Ghostscript.
"""
EXTRA_PACKAGES = {HEIC: "pillow_heif", PDF: "pypdfium2"}
"""Formats that are decoded by a package of an extra."""
PHOTOS = "photos"
"""The extra that installs them."""

# Signatures of images on a pipe; a list of file names never starts like one of these.
_IMAGE_SIGNATURES = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*"),
)
# Bytes that occur in binary data; lists of names are separated by line ends or NUL characters.
_CONTROL_CHARACTERS = frozenset(range(1, 32)) - set(b"\t\n\r\x1b")


def is_image_name(name: str | Path) -> bool:
    """Return whether a name has the suffix (file extension) of an image that can be decoded.

    HEIC photos count if the extra ``photos`` is installed; PDF files are documents, not images.
    """
    return Path(name).suffix.lower() in _image_suffixes() or (
        kind_of_name(str(name)) is HEIC and is_installed(HEIC)
    )


def is_document_name(name: str | Path) -> bool:
    """Return whether a file name belongs to a document whose pages can be rendered."""
    return kind_of_name(str(name)) is PDF and is_installed(PDF)


@lru_cache(maxsize=2)
def is_installed(kind: FileKind) -> bool:
    """Return whether the package for a format of the extra ``photos`` is installed."""
    return find_spec(EXTRA_PACKAGES[kind]) is not None


def require_installed(kind: FileKind, name: str) -> None:
    """Check that the package for a format of the extra ``photos`` is installed.

    Args:
        kind: The format.
        name: The name of the file.

    Raises:
        ImageError: The package is not installed. The hint is the command that installs it.
    """
    require_packages(
        EXTRA_PACKAGES[kind],
        extra=PHOTOS,
        needed_by=f"cannot read {name!r}: {kind.name}",
        error=ImageError,
    )


def format_of_name(name: str) -> str:
    """Return the format of a file by the suffix of its name, such as ``HEIC`` or ``.txt``."""
    kind = kind_of_name(name)
    return kind.label if kind is not None else Path(name).suffix.lower() or "without a suffix"


def is_image_data(head: bytes) -> bool:
    """Return whether data on a stream is an image, by its signature, and not a list of file names.

    Args:
        head: The first bytes of the data, 16 or more if there are that many.
    """
    return (
        head.startswith(_IMAGE_SIGNATURES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == bytes(4))
        or (head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace() and _is_pnm(head))
        or identify(head) in NOT_IMAGES
        or head[4:8] == b"ftyp"
        or any(byte in _CONTROL_CHARACTERS for byte in head)
    )


def _is_pnm(head: bytes) -> bool:
    """Return whether a width or a comment follows the two letters of a PBM, PGM or PPM file."""
    following = head[2:].lstrip()[:1]
    return following.isdigit() or following == b"#"


@lru_cache(maxsize=1)
def _image_suffixes() -> frozenset[str]:
    formats = {*FORMATS, "MPO"}  # Pillow decodes MPO, several JPEGs in one file, as JPEG
    Image.preinit()
    for name in ("Avif", "Mpo", "Tiff", "WebP"):  # `init` would load all decoders
        import_module(f"PIL.{name}ImagePlugin")
    return frozenset(suffix for suffix, name in Image.EXTENSION.items() if name in formats)
