"""Crafted data files: a zip bomb (decompression bomb) or a false size is refused."""

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from mnistcli import datasets
from mnistcli.datasets import size_limits
from mnistcli.datasets.hdf5 import read_hdf5
from mnistcli.errors import DataError

SHAPE = (3000, 28, 28)  # 2.2 MiB


def bomb_npz(path: Path) -> None:
    np.savez_compressed(path, x=np.zeros(SHAPE, np.uint8), y=np.zeros(SHAPE[0], np.uint8))


def bomb_mat(path: Path) -> None:
    savemat(path, {"x": np.zeros(SHAPE, np.uint8)}, do_compression=True)


def bomb_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.zeros(SHAPE, np.uint8), compression="gzip")


def fill_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=SHAPE, dtype="u1", fillvalue=1)


def bomb_csv(path: Path) -> None:
    row = b",".join([b"0"] * 785) + b"\n"
    path.write_bytes(gzip.compress(row * SHAPE[0]))


def bomb_idx(path: Path) -> None:
    header = struct.pack(">4B3I", 0, 0, 8, 3, *SHAPE)
    path.write_bytes(gzip.compress(header + bytes(np.prod(SHAPE))))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("d.npz", bomb_npz),
        ("d.mat", bomb_mat),
        ("d.h5", bomb_hdf5),
        ("f.h5", fill_hdf5),
        ("d.csv.gz", bomb_csv),
        ("x-idx3-ubyte.gz", bomb_idx),
    ],
)
def test_a_small_file_with_large_arrays_is_refused(
    name: str, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size_limits, "_ALWAYS_ALLOWED", 1 << 20)
    write(Path(name))

    with pytest.raises(DataError, match=r"take more than 1 MiB|more than 1 MiB decompressed"):
        datasets.load(f"./{name}")


def test_a_large_file_may_have_large_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_limits, "_ALWAYS_ALLOWED", 1 << 20)

    assert size_limits.max_content(100) == 1 << 20
    assert size_limits.max_content(1 << 20) == 100 << 20
    assert size_limits.max_content(1 << 30) == 1 << 30


def write_hdf5(change: Callable[[h5py.File], object]) -> Path:
    with h5py.File("d.h5", "w") as file:
        file["kept"] = np.arange(10)
        change(file)
    return Path("d.h5")


def vlen(file: h5py.File) -> None:
    file.create_dataset("o", shape=(3,), dtype=h5py.vlen_dtype(np.uint8))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.create_dataset("e", (10,), "u1", external=[("secret", 0, 10)]),
        lambda file: file.__setitem__("e", h5py.ExternalLink("other.h5", "/x")),
        lambda file: file.__setitem__("e", h5py.SoftLink("/nothing")),
        lambda file: file.create_dataset("e", (1 << 26, 28), "u1", chunks=(1 << 26, 28)),
        lambda file: file.create_dataset("e", (100, 100), "i4", scaleoffset=4),
        lambda file: file.create_dataset("e", (3,), h5py.string_dtype()),
        lambda file: file.create_dataset("e", (3,), h5py.ref_dtype),
        lambda file: file.create_dataset("e", data=h5py.Empty("f4")),
        vlen,
    ],
    ids=[
        *("external file", "external link", "dangling link", "large chunk", "rare filter"),
        *("text", "references", "empty", "vlen"),
    ],
)
def test_unusual_arrays_of_hdf5_are_not_read(change: Callable[[h5py.File], object]) -> None:
    Path("secret").write_bytes(b"0123456789")
    with h5py.File("other.h5", "w") as other:
        other["x"] = np.arange(3)

    assert set(read_hdf5(write_hdf5(change))) == {"kept"}


def element(kind: int, content: bytes) -> bytes:
    """Return a data element of a MATLAB file of version 5."""
    return struct.pack("<2I", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(array_class: int, dimensions: tuple[int, ...], *parts: bytes) -> bytes:
    flags = element(6, struct.pack("<2I", array_class, 0))
    sizes = element(5, struct.pack(f"<{len(dimensions)}i", *dimensions))
    return element(14, flags + sizes + element(1, b"x") + b"".join(parts))


def nested_cells(depth: int) -> bytes:
    content = matrix(6, (1, 1), element(9, bytes(8)))
    for _ in range(depth):
        content = matrix(1, (1, 1), content)
    return content


CELL, CHAR, SPARSE, DOUBLE, UINT8 = 1, 4, 5, 6, 9
HUGE = (1 << 30, 1 << 30)


@pytest.mark.parametrize(
    "content",
    [
        matrix(DOUBLE, HUGE, element(9, bytes(80))),
        matrix(UINT8, (-1, 28), element(2, bytes(28))),
        matrix(CELL, (1 << 30, 1), element(9, bytes(8))),
        matrix(CHAR, HUGE, element(4, b"ab")),
        matrix(SPARSE, HUGE, element(5, bytes(8)), element(5, bytes(8)), element(9, bytes(8))),
        matrix(UINT8, (28,) * 60, element(2, bytes(28))),
        struct.pack("<2I", 14, 0xFFFFFFFF),
        element(15, zlib.compress(struct.pack("<2I", 14, 0xFFFFFFF0) + bytes(99))),
        nested_cells(2000),
        element(1, b"") * 100_001,
        element(15, zlib.compress(element(15, zlib.compress(bytes(99))))),
        b"",
    ],
    ids=[
        *("double", "negative", "cell", "char", "sparse", "60 dimensions", "element"),
        *("compressed", "nested", "many elements", "twice compressed", "empty"),
    ],
)
def test_a_false_shape_in_a_matlab_file_is_an_error(content: bytes) -> None:
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"
    Path("d.mat").write_bytes(head + content)

    with pytest.raises(DataError):
        datasets.load("./d.mat")


def test_a_header_of_numpy_that_does_not_end() -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (30,"
    Path("d.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)

    with pytest.raises(DataError, match=r"damaged or pickled \.npy file"):
        datasets.load("./d.npy")


def test_a_damaged_compressed_table_is_refused() -> None:
    stream = io.BytesIO()
    with gzip.open(stream, "wb") as file:
        file.write(np.random.default_rng(0).bytes(10_000))
    content = bytearray(stream.getvalue())
    content[60:200] = bytes(140)
    Path("d.csv.gz").write_bytes(content)

    with pytest.raises(DataError, match="cannot be decompressed"):
        datasets.load("./d.csv.gz")


def test_a_header_that_is_longer_than_the_rows() -> None:
    header = ",".join([*map(str, range(790)), "label"])
    Path("d.csv").write_text(f"{header}\n{','.join(['0'] * 785)}\n")

    with pytest.raises(DataError, match=r"damaged row in line 2 .* 785 cells for 791 columns"):
        datasets.load("./d.csv")
