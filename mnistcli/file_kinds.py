"""File kinds: identify a file that is neither an image nor a dataset by its first bytes."""

import re
import zlib
from pathlib import Path
from typing import NamedTuple

SIGNATURE_LENGTH = 1024
"""Bytes at the start of a file that `identify` looks at."""


class FileKind(NamedTuple):
    """The kind of a file that people take for a dataset or an image.

    Attributes:
        name: The kind with its article, such as ``a pickle``.
        remedy: The way from this file to a dataset.
        image_remedy: The way from this file to an image; empty if it is the same.
    """

    name: str
    remedy: str
    image_remedy: str = ""

    @property
    def as_image(self) -> str:
        """The text of an error where an image was expected."""
        return f"this is {self.name}; {self.image_remedy or self.remedy}"


_SAVE_ARRAYS = "save its arrays with numpy.savez"
_UNPACK = "unpack it first"
_NO_MODEL = "a model is not a dataset; evaluate takes it before --dataset"
_USE_MODEL = "give a model with --model"

_LFS = FileKind("a Git LFS pointer", "fetch the file with 'git lfs pull'")
_WEB_PAGE = FileKind("a web page", "download the file itself")
_PICKLE = FileKind(
    "a pickle, which can run code and is not read", f"where you trust it, {_SAVE_ARRAYS}"
)
_ARCHIVE = FileKind("an archive", _UNPACK)
_PYTORCH = FileKind(
    "a PyTorch file, a pickle that can run code and is not read",
    f"where you trust it, {_SAVE_ARRAYS}",
)
_KERAS = FileKind("a Keras model", _NO_MODEL, _USE_MODEL)
_NPZ = FileKind("an .npz archive of arrays", "give it the suffix .npz")
_EXCEL = FileKind("an Excel workbook", "save the sheet as CSV")
_HDF5 = FileKind("an HDF5 file", _SAVE_ARRAYS, f"{_USE_MODEL}, a dataset with evaluate")
_TENSORS = FileKind("a LiteRT model", _NO_MODEL, _USE_MODEL)
_ONNX = FileKind("an ONNX model", _NO_MODEL, "mnistcli takes .keras and .h5 models")
_ARROW = FileKind("an Arrow file", "save it with Dataset.to_parquet")
_LIBSVM = FileKind(
    "a LIBSVM file", "read it with sklearn.datasets.load_svmlight_file and save it with numpy.savez"
)
_JSON = FileKind("a JSON file", f"load it and {_SAVE_ARRAYS}")
_PARQUET = FileKind("a Parquet file", "give it the suffix .parquet")
_MATLAB = FileKind("a MATLAB file", "give it the suffix .mat")
_R_DATA = FileKind("an R data file", "save it as CSV with write.csv")
_DATABASE = FileKind("an SQLite database", "save the table as CSV")
_PDF = FileKind("a PDF", "export its pages as PNG into folders 0 to 9")
_HEIC = FileKind("a HEIC photo", "export it as JPEG and use mnistcli predict")

IMAGE = FileKind("an image", "mnistcli predict reads it")
"""Kind of a file that starts like an image."""

ARRAY_FILES = (_NPZ, _HDF5, _PARQUET, _MATLAB)
"""Kinds of files that datasets are read from."""

_BOXES = FileKind("a folder of images with boxes", "crop the digits into folders 0 to 9 first")
_SAVED_MODEL = FileKind("a SavedModel", "a model is not a dataset; save it as .keras")
_TFRECORDS = FileKind("a folder of TFRecord files", f"load it and {_SAVE_ARRAYS}")
_FOLDERS: tuple[tuple[str, FileKind], ...] = (
    ("saved_model.pb", _SAVED_MODEL),
    ("*.arrow", _ARROW),
    ("*/*.arrow", _ARROW),
    ("*.tfrecord*", _TFRECORDS),
    ("*annotations*.json", _BOXES),
    ("*/*annotations*.json", _BOXES),
    ("data.yaml", _BOXES),
    ("labels/*.txt", _BOXES),
    ("labels/*/*.txt", _BOXES),
    ("*/labels/*.txt", _BOXES),
    ("Annotations/*.xml", _BOXES),
)

_SIGNATURES: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"version https://git-lfs.github.com/spec/", _LFS),
    *((0, bytes([0x80, protocol]), _PICKLE) for protocol in range(2, 6)),
    *((0, start, _PICKLE) for start in (b"(dp0", b"(lp0", b"(lp1", b"ccopy_reg", b"cnumpy")),
    (257, b"ustar", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (0, b"Rar!\x1a\x07", _ARCHIVE),
    (0, b"BZh", _ARCHIVE),
    (0, b"\xfd7zXZ\x00", _ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (0, b"\x89HDF\r\n", _HDF5),
    (4, b"TFL3", _TENSORS),
    *((0, bytes([8, version, 18]), _ONNX) for version in range(3, 20)),
    (0, b"ARROW1", _ARROW),
    (0, b"PAR1", _PARQUET),
    (0, b"MATLAB ", _MATLAB),
    (0, b"SQLite format 3", _DATABASE),
    (0, b"%PDF-", _PDF),
    (4, b"ftyphei", _HEIC),
    (4, b"ftypmif1", _HEIC),
    *((0, start, IMAGE) for start in (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\x00")),
)
# The name of the first file in a zip archive tells what the archive is.
_ZIP_NAMES: tuple[tuple[str, FileKind], ...] = (
    (r".*/data\.pkl|.*/version|.*\.pkl", _PYTORCH),
    (r"metadata\.json|config\.json|model\.weights\.h5", _KERAS),
    (r".*\.npy", _NPZ),
    (r"\[Content_Types\]\.xml|xl/.*|_rels/.*", _EXCEL),
)
_LIBSVM_LINE = re.compile(rb"[+-]?\d+(\.\d+)?( +\d+:[-+.\deE]+){2,}")


def identify(head: bytes) -> FileKind | None:
    """Identify the kind of a file by its first bytes; None for a kind that is not known.

    Args:
        head: The first `SIGNATURE_LENGTH` bytes of the file, or all of a shorter one.
    """
    if head.startswith(b"\x1f\x8b"):
        return _identify_gzip(head)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _identify_zip(head)
    for offset, signature, kind in _SIGNATURES:
        if head[offset:].startswith(signature):
            return kind
    return _identify_text(head)


def identify_file(path: Path) -> FileKind | None:
    """Identify the kind of a file, as `identify` does.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        return identify(stream.read(SIGNATURE_LENGTH))


def identify_folder(folder: Path) -> FileKind | None:
    """Identify a folder that is a model or a dataset in a form that is not read.

    Args:
        folder: The directory.
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
        return _R_DATA
    return identify(content) if not content.startswith((b"\x1f\x8b", b"PK")) else _ARCHIVE


def _identify_zip(head: bytes) -> FileKind:
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")].decode("utf-8", "replace")
    return next((kind for form, kind in _ZIP_NAMES if re.fullmatch(form, name)), _ARCHIVE)


def _identify_text(head: bytes) -> FileKind | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return _WEB_PAGE
    if text.startswith((b"{", b'["', b"[[", b"[{")):
        return _JSON
    return _LIBSVM if _LIBSVM_LINE.match(text) else None
