"""Folders of pictures, one folder a digit."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli import preprocessing
from mnistcli.datasets.dataset import OTHER_DATA, Dataset, Splits, checked_dataset, split_train_test
from mnistcli.errors import DataError, ImageError

_PARTS = ("train", "test")


def predict_images(folder: Path) -> Splits:
    """Return the data set of folders ``0/`` to ``9/``, each with pictures of that digit.

    The folders may lie in folders ``train/`` and ``test/``; else a fifth of the pictures becomes
    the test part, and all of them where they are too few to train on. A digit may be absent.
    Hidden files, and those whose names are not those of pictures, are passed over.

    Args:
        folder: Where the folders are.

    Raises:
        DataError: There are no such folders, no pictures or too few in them, or a picture cannot
            be read or shows no digit.
        OSError: A folder cannot be read.
    """
    parts = [folder / part for part in _PARTS]
    if not any(part.is_dir() for part in parts):
        return _divided(str(folder), _read_digits(folder))
    for part in parts:
        if not part.is_dir():
            raise DataError(f"no {part.name!r} folder in {str(folder)!r}", hint=OTHER_DATA)
    train, test = (_read_digits(part) for part in parts)
    return Splits(str(folder), train, test)


def _divided(name: str, dataset: Dataset) -> Splits:
    try:
        return split_train_test(name, dataset, own_split=False)
    except DataError:
        # Too few to train on, but not too few to test a model that learned elsewhere.
        return Splits(name, dataset.take([]), dataset, own_split=False)


def _read_digits(folder: Path) -> Dataset:
    folders = [folder / str(digit) for digit in range(10)]
    if not any(path.is_dir() for path in folders):
        raise DataError(
            f"no data set in {str(folder)!r}: neither IDX files nor folders '0' to '9'",
            hint=OTHER_DATA,
        )
    pictures = [
        (digit, path)
        for digit, inner in enumerate(folders)
        if inner.is_dir()
        for path in sorted(inner.iterdir())
        if path.is_file() and not path.name.startswith(".") and preprocessing.is_image_name(path)
    ]
    images = [_read(path) for _, path in pictures]
    labels = [digit for digit, _ in pictures]
    pixels = np.array(images, np.uint8).reshape(-1, 28, 28)
    return checked_dataset(str(folder), pixels, np.array(labels, np.int64))


def _read(path: Path) -> NDArray[np.uint8]:
    """Return the digit of a picture, (28, 28)."""
    try:
        digits = preprocessing.find_digits(preprocessing.open_image(path), single=True)
    except ImageError as error:
        raise DataError(error.message, hint=OTHER_DATA) from error
    if not digits:
        raise DataError(f"no digit found on {str(path)!r}", hint=OTHER_DATA)
    return digits[0].image
