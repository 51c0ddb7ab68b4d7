"""Reference digits: 500 labeled digits to detect the pixel scale of a model.

They are the first training images of MNIST, if its files are on this machine. Otherwise, and for
models that fail on MNIST, they are those digits of scikit-learn that look most like MNIST.
"""

import contextlib
import gzip
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.files.user_directories import DATA_DIR_VARIABLE, cache_dir, keras_mnist_file
from mnistcli.inference import litert
from mnistcli.mnist_format import IMAGE_SIDE, place_by_center_of_mass, to_model_input
from mnistcli.model_lookup import PRETRAINED_DIR

REFERENCE_DIGIT_COUNT = 500
_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
_HEADERS = (16, 8)
_PIXELS = IMAGE_SIDE**2


class ReferenceDigits(NamedTuple):
    """Labeled digits in MNIST format.

    Attributes:
        images: uint8 (500, 28, 28).
        labels: The digits, int64 (500,).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def load_reference_digits() -> Iterator[ReferenceDigits]:
    """Load the digits of MNIST, if they are on this machine, then the digits of scikit-learn."""
    if (digits := _load_mnist()) is not None:
        yield digits
    yield _load_sklearn_digits()


@cache
def _load_mnist() -> ReferenceDigits | None:
    variable = os.environ.get(DATA_DIR_VARIABLE)
    for folder in ([Path(variable)] if variable else []) + [cache_dir() / "mnist"]:
        if (digits := _read_mnist(folder)) is not None:
            return digits
    return _read_keras_cache()


def _read_mnist(folder: Path) -> ReferenceDigits | None:
    """Read the first images of the IDX files in a folder; None if they do not exist."""
    try:
        images, labels = (
            _read_start(folder / name, header + REFERENCE_DIGIT_COUNT * size)[header:]
            for name, header, size in zip(_NAMES, _HEADERS, (_PIXELS, 1), strict=True)
        )
        return _to_reference_digits(
            np.frombuffer(images, np.uint8).reshape(-1, IMAGE_SIDE, IMAGE_SIDE),
            np.frombuffer(labels, np.uint8),
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


def _read_keras_cache() -> ReferenceDigits | None:
    """Read the first images of the file that `keras.datasets.mnist` downloads."""
    try:
        with np.load(keras_mnist_file(), allow_pickle=False) as arrays:
            return _to_reference_digits(
                arrays["x_train"][:REFERENCE_DIGIT_COUNT], arrays["y_train"][:REFERENCE_DIGIT_COUNT]
            )
    except (OSError, EOFError, ValueError, KeyError):
        return None


def _to_reference_digits(
    images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> ReferenceDigits | None:
    """Return digits if they have the number, shape and labels of MNIST digits; else None."""
    shape = (REFERENCE_DIGIT_COUNT, IMAGE_SIDE, IMAGE_SIDE)
    is_mnist = images.shape == shape and labels.shape == shape[:1]
    if not is_mnist or images.dtype != np.uint8 or labels.max() > 9:
        return None
    return ReferenceDigits(images, labels.astype(np.int64))


@cache
def _load_sklearn_digits() -> ReferenceDigits:
    """Convert digits of scikit-learn to MNIST format, and choose 50 of each digit.

    The digits chosen are those to which the packaged model assigns the highest probability: models
    that were trained on MNIST classify 83 to 90 % of them correctly, and 70 % of all.
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 - slow, and rarely needed

    bunch = load_digits()
    labels = bunch.target.astype(np.int64)
    images = np.stack([_scale_box_to_20x20(small) for small in bunch.images.astype(np.float32)])
    likely = _packaged_probabilities(images)[np.arange(len(labels)), labels]
    order = np.argsort(-likely, kind="stable")
    count = REFERENCE_DIGIT_COUNT // 10
    chosen = np.sort(np.concatenate([order[labels[order] == d][:count] for d in range(10)]))
    return ReferenceDigits(images[chosen], labels[chosen])


def _scale_box_to_20x20(small: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Convert an image (8, 8) of gray levels 0 to 16 as MNIST was made from two-level images.

    Ink and background are separated in the enlarged image, whose bounding box is averaged to 20
    pixels and placed by its center of mass. This is nearer to MNIST than the dataset ``digits``,
    whose images must stay as they are: results with them are published.
    """
    enlarged = cv2.resize(small, (80, 80), interpolation=cv2.INTER_CUBIC)
    ink = ((enlarged - 8) / 2).clip(0, 1)
    rows, columns = np.nonzero(ink > 0.3)
    box = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = 20 / max(box.shape)
    height, width = (max(1, round(side * scale)) for side in box.shape)
    digit = cv2.resize(box, (width, height), interpolation=cv2.INTER_AREA)
    return place_by_center_of_mass(digit * (255 / digit.max()))


def _packaged_probabilities(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probabilities of the packaged model, float32 (n, 10)."""
    path = PRETRAINED_DIR / "model.tflite"
    # Equal probabilities choose the first digits: the packaged file is missing or damaged.
    probabilities = np.full((len(images), 10), 0.1, np.float32)
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        runner = litert.Runner(path.read_bytes())
        probabilities = runner(to_model_input(images))
    return probabilities
