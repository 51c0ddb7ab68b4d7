"""MATLAB files (.mat): read the arrays of a dataset with SciPy, such as those of EMNIST."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from mnistcli.datasets.dataset import OTHER_DATASET
from mnistcli.datasets.hdf5 import read_hdf5
from mnistcli.errors import DataError

_MAX_BYTES = 1 << 30
_HEADER_BYTES, _COMPRESSED = 128, 15


def read_mat(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of numbers in a MATLAB file; those in structures have the path as name.

    Args:
        path: The file, of any version; 7.3 is HDF5.

    Raises:
        DataError: The file is damaged or too large.
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(_HEADER_BYTES)
    if start.startswith((b"MATLAB 7.3", b"\x89HDF")):
        return read_hdf5(path)
    try:
        if _content_size(path) > _MAX_BYTES:
            raise ValueError("too large")  # noqa: TRY301 - reported like damage
        content = loadmat(path, struct_as_record=True, squeeze_me=False)
        return dict(_arrays("", content))
    except Exception as error:
        raise DataError(
            f"damaged or too large MATLAB file {str(path)!r}", hint=OTHER_DATASET
        ) from error


def _content_size(path: Path) -> int:
    """Return the size of all elements of a file of version 5, decompressed, by their headers."""
    total, end = 0, path.stat().st_size
    with path.open("rb") as stream:
        order = "<" if stream.read(_HEADER_BYTES)[126:128] == b"IM" else ">"
        while stream.tell() + 8 <= end:
            kind, size = struct.unpack(f"{order}2I", stream.read(8))
            position = stream.tell()
            if kind == _COMPRESSED:
                header = zlib.decompressobj().decompress(stream.read(min(size, 1024)), 8)
                total += struct.unpack(f"{order}2I", header)[1] if len(header) == 8 else 0
            else:
                total += size
            stream.seek(position + size)
    return total


def _arrays(prefix: str, values: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays in a file or in nested structures by their paths."""
    items = values.items() if isinstance(values, dict) else _fields(values)
    for name, value in items:
        if str(name).startswith("__"):
            continue
        array, path = np.asarray(value), f"{prefix}{name}"
        if array.dtype.names and array.size == 1:
            yield from _arrays(f"{path}/", array.reshape(-1)[0])
        elif array.dtype.kind in "biufSU" and array.ndim:
            yield path, array


def _fields(record: Any) -> Iterator[tuple[str, Any]]:
    for name in record.dtype.names:
        yield name, record[name]
