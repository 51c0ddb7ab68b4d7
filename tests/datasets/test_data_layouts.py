"""The layouts of `data_layouts.py`: each is read correctly, or refused with a clear error.

These are the tests of `arrays`, `csv_files`, `hdf5`, `label_tables`, `labels`, `mat`,
`named_arrays`, `name_parsing`, `npy`, `orientation` and `parquet`.
"""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli import datasets, load_classifier
from mnistcli.datasets import Dataset, Splits
from mnistcli.errors import DataError
from tests.datasets.data_layouts import LAYOUTS
from tests.datasets.helpers import TEST, TRAIN, assert_same_images


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_of_data_is_read_or_named(tmp_path: Path, name: str) -> None:
    layout = LAYOUTS[name]
    path = layout.write(tmp_path)

    if layout.outcome in {"splits", "images", "close", "sorted", "sorted all"}:
        splits = datasets.load(str(path))
        assert any(layout.note in note for note in (*splits.notes, ""))
        check(splits, layout.outcome)
    else:
        with pytest.raises(DataError) as caught:
            datasets.load(str(path))
        assert layout.outcome in f"{caught.value.message} {caught.value.hint}"


def check(splits: Splits, outcome: str) -> None:
    """Check the images and labels of the splits."""
    if outcome == "splits":
        assert is_same(splits.train, TRAIN)
        assert is_same(splits.test, TEST)
    elif outcome == "images":
        assert not splits.has_own_split
        assert is_same(in_order(splits.all), in_order(TRAIN))
    elif outcome == "sorted":
        assert is_similar(splits.train, TRAIN)
        assert is_similar(splits.test, TEST)
    else:
        assert is_similar(splits.all if outcome == "sorted all" else splits.train, TRAIN)


def in_order(data: Dataset) -> Dataset:
    """Return the images in an order that does not depend on theirs."""
    pairs = zip(data.labels, data.images, strict=True)
    keys = [(int(label), image.tobytes()) for label, image in pairs]
    return data.take(sorted(range(len(data)), key=keys.__getitem__))


def is_same(data: Dataset, expected: Dataset) -> bool:
    if data.labels.tolist() != expected.labels.tolist():
        return False
    return bool(np.abs(data.images.astype(int) - expected.images).max() <= 1)


def is_similar(data: Dataset, expected: Dataset) -> bool:
    """Return whether each digit has equally many images, and the packaged model recognizes them."""
    if sorted(data.labels) != sorted(expected.labels):
        return False
    predicted = load_classifier("pretrained").predict(data.images).argmax(axis=1)
    return bool(np.mean(predicted == data.labels) > 0.6)


def encode(image: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def test_there_are_as_many_layouts_as_were_reviewed() -> None:
    assert len(LAYOUTS) >= 112


def test_parquet_is_read_or_its_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError) as caught:
        datasets.load("train.parquet")
    assert "Parquet file" in caught.value.message


def test_parquet_of_hugging_face_is_read(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for name, data in (("train-00000-of-00001", TRAIN), ("test-00000-of-00001", TEST)):
        cells = [{"bytes": encode(image), "path": None} for image in data.images]
        table = pyarrow.table({"image": cells, "label": data.labels.tolist()})
        parquet.write_table(table, tmp_path / f"{name}.parquet")

    assert_same_images(datasets.load(str(tmp_path)))
