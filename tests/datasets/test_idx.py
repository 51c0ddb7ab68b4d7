"""IDX files: the images and labels of MNIST; damaged files and decompression bombs are refused."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistcli import datasets
from mnistcli.datasets import idx
from tests.datasets.helpers import (
    TEST,
    TRAIN,
    assert_loads,
    idx_files,
    images_file,
    labels_file,
    load_error,
)

Change = Callable[[str, bytes], tuple[str, bytes]]


def write_idx(folder: Path, change: Change | None = None) -> Path:
    folder.mkdir()
    for name, content in idx_files().items():
        new_name, new_content = change(name, content) if change else (name, content)
        (folder / new_name).write_bytes(new_content)
    return folder


@pytest.mark.parametrize(
    "change",
    [
        lambda name, content: (name, content),
        lambda name, content: (f"{name}.gz", gzip.compress(content)),
        lambda name, content: (name.replace("-idx", ".idx"), content),
        lambda name, content: (f"{name.replace('-idx', '.idx')}.gz", gzip.compress(content)),
        lambda name, content: (name, gzip.compress(content[:9]) + gzip.compress(content[9:])),
    ],
    ids=["plain", "gz", "dotted", "dotted gz", "gz without a suffix, in two parts"],
)
def test_idx_files_are_read(tmp_path: Path, change: Change) -> None:
    assert_loads(write_idx(tmp_path / "my [set]", change))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (idx.NAMES[0], b"PNG\n", "not an IDX file: 'd/train-images-idx3-ubyte' starts with 0x504e470a"),
        (idx.NAMES[1], idx_files()[idx.NAMES[0]], "invalid data in 'd': labels are uint8 (30, 28, 28), not int64 (n,)"),
        (idx.NAMES[2], b"", "not an IDX file: 'd/t10k-images-idx3-ubyte' starts with 0x"),
        (idx.NAMES[2], idx_files()[idx.NAMES[2]][:15],
         "damaged file 'd/t10k-images-idx3-ubyte': the header is incomplete"),
        (idx.NAMES[2], idx_files()[idx.NAMES[2]][:-1], ("damaged file 'd/t10k-images-idx3-ubyte': "
         "7855 bytes, 7856 expected by the header")),
        (idx.NAMES[3], idx_files()[idx.NAMES[3]] + b"\0", ("damaged file 'd/t10k-labels-idx1-ubyte'"
         ": 19 bytes, 18 expected by the header")),
        (idx.NAMES[3], labels_file(TEST.labels[1:]),
         "invalid data in 'd': 10 images but 9 labels"),
        (idx.NAMES[3], labels_file(TEST.labels + 2),
         "invalid data in 'd': labels range from 2 to 11, not from 0 to 9"),
        (idx.NAMES[0], images_file(TRAIN.images[:, 4:24]),
         "invalid data in 'd': images are uint8 (30, 20, 28), not uint8 (n, 28, 28)"),
        (idx.NAMES[0], gzip.compress(idx_files()[idx.NAMES[0]])[:-20],
         "damaged file 'd/train-images-idx3-ubyte': cannot be decompressed"),
        (idx.NAMES[0], b"\x1f\x8b and no more",
         "damaged file 'd/train-images-idx3-ubyte': cannot be decompressed"),
        (idx.NAMES[0], gzip.compress(idx_files()[idx.NAMES[0]])[:10] + b"\xff" * 99,
         "damaged file 'd/train-images-idx3-ubyte': cannot be decompressed"),
    ],
)  # fmt: skip
def test_damaged_idx_files_are_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (write_idx(tmp_path / "d") / name).write_bytes(content)

    assert load_error("d") == message


def test_idx_files_without_images_are_refused(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "d")
    (folder / idx.NAMES[2]).write_bytes(images_file(TEST.images[:0]))
    (folder / idx.NAMES[3]).write_bytes(labels_file(TEST.labels[:0]))

    assert load_error("d") == "invalid data in 'd': no images"


def test_images_without_their_labels_are_left_out(tmp_path: Path) -> None:
    (write_idx(tmp_path / "d") / idx.NAMES[3]).unlink()

    splits = datasets.load("d")

    assert len(splits.all) == len(TRAIN)
    assert splits.notes[0] == (
        "skipped the test images in 'd': no labels; mnistcli predict reads them"
    )


def test_labels_without_their_images_are_an_error(tmp_path: Path) -> None:
    (write_idx(tmp_path / "d") / idx.NAMES[2]).unlink()

    assert load_error("d").startswith("invalid data in 'd': labels without images: 'test labels")


def test_a_small_file_that_decompresses_to_a_large_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idx, "MAX_BYTES", 1 << 20)
    (write_idx(tmp_path / "d") / idx.NAMES[0]).write_bytes(gzip.compress(b"\0" * (1 << 20) + b"\0"))

    assert load_error("d") == (
        "damaged file 'd/train-images-idx3-ubyte': more than 1 MiB decompressed"
    )


def test_a_file_larger_than_the_memory_is_refused(tmp_path: Path) -> None:
    """A sparse file of 30 GB used to end in a MemoryError."""
    with (write_idx(tmp_path / "d") / idx.NAMES[0]).open("wb") as file:
        file.truncate(30 << 30)

    assert load_error("d") == ("file too large: 'd/train-images-idx3-ubyte' has more than 600 MiB")


def test_the_error_of_an_unreadable_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write_idx(tmp_path / "d")
    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert load_error("d") == "cannot read 'd/t10k-images-idx3-ubyte': permission denied"
