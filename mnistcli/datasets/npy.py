"""NumPy files (.npy): read an array whose header has been checked; pickles are not read."""

import math
import tokenize
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import invalid_data_error
from mnistcli.datasets.size_limits import require_size
from mnistcli.errors import OTHER_DATASET, DataError

_MAX_HEADER_BYTES = 10_000
_KINDS = "biufSU"  # kinds of dtypes: bool, integers, floats and text

DAMAGE_ERRORS = (
    *(EOFError, MemoryError, OverflowError, SyntaxError, TypeError, ValueError),
    tokenize.TokenError,
)
"""Raised by NumPy on damaged arrays."""


def read_npy(path: Path) -> dict[str, NDArray[Any]]:
    """Read the array of a file; its name is empty.

    Pickled arrays can run arbitrary code, so they are refused.

    Args:
        path: An `.npy` file.

    Raises:
        DataError: The file is damaged, too large or pickled, or is not an array of numbers.
        OSError: The file cannot be read.
    """
    try:
        with warnings.catch_warnings(action="ignore"), path.open("rb") as stream:
            size = check_header(str(path), path.name, stream, path.stat().st_size)
            require_size(path, size)
            stream.seek(0)
            return {"": np.lib.format.read_array(stream, allow_pickle=False)}
    except DAMAGE_ERRORS as error:
        message = f"damaged or pickled .npy file {str(path)!r}"
        raise DataError(message, hint=OTHER_DATASET) from error


def check_header(path: str, name: str, stream: IO[bytes], file_size: int) -> int:
    """Check the header of an array before memory is allocated for it; return its size in bytes.

    Args:
        path: The file, for errors.
        name: The array, for errors.
        stream: The array with its header.
        file_size: Size of the array with its header, in bytes.

    Raises:
        DataError: The file is not an array of numbers or text.
        ValueError: The header is damaged or does not fit the size, or the array is pickled.
    """
    version = np.lib.format.read_magic(stream)
    if version not in {(1, 0), (2, 0)}:
        raise ValueError(f"unknown version {version}")
    read_header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read_header(stream, max_header_size=_MAX_HEADER_BYTES)
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise ValueError("a pickled array")
    if dtype.kind not in _KINDS or dtype.itemsize > (8 if dtype.kind in "biuf" else 256):
        raise invalid_data_error(path, f"{name} is an array of {dtype}, not of numbers")
    if min(shape, default=0) < 0 or file_size != stream.tell() + size:
        raise ValueError("the size does not fit the header")
    return size
