"""File signatures (magic bytes): identify the kind of a file, and of a folder by its files."""

import re
import zlib
from pathlib import Path

from mnistcli.files import kinds
from mnistcli.files.kinds import FileKind

SIGNATURE_LENGTH = 1024
"""Bytes at the start of a file that `identify` checks."""

_FOLDERS: tuple[tuple[str, FileKind], ...] = (
    ("saved_model.pb", kinds.SAVED_MODEL),
    ("checkpoint", kinds.CHECKPOINT),
    ("*.ckpt.index", kinds.CHECKPOINT),
    ("*.arrow", kinds.ARROW),
    ("*/*.arrow", kinds.ARROW),
    ("*.tfrecord*", kinds.TFRECORDS),
    ("*annotations*.json", kinds.BOXES),
    ("*/*annotations*.json", kinds.BOXES),
    ("data.yaml", kinds.BOXES),
    ("labels/*.txt", kinds.BOXES),
    ("labels/*/*.txt", kinds.BOXES),
    ("*/labels/*.txt", kinds.BOXES),
    ("Annotations/*.xml", kinds.BOXES),
)

_SIGNATURES: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"version https://git-lfs.github.com/spec/", kinds.LFS),
    *((0, bytes([0x80, protocol]), kinds.PICKLE) for protocol in range(2, 6)),
    *((0, start, kinds.PICKLE) for start in (b"(dp0", b"(lp0", b"(lp1", b"ccopy_reg", b"cnumpy")),
    (257, b"ustar", kinds.ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", kinds.ARCHIVE),
    (0, b"Rar!\x1a\x07", kinds.ARCHIVE),
    (0, b"BZh", kinds.ARCHIVE),
    (0, b"\xfd7zXZ\x00", kinds.ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", kinds.ARCHIVE),
    (0, b"\x89HDF\r\n", kinds.HDF5),
    (4, b"TFL3", kinds.LITERT),
    *((0, bytes([8, version, 18]), kinds.ONNX) for version in range(3, 20)),
    (0, b"ARROW1", kinds.ARROW),
    (0, b"PAR1", kinds.PARQUET),
    (0, b"\x93NUMPY", kinds.NPY),
    (0, b"MATLAB ", kinds.MATLAB),
    (0, b"SQLite format 3", kinds.DATABASE),
    (0, b"%PDF-", kinds.PDF),
    *((0, start, kinds.JPEG_XL) for start in (b"\x00\x00\x00\x0cJXL ", b"\xff\x0a")),
    *((0, start, kinds.JPEG_2000) for start in (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")),
    (0, b"8BPS\x00", kinds.PHOTOSHOP),
    *((0, start, kinds.ICON) for start in (b"\x00\x00\x01\x00", b"icns")),
    *((0, start, kinds.POSTSCRIPT) for start in (b"%!PS", b"\xc5\xd0\xd3\xc6")),
    *((0, start, kinds.IMAGE) for start in (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")),
    *((0, start, kinds.IMAGE) for start in (b"II*\x00", b"MM\x00*")),
)
# A zip archive is recognized by the name of its first file.
_ZIP_NAMES: tuple[tuple[str, FileKind], ...] = (
    (r".*/data\.pkl|.*/version|.*\.pkl", kinds.PYTORCH),
    (r"metadata\.json|config\.json|model\.weights\.h5", kinds.KERAS),
    (r".*\.npy", kinds.NPZ),
    (r"\[Content_Types\]\.xml|xl/.*|_rels/.*", kinds.EXCEL),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_LIBSVM_LINE = re.compile(rb"[+-]?\d+(\.\d+)?( +\d+:[-+.\deE]+){2,}")


def identify(head: bytes) -> FileKind | None:
    """Identify the kind of a file (file type) by its first bytes; None if it is not known.

    Args:
        head: The first `SIGNATURE_LENGTH` bytes of the file, or all of a shorter one.
    """
    if head.startswith(b"\x1f\x8b"):
        return _identify_gzip(head)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _identify_zip(head)
    if head[4:8] == b"ftyp":
        return _identify_container(head)
    for offset, signature, kind in _SIGNATURES:
        if head[offset:].startswith(signature):
            return kind
    return _identify_text(head)


def identify_folder(folder: Path) -> FileKind | None:
    """Identify a folder that is a model or a dataset in a format that is not read.

    Args:
        folder: The folder.
    """
    found = (kind for pattern, kind in _FOLDERS if next(folder.glob(pattern), None) is not None)
    return next(found, None)


def _identify_gzip(head: bytes) -> FileKind | None:
    """Identify compressed content; compressed tables and IDX files are datasets."""
    try:
        content = zlib.decompressobj(31).decompress(head, SIGNATURE_LENGTH)
    except zlib.error:
        return None
    if content.startswith((b"RDX", b"X\n")):
        return kinds.R_DATA
    return identify(content) if not content.startswith((b"\x1f\x8b", b"PK")) else kinds.ARCHIVE


def _identify_zip(head: bytes) -> FileKind:
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")].decode("utf-8", "replace")
    found = (kind for pattern, kind in _ZIP_NAMES if re.fullmatch(pattern, name))
    return next(found, kinds.ARCHIVE)


def _identify_container(head: bytes) -> FileKind | None:
    """Identify an ISO media file by its brands: AVIF, which is a kind of HEIF, or HEIC."""
    size = int.from_bytes(head[:4], "big")
    brands = {head[8:12], *(head[start : start + 4] for start in range(16, min(size, 256), 4))}
    if brands & {b"avif", b"avis"}:
        return kinds.AVIF
    return kinds.HEIC if brands & _HEIC_BRANDS else None


def _identify_text(head: bytes) -> FileKind | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return kinds.SVG
    if text.lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return kinds.WEB_PAGE
    if text.startswith((b"{", b'["', b"[[", b"[{")):
        return kinds.JSON
    return kinds.LIBSVM if _LIBSVM_LINE.match(text) else None
