"""IDX, the file format of MNIST: read images and labels.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", https://yann.lecun.com/exdb/mnist/.
"""

import contextlib
import gzip
import io
import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset, Splits, build_dataset
from mnistcli.datasets.size_limits import max_content
from mnistcli.errors import OTHER_DATASET, DataError
from mnistcli.files.kinds import IDX_NAME

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""File names of the training images and labels, and of the test images and labels."""

MAX_BYTES = 600 << 20
"""Maximum size of a file, decompressed: that of the largest part of EMNIST, 12 times MNIST."""

_UNSIGNED_BYTE = 8  # type code
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
"""Dtypes by type code."""


def is_idx(path: Path, head: bytes) -> bool:
    """Return whether a file is an IDX file by its first bytes, or should be by its name."""
    if head.startswith(b"\x1f\x8b"):
        with contextlib.suppress(zlib.error):
            head = zlib.decompressobj(31).decompress(head, 4)
    is_known = head[:2] == bytes(2) and len(head) > 3 and head[2] in _TYPES and 0 < head[3] < 5
    return is_known or IDX_NAME.search(path.name) is not None


def read_idx(path: Path) -> dict[str, NDArray[Any]]:
    """Read the array of an IDX file of any type; its name is empty.

    QMNIST's labels have eight columns, the first of which is the digit.

    Args:
        path: The file, compressed with gzip or not.

    Raises:
        DataError: The file is damaged.
        OSError: The file cannot be read.
    """
    content = read_file(path)
    if len(content) < 4 or content[2] not in _TYPES or content[:2] != bytes(2):
        start = content[:4].hex()
        raise DataError(f"not an IDX file: {str(path)!r} starts with 0x{start}", hint=OTHER_DATASET)
    array = _parse_array(path, content, content[3], content[2])
    return {"": array[:, 0] if array.shape[1:] == (8,) else array}


def find_file(folder: Path, name: str) -> Path | None:
    """Find one of the files `NAMES` in a folder, with or without the suffix ``.gz``."""
    dotted = name.replace("-idx", ".idx")  # the spelling of some archives
    candidates = (folder / f"{stem}{suffix}" for stem in (name, dotted) for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def require_file(folder: Path, name: str, *, hint: str | None) -> Path:
    """Find one of the files `NAMES` in a folder, or raise an error.

    Args:
        folder: The directory.
        name: One of `NAMES`.
        hint: Hint of the error.

    Raises:
        DataError: The file does not exist.
    """
    path = find_file(folder, name)
    if path is None:
        raise DataError(f"no {name!r} and no {f'{name}.gz'!r} in {str(folder)!r}", hint=hint)
    return path


def read_file(path: Path) -> bytes:
    """Read a file, decompressed if it is compressed with gzip.

    Raises:
        DataError: The file is damaged or too large.
        OSError: The file cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:  # checked before memory is allocated
        raise DataError(
            f"file too large: {str(path)!r} has more than {MAX_BYTES >> 20} MiB", hint=OTHER_DATASET
        )
    try:
        return decompress(path.read_bytes())
    except ValueError as error:
        raise DataError(f"damaged file {str(path)!r}: {error}", hint=OTHER_DATASET) from error


def decompress(data: bytes) -> bytes:
    """Decompress gzip data; return other data unchanged.

    Raises:
        ValueError: The data are truncated or damaged, or larger than allowed decompressed.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    limit = min(MAX_BYTES, max_content(len(data)))
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            content = stream.read(limit + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError("cannot be decompressed") from error
    if len(content) > limit:
        raise ValueError(f"more than {limit >> 20} MiB decompressed")
    return content


def parse_splits(name: str, files: Sequence[tuple[Path, bytes]]) -> Splits:
    """Parse the content of four IDX files; the images share its memory.

    Args:
        name: Name of the dataset.
        files: Path and decompressed content of each file, in the order of `NAMES`.

    Raises:
        DataError: A file is damaged, or images and labels do not match.
    """
    train_images, train_labels, test_images, test_labels = files
    return Splits(
        name, _parse_dataset(train_images, train_labels), _parse_dataset(test_images, test_labels)
    )


def format_header(array: NDArray[np.uint8]) -> bytes:
    """Return the header that an array of bytes has in an IDX file."""
    return struct.pack(f">4B{array.ndim}I", 0, 0, _UNSIGNED_BYTE, array.ndim, *array.shape)


def _parse_dataset(images: tuple[Path, bytes], labels: tuple[Path, bytes]) -> Dataset:
    pixels, digits = _parse_array(*images, 3), _parse_array(*labels, 1)
    return build_dataset(str(images[0]), pixels, digits.astype(np.int64))


def _parse_array(
    path: Path, content: bytes, dimensions: int, code: int = _UNSIGNED_BYTE
) -> NDArray[Any]:
    """Parse an IDX file: magic number, size of each dimension, then the array, big-endian."""
    magic = bytes((0, 0, code, dimensions))
    if content[:4] != magic:
        kind = "images" if dimensions == 3 else "labels"
        raise DataError(
            f"not an IDX file of {kind}: {str(path)!r} starts with 0x{content[:4].hex()}, "
            f"not 0x{magic.hex()}",
            hint=OTHER_DATASET,
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise DataError(f"damaged file {str(path)!r}: the header is incomplete", hint=OTHER_DATASET)
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    dtype = np.dtype(_TYPES[code])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise DataError(
            f"damaged file {str(path)!r}: {len(content)} bytes, {expected} expected by the header",
            hint=OTHER_DATASET,
        )
    array = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return array if dtype.itemsize == 1 else array.astype(dtype.newbyteorder("="))
