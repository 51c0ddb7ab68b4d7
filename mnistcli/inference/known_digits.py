"""Known digits: 500 labeled training digits that show how a model wants its images.

They are the first training images of MNIST, if its files are on this machine. Otherwise they are
digits of scikit-learn, which fewer models predict well.
"""

import gzip
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.files import DATA_DIR_VARIABLE, cache_dir

COUNT = 500
_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
_HEADERS = (16, 8)
_PIXELS = 28 * 28


class KnownDigits(NamedTuple):
    """Labeled digits in MNIST format.

    Attributes:
        images: uint8 (500, 28, 28).
        labels: The digits, int64 (500,).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


@cache
def load_known_digits() -> KnownDigits:
    """Load the digits."""
    variable = os.environ.get(DATA_DIR_VARIABLE)
    folders = [*([Path(variable)] if variable else []), cache_dir() / "mnist"]
    for folder in folders:
        if (digits := _read_mnist(folder)) is not None:
            return digits
    return _read_keras_cache() or _load_sklearn_digits()


def _read_mnist(folder: Path) -> KnownDigits | None:
    """Read the first images of the IDX files in a folder; None if they are not there."""
    try:
        images, labels = (
            _read_start(folder / name, header + COUNT * size)[header:]
            for name, header, size in zip(_NAMES, _HEADERS, (_PIXELS, 1), strict=True)
        )
        return _checked(
            np.frombuffer(images, np.uint8).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8)
        )
    except (OSError, EOFError, ValueError):
        return None


def _read_start(path: Path, size: int) -> bytes:
    """Read the first bytes of a file, decompressed if it is stored with gzip."""
    if path.is_file():
        with path.open("rb") as stream:
            return stream.read(size)
    with gzip.open(path.with_name(f"{path.name}.gz")) as stream:
        return stream.read(size)


def _read_keras_cache() -> KnownDigits | None:
    """Read the first images of the file that `keras.datasets.mnist` downloads."""
    path = Path.home() / ".keras" / "datasets" / "mnist.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return _checked(arrays["x_train"][:COUNT], arrays["y_train"][:COUNT])
    except (OSError, EOFError, ValueError, KeyError):
        return None


def _checked(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> KnownDigits | None:
    """Return digits if they have the number, shape and labels of MNIST digits; else None."""
    is_mnist = images.shape == (COUNT, 28, 28) and labels.shape == (COUNT,)
    if not is_mnist or images.dtype != np.uint8 or labels.max() > 9:
        return None
    return KnownDigits(images, labels.astype(np.int64))


def _load_sklearn_digits() -> KnownDigits:
    """Convert digits of scikit-learn, 8x8 pixels of 0 to 16, to MNIST format."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - slow, and rarely needed

    bunch = load_digits()
    images = np.zeros((COUNT, 28, 28), np.uint8)
    for image, small in zip(images, bunch.images.astype(np.float32), strict=False):
        ink = cv2.resize(small, (20, 20), interpolation=cv2.INTER_CUBIC).clip(2, 16) - 2
        rows, columns = np.indices(ink.shape)
        top, left = (round(14 - float((axis * ink).sum() / ink.sum())) for axis in (rows, columns))
        image[top : top + 20, left : left + 20] = np.rint(ink * (255 / ink.max()))
    return KnownDigits(images, bunch.target[:COUNT].astype(np.int64))
