"""NumPy archives of a data set, such as Keras's `mnist.npz`."""

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import OTHER_DATA, Dataset, Splits, checked_dataset
from mnistcli.errors import DataError

KEYS = ("x_train", "y_train", "x_test", "y_test")
"""The arrays that an archive must have."""

# What NumPy and zipfile were seen to raise on damaged archives.
_DAMAGE = (
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


def read_npz(path: Path) -> Splits:
    """Return the data set of an archive with the arrays `KEYS`.

    Images may be (n, 28, 28), (n, 28, 28, 1) or (n, 784), as whole numbers 0 to 255 or as floats
    0 to 1 or 0 to 255; labels are whole numbers (n,). Pickled arrays are not read: they can carry
    code.

    Args:
        path: An `.npz` file.

    Raises:
        DataError: It is damaged, lacks an array, or an array is of another form.
        OSError: It cannot be read.
    """
    arrays = _read_arrays(path)
    return Splits(
        str(path),
        _dataset(path, arrays["x_train"], arrays["y_train"]),
        _dataset(path, arrays["x_test"], arrays["y_test"]),
    )


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Not `np.load`: it leaves the file open where the archive is damaged.
        with zipfile.ZipFile(path) as archive:
            missing = [key for key in KEYS if f"{key}.npy" not in archive.namelist()]
            if missing:
                raise DataError(
                    f"no {' and no '.join(map(repr, missing))} in {str(path)!r}", hint=OTHER_DATA
                )
            return {key: _read_array(archive, key) for key in KEYS}
    except _DAMAGE as error:
        message = f"damaged or pickled .npz archive {str(path)!r}"
        raise DataError(message, hint=OTHER_DATA) from error


def _read_array(archive: zipfile.ZipFile, key: str) -> NDArray[Any]:
    with archive.open(f"{key}.npy") as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def _dataset(path: Path, images: NDArray[Any], labels: NDArray[Any]) -> Dataset:
    if labels.dtype.kind in "iu":
        labels = labels.astype(np.int64)
    return checked_dataset(str(path), _as_bytes(path, _as_squares(images)), labels)


def _as_squares(images: NDArray[Any]) -> NDArray[Any]:
    if images.ndim == 2 and images.shape[1] == 28 * 28:
        return images.reshape(-1, 28, 28)
    return images[..., 0] if images.ndim == 4 and images.shape[-1] == 1 else images


def _as_bytes(path: Path, images: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as uint8 0 to 255; what is no number is left to the check of the data set."""
    if images.dtype.kind not in "fiu" or images.dtype == np.uint8 or not images.size:
        return images
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 255):
        raise DataError(
            f"bad data in {str(path)!r}: pixels go from {low:g} to {high:g}, not from 0 to 255",
            hint=OTHER_DATA,
        )
    scale = 255 if images.dtype.kind == "f" and high <= 1 else 1
    pixels: NDArray[np.uint8] = np.rint(images * scale).astype(np.uint8)
    return pixels
