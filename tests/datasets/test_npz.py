"""NumPy archives (.npz): arrays are read; damaged archives, pickles and zip bombs are refused."""

import io
import random
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistcli import datasets
from mnistcli.datasets import size_limits
from mnistcli.errors import DataError
from tests.datasets.helpers import (
    ARRAYS,
    TEST,
    TRAIN,
    Arrays,
    assert_loads,
    load_error,
    save_arrays,
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"y_train": TRAIN.labels.astype(np.uint8), "y_test": TEST.labels.astype(np.int32)},
        {"x_train": TRAIN.images[..., None], "x_test": TEST.images.reshape(10, 784)},
        {"x_train": TRAIN.images.astype(np.int64), "x_test": TEST.images.astype(np.float64)},
        {"x_train": np.float32(TRAIN.images) / 255, "x_test": np.float16(TEST.images) / 255},
    ],
    ids=["uint8", "other labels", "other shapes", "0 to 255", "0 to 1"],
)
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_are_read(tmp_path: Path, compression: int, changes: Arrays) -> None:
    save_arrays(tmp_path / "my.NPZ.npz", changes, compression)

    assert_loads(tmp_path / "my.NPZ.npz")


def test_an_archive_of_numpy_is_read(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "numpy.npz",
        x_train=TRAIN.images, y_train=TRAIN.labels,
        x_test=TEST.images, y_test=TEST.labels,
    )  # fmt: skip

    assert_loads(tmp_path / "numpy.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": TEST.images[:, :14]}, ("invalid data in 'd.npz': images are uint8 "
         "(10, 14, 28), not uint8 (n, 28, 28)")),
        ({"x_test": np.int16(TEST.images) - 1}, ("invalid data in 'd.npz': pixels range from -1 to "
         "255, not from 0 to 255")),
        ({"x_train": np.full((30, 28, 28), 256.5)}, "invalid data in 'd.npz': pixels range up to 256.5, not from 0 to 255"),
        ({"x_train": np.full((30, 28, 28), np.nan)}, ("invalid data in 'd.npz': pixels range from "
         "nan to nan, not from 0 to 255")),
        ({"x_test": np.full((10, 28, 28), np.nan)}, ("invalid data in 'd.npz': pixels range from "
         "nan to nan, not from 0 to 255")),
        ({"x_train": np.full((30, 28, 28), "a")}, "invalid data in 'd.npz': images are <U1 (30, 28, 28), not uint8 (n, 28, 28)"),
        ({"y_train": np.eye(9)[TRAIN.labels % 9]}, ("invalid data in 'd.npz': labels are float64 "
         "(30, 9), not int64 (n,)")),
        ({"y_train": np.full(30, 2**64 - 1, np.uint64)}, ("invalid data in 'd.npz': labels range "
         "from -1 to -1, not from 0 to 9")),
        ({"y_test": TEST.labels[:4]}, "invalid data in 'd.npz': 10 images but 4 labels"),
        ({"x_test": np.zeros((0, 28, 28)), "y_test": np.zeros(0, int)}, "invalid data in 'd.npz': no images"),
        ({"x_test": TEST.images[:0], "y_test": TEST.labels[:0]}, "invalid data in 'd.npz': no images"),
        ({"y_test": np.array([None, 3])}, "damaged or pickled .npz archive 'd.npz'"),
    ],
)  # fmt: skip
def test_arrays_of_another_format_are_refused(
    tmp_path: Path, changes: Arrays, message: str
) -> None:
    save_arrays(tmp_path / "d.npz", changes)

    assert load_error("d.npz") == message


def test_missing_arrays_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x_train=TRAIN.images, y_test=TEST.labels)

    assert load_error("d.npz") == "invalid data in 'd.npz': labels without images: 'y_test'"


@pytest.mark.parametrize(
    "shape", ["(1000000000000, 28, 28)", "(10000000000000000000000000000,)", "(30, 28", "{}", "'"]
)
def test_an_array_with_a_false_header_is_refused(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        for key in ARRAYS:
            archive.writestr(
                f"{key}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
            )

    assert load_error("d.npz") == "damaged or pickled .npz archive 'd.npz'"


def test_a_small_archive_that_decompresses_to_a_large_array_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size_limits, "_ALWAYS_ALLOWED", 1 << 20)
    large = np.zeros((2000, 28, 28), np.uint8)
    save_arrays(tmp_path / "d.npz", {"x_test": large}, zipfile.ZIP_DEFLATED)

    assert load_error("d.npz") == "too large: the arrays in 'd.npz' take more than 1 MiB"


@pytest.mark.parametrize(
    "header",
    [
        {"descr": "|u1", "fortran_order": False, "shape": (1 << 40, 28, 28)},
        {"descr": "<f8", "fortran_order": False, "shape": (1 << 62, 1 << 62)},
        {"descr": "<f8", "fortran_order": False, "shape": (30, 28, 28)},
        {"descr": "|u1", "fortran_order": False, "shape": (-30, 28, 28)},
        {"descr": "|u1", "fortran_order": False, "shape": ()},
        {"descr": "|V1000000000", "fortran_order": False, "shape": (30,)},
        {"descr": "|O", "fortran_order": False, "shape": (30,)},
        {"descr": [("a", "|u1")], "fortran_order": False, "shape": (30,)},
        {"descr": "|u1", "fortran_order": False},
    ],
    ids=str,
)
def test_a_header_that_does_not_fit_is_refused_before_memory_is_taken(
    tmp_path: Path, header: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Archives of 4 MB used to take from 4 to more than 5 GB."""
    save_arrays(tmp_path / "d.npz")
    with zipfile.ZipFile(tmp_path / "d.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = repr(header).encode().ljust(117) + b"\n"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text))
    members["x_train.npy"] = start + text + bytes(30 * 28 * 28)
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    monkeypatch.setattr(np.lib.format, "read_array", None)

    assert "d.npz" in load_error("d.npz")


def test_a_file_of_python_2_is_read_without_a_warning(tmp_path: Path) -> None:
    """Its sizes are long integers, such as 30L."""
    save_arrays(tmp_path / "d.npz")
    with zipfile.ZipFile(tmp_path / "d.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(b"(30, 28, 28), } ", b"(30L, 28, 28), }"))

    assert_loads(tmp_path / "d.npz")


def test_an_archive_with_a_huge_directory_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        for number in range(3000):
            archive.writestr(f"{number:0400}", b"")

    assert load_error("d.npz") == "damaged or pickled .npz archive 'd.npz'"


def test_any_damage_is_an_error_and_leaves_no_file_open(tmp_path: Path) -> None:
    """Archives are truncated or have random bytes changed: they load or raise a DataError."""
    stream = io.BytesIO()
    save_arrays(stream, compression=zipfile.ZIP_DEFLATED)
    intact, rng = stream.getvalue(), random.Random(0)
    errors = set()
    for attempt in range(200):
        data = bytearray(intact)
        if attempt % 2:
            del data[rng.randrange(len(data)) :]
        for _ in range(rng.choice([1, 3, 30])):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        (tmp_path / "d.npz").write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                datasets.load("d.npz")
            except DataError as error:
                errors.add(type(error.__cause__).__name__)
    assert {"BadZipFile", "error"} <= errors


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_not_an_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d.npz").write_bytes(content)

    assert load_error("d.npz") == "damaged or pickled .npz archive 'd.npz'"
