"""Helpers for tests of datasets: small data, the files of MNIST made from them, expected errors."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli import datasets
from mnistcli.datasets import Dataset, Splits, idx
from mnistcli.errors import DataError
from tests.support.strokes import make_digits

Arrays = dict[str, NDArray[Any]]

TRAIN, TEST = make_digits(30, seed=1), make_digits(10, seed=2)


def images_file(images: NDArray[np.uint8]) -> bytes:
    """Return the content of an IDX file of images."""
    return struct.pack(">4B3I", 0, 0, 8, 3, *images.shape) + images.tobytes()


def labels_file(labels: NDArray[np.int64]) -> bytes:
    """Return the content of an IDX file of labels."""
    return struct.pack(">4BI", 0, 0, 8, 1, len(labels)) + labels.astype(np.uint8).tobytes()


def idx_files(train: Dataset = TRAIN, test: Dataset = TEST) -> dict[str, bytes]:
    """Return the content of the four IDX files of a dataset, by name."""
    contents = [
        content
        for part in (train, test)
        for content in (images_file(part.images), labels_file(part.labels))
    ]
    return dict(zip(idx.NAMES, contents, strict=True))


ARRAYS: Arrays = {
    "x_train": TRAIN.images, "y_train": TRAIN.labels,
    "x_test": TEST.images, "y_test": TEST.labels,
}  # fmt: skip


def save_arrays(
    file: Path | io.BytesIO, changes: Arrays | None = None, compression: int = zipfile.ZIP_STORED
) -> None:
    """Save `ARRAYS` with changes, as `numpy.savez` and `numpy.savez_compressed` do."""
    with zipfile.ZipFile(file, "w", compression) as archive:
        for key, array in (ARRAYS | (changes or {})).items():
            with archive.open(f"{key}.npy", "w") as stream:
                np.lib.format.write_array(stream, array)


def load_error(path: Path | str) -> str:
    """Return the message of the error when a path is loaded; the hint is always the same."""
    with pytest.raises(DataError) as caught:
        datasets.load(str(path))
    assert caught.value.hint == "--dataset digits"
    return str(caught.value)


def assert_same_images(splits: Splits) -> None:
    """Check that the splits are `TRAIN` and `TEST`."""
    for part, expected in ((splits.train, TRAIN), (splits.test, TEST)):
        np.testing.assert_array_equal(part.images, expected.images)
        np.testing.assert_array_equal(part.labels, expected.labels)


def assert_loads(path: Path) -> None:
    """Check that a path in the working directory has the images `TRAIN` and `TEST`."""
    splits = datasets.load(path.name)
    assert splits.name == str(path)
    assert splits.has_own_split
    assert splits.notes == ()
    assert_same_images(splits)
