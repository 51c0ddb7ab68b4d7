"""NumPy archives (.npz): read a dataset such as Keras's `mnist.npz`."""

import math
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import OTHER_DATASET, Dataset, Splits, build_dataset, invalid_data
from mnistcli.errors import DataError
from mnistcli.zip_files import open_zip

KEYS = ("x_train", "y_train", "x_test", "y_test")
"""Names of the arrays in an archive."""

MAX_BYTES = 1 << 29
"""Maximum size of all arrays together, decompressed: MNIST as float64 has 440 MB."""

WHITE_LEVELS = (1, 15, 16, 255)
"""Possible values of white: binary images, 4 bits, scikit-learn's digits, 8 bits. The smallest that
is not below the largest value of the images is scaled to 255."""

_MAX_DIRECTORY_BYTES = 1 << 20
_MAX_HEADER_BYTES = 10_000
_KINDS = "biuf"  # kinds of dtypes: bool, integers and floats
_CHUNK = 4096  # images that are scaled at a time

# Raised by NumPy and zipfile on damaged archives.
_DAMAGE_ERRORS = (
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def is_npz(path: Path) -> bool:
    """Return whether a path is a file with the suffix ``.npz``."""
    return path.suffix.lower() == ".npz" and path.is_file()


def read_npz(path: Path) -> Splits:
    """Read the dataset in an archive with the arrays `KEYS`.

    Images are (n, 28, 28), (n, 28, 28, 1) or (n, 784) of bool, integers or floats. Their white is
    1, 15, 16 or 255, see `WHITE_LEVELS`. Labels are integers (n,). Pickled arrays are not read,
    because they can contain code.

    Args:
        path: An `.npz` file.

    Raises:
        DataError: The archive is damaged or too large, an array is missing, or an array has another
            shape, dtype or range.
        OSError: The file cannot be read.
    """
    arrays = _read_arrays(path)
    train, test = (_reshape_images(arrays[key]) for key in ("x_train", "x_test"))
    white = _white_level(path, [train, test])
    return Splits(
        str(path),
        _build_dataset(path, _scale(train, white), arrays["y_train"]),
        _build_dataset(path, _scale(test, white), arrays["y_test"]),
    )


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Not `np.load`, which leaves the file open if the archive is damaged.
        with (
            warnings.catch_warnings(action="ignore"),  # about files of Python 2
            path.open("rb") as file,
            open_zip(file, max_directory=_MAX_DIRECTORY_BYTES) as archive,
        ):
            missing = [key for key in KEYS if f"{key}.npy" not in archive.namelist()]
            if missing:
                raise DataError(
                    f"no {' and no '.join(map(repr, missing))} in {str(path)!r}", hint=OTHER_DATASET
                )
            sizes = [_check_header(path, archive, f"{key}.npy") for key in KEYS]
            if sum(sizes) > MAX_BYTES:
                raise invalid_data(str(path), f"the arrays are larger than {MAX_BYTES >> 20} MiB")
            return {key: _read_array(archive, f"{key}.npy") for key in KEYS}
    except _DAMAGE_ERRORS as error:
        message = f"damaged or pickled .npz archive {str(path)!r}"
        raise DataError(message, hint=OTHER_DATASET) from error


def _check_header(path: Path, archive: zipfile.ZipFile, name: str) -> int:
    """Check the header of an array before memory is taken for it; return its size in bytes.

    Raises:
        DataError: It is not an array of numbers, or the header does not fit the size of the file.
        ValueError: The header is damaged.
    """
    with archive.open(name) as stream:
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
        expected = stream.tell() + size
    if dtype.hasobject:
        raise ValueError("a pickled array")
    if dtype.kind not in _KINDS or dtype.itemsize > 8:
        raise invalid_data(str(path), f"{name} is an array of {dtype}, not of numbers")
    if min(shape, default=0) < 0 or archive.getinfo(name).file_size != expected:
        raise ValueError("the size does not fit the header")
    return size


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(name) as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def _reshape_images(images: NDArray[Any]) -> NDArray[Any]:
    """Reshape images to (n, 28, 28); those of any other shape are left to `Dataset` to reject."""
    if images.ndim == 2 and images.shape[1] == 28 * 28:
        return images.reshape(-1, 28, 28)
    return images[..., 0] if images.ndim == 4 and images.shape[-1] == 1 else images


def _white_level(path: Path, parts: list[NDArray[Any]]) -> int:
    """Find the value of white in the images: one of `WHITE_LEVELS`, the same for all parts."""
    numeric = [part for part in parts if part.dtype.kind in "bfiu" and part.size]
    # By NumPy, in whose minimum and maximum a NaN counts.
    low = np.min([part.min() for part in numeric] or [0])
    high = np.max([part.max() for part in numeric] or [0])
    if not (low >= 0 and high <= WHITE_LEVELS[-1]):
        raise invalid_data(str(path), f"pixels range from {low:g} to {high:g}, not from 0 to 255")
    return next(level for level in WHITE_LEVELS if high <= level)


def _scale(images: NDArray[Any], white: int) -> NDArray[Any]:
    """Scale images to uint8 0 to 255; those of any other kind are left to `Dataset` to reject."""
    if images.dtype.kind not in "bfiu" or not images.size:
        return images
    if images.dtype == np.uint8 and white == 255:
        return images
    pixels = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        pixels[chunk] = np.rint(images[chunk] * (255 / white))
    return pixels


def _build_dataset(path: Path, images: NDArray[Any], labels: NDArray[Any]) -> Dataset:
    if labels.dtype.kind in "iu":
        labels = labels.astype(np.int64)
    return build_dataset(str(path), images, labels)
