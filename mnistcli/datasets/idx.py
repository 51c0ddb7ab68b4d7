"""IDX, the format of the MNIST files: https://yann.lecun.com/exdb/mnist/."""

import gzip
import io
import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import OTHER_DATA, Dataset, Splits, checked_dataset
from mnistcli.errors import DataError

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""What the four files of a data set are called: images and labels to train on, then to test."""

LARGEST = 1 << 30
"""Most bytes a file may unpack to: 20 times MNIST; a small `.gz` can hold far more than memory."""

_UNSIGNED_BYTE = 8


def find(folder: Path, name: str) -> Path | None:
    """Return the file of one of `NAMES` in a folder, packed (``.gz``) or not; None: not there."""
    dotted = name.replace("-idx", ".idx")  # how some archives spell it
    candidates = (folder / f"{stem}{suffix}" for stem in (name, dotted) for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def read(path: Path) -> bytes:
    """Return the content of a file, unpacked where it is packed with gzip.

    Raises:
        DataError: It is cut off or otherwise damaged.
        OSError: It cannot be read.
    """
    try:
        return unpack(path.read_bytes())
    except ValueError as error:
        raise DataError(f"damaged file {str(path)!r}: {error}", hint=OTHER_DATA) from error


def unpack(data: bytes) -> bytes:
    """Return the data, unpacked where they are packed with gzip.

    Raises:
        ValueError: They are cut off or damaged, or unpack to more than `LARGEST` bytes.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            content = stream.read(LARGEST + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError("it cannot be unpacked") from error
    if len(content) > LARGEST:
        raise ValueError(f"it unpacks to more than {LARGEST >> 20} MiB")
    return content


def read_folder(folder: Path) -> Splits:
    """Return the data set of a folder with the four files, whatever their content.

    Args:
        folder: Where the files of `NAMES` are.

    Raises:
        DataError: One is missing, damaged or does not go with its fellow.
        OSError: One cannot be read.
    """
    paths = [require(folder, name, hint=OTHER_DATA) for name in NAMES]
    return assemble(str(folder), [(path, read(path)) for path in paths])


def require(folder: Path, name: str, *, hint: str) -> Path:
    """Return the file of one of `NAMES` in a folder.

    Args:
        folder: Where to look.
        name: One of `NAMES`.
        hint: The error's hint.

    Raises:
        DataError: It is not there.
    """
    path = find(folder, name)
    if path is None:
        raise DataError(f"no {name!r} and no {f'{name}.gz'!r} in {str(folder)!r}", hint=hint)
    return path


def assemble(name: str, files: Sequence[tuple[Path, bytes]]) -> Splits:
    """Return four files as a data set; its arrays share the memory of the files' content.

    Args:
        name: What the data set is called.
        files: Path and unpacked content, in the order of `NAMES`.

    Raises:
        DataError: One is of the wrong form or does not go with its fellow.
    """
    train_images, train_labels, test_images, test_labels = files
    return Splits(name, _pair(train_images, train_labels), _pair(test_images, test_labels))


def _pair(images: tuple[Path, bytes], labels: tuple[Path, bytes]) -> Dataset:
    pixels, digits = _parse(*images, 3), _parse(*labels, 1)
    return checked_dataset(str(images[0]), pixels, digits.astype(np.int64))


def _parse(path: Path, content: bytes, dimensions: int) -> NDArray[np.uint8]:
    """Return an IDX file as an array: a magic number, the sides, then the bytes."""
    magic = bytes((0, 0, _UNSIGNED_BYTE, dimensions))
    if content[:4] != magic:
        kind = "images" if dimensions == 3 else "labels"
        raise DataError(
            f"no IDX file of {kind}: {str(path)!r} begins with 0x{content[:4].hex()}, "
            f"not 0x{magic.hex()}",
            hint=OTHER_DATA,
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise DataError(f"damaged file {str(path)!r}: its header is cut off", hint=OTHER_DATA)
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    wanted = start + math.prod(shape)
    if len(content) != wanted:
        raise DataError(
            f"damaged file {str(path)!r}: it holds {len(content)} bytes, "
            f"but its header asks for {wanted}",
            hint=OTHER_DATA,
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
