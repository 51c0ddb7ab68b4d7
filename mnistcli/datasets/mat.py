"""MATLAB files (.mat): read the arrays of a dataset with SciPy, such as those of EMNIST."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from mnistcli.datasets.hdf5 import read_hdf5
from mnistcli.datasets.mat_check import HEADER_BYTES, check_mat
from mnistcli.errors import OTHER_DATASET, DataError

_VERSION_5 = b"MATLAB 5.0"


def read_mat(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of numbers in a MATLAB file; those in structures are named by their paths.

    Args:
        path: The file, of version 5 or later; 7.3 is HDF5.

    Raises:
        DataError: The file is damaged or too large.
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(HEADER_BYTES)
    if start.startswith((b"MATLAB 7.3", b"\x89HDF")):
        return read_hdf5(path)
    if not start.startswith(_VERSION_5):
        raise DataError(f"{str(path)!r} is not a MATLAB file of version 5 or later")
    try:
        check_mat(path)
        content = loadmat(path, struct_as_record=True, squeeze_me=False)
        return dict(_arrays("", content))
    except DataError:
        raise
    except Exception as error:  # SciPy can raise any exception on damaged files
        raise DataError(f"damaged MATLAB file {str(path)!r}", hint=OTHER_DATASET) from error


def _arrays(prefix: str, values: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays in a file or in nested structures, each with its path."""
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
