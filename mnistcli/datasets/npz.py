"""NumPy archives (.npz): read the arrays of a dataset such as Keras's `mnist.npz`."""

import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.npy import DAMAGE_ERRORS, check_header
from mnistcli.datasets.size_limits import require_size
from mnistcli.errors import OTHER_DATASET, DataError
from mnistcli.files.zip_files import open_zip

_MAX_DIRECTORY_BYTES = 1 << 20

# Raised by NumPy and zipfile on damaged archives.
_DAMAGE_ERRORS = (*DAMAGE_ERRORS, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of an archive, keyed by name. Pickles, which can run code, are not read.

    Args:
        path: An `.npz` file.

    Raises:
        DataError: The archive is damaged or too large, or contains a non-numeric array.
        OSError: The file cannot be read.
    """
    try:
        # Not `np.load`, which leaves the file open if the archive is damaged.
        with (
            warnings.catch_warnings(action="ignore"),  # about files of Python 2
            path.open("rb") as file,
            open_zip(file, max_directory_bytes=_MAX_DIRECTORY_BYTES) as archive,
        ):
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            require_size(path, sum(_check(path, archive, name) for name in names))
            return {name.removesuffix(".npy"): _read_array(archive, name) for name in names}
    except _DAMAGE_ERRORS as error:
        message = f"damaged or pickled .npz archive {str(path)!r}"
        raise DataError(message, hint=OTHER_DATASET) from error


def _check(path: Path, archive: zipfile.ZipFile, name: str) -> int:
    with archive.open(name) as stream:
        return check_header(str(path), name, stream, archive.getinfo(name).file_size)


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(name) as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array
