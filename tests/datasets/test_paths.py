"""Data sets of the user's own: IDX files, NumPy archives, folders of pictures."""

import gzip
import io
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli import datasets
from mnistcli.datasets import Dataset, idx
from mnistcli.errors import DataError
from tests.support.strokes import draw_digit, make_digits

TRAIN, TEST = make_digits(30, seed=1), make_digits(10, seed=2)
Arrays = dict[str, NDArray[Any]]


def failure(path: Path | str) -> str:
    """The message with which a path is refused; the hint is always the same."""
    with pytest.raises(DataError) as caught:
        datasets.load(str(path))
    assert caught.value.hint == "mnistcli train --dataset digits"
    return str(caught.value)


def assert_loads(path: Path) -> None:
    splits = datasets.load(path.name)
    assert splits.name == str(path)
    assert splits.own_split
    for part, expected in ((splits.train, TRAIN), (splits.test, TEST)):
        assert (part.images == expected.images).all()
        assert (part.labels == expected.labels).all()


# IDX


def images_file(images: NDArray[np.uint8]) -> bytes:
    return struct.pack(">4B3I", 0, 0, 8, 3, *images.shape) + images.tobytes()


def labels_file(labels: NDArray[np.int64]) -> bytes:
    return struct.pack(">4BI", 0, 0, 8, 1, len(labels)) + labels.astype(np.uint8).tobytes()


def idx_files(train: Dataset = TRAIN, test: Dataset = TEST) -> dict[str, bytes]:
    contents = [
        content
        for part in (train, test)
        for content in (images_file(part.images), labels_file(part.labels))
    ]
    return dict(zip(idx.NAMES, contents, strict=True))


def write_idx(
    folder: Path, change: Callable[[str, bytes], tuple[str, bytes]] | None = None
) -> Path:
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
    ids=["plain", "gz", "dotted", "dotted gz", "gz by content, in two parts"],
)
def test_idx_files(tmp_path: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    assert_loads(write_idx(tmp_path / "my [set]", change))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (idx.NAMES[0], b"PNG\n", ("no IDX file of images: 'd/train-images-idx3-ubyte' begins with "
         "0x504e470a, not 0x00000803")),
        (idx.NAMES[1], idx_files()[idx.NAMES[0]], ("no IDX file of labels: "
         "'d/train-labels-idx1-ubyte' begins with 0x00000803, not 0x00000801")),
        (idx.NAMES[2], b"", ("no IDX file of images: 'd/t10k-images-idx3-ubyte' begins with 0x, "
         "not 0x00000803")),
        (idx.NAMES[2], idx_files()[idx.NAMES[2]][:15],
         "damaged file 'd/t10k-images-idx3-ubyte': its header is cut off"),
        (idx.NAMES[2], idx_files()[idx.NAMES[2]][:-1], ("damaged file 'd/t10k-images-idx3-ubyte': "
         "it holds 7855 bytes, but its header asks for 7856")),
        (idx.NAMES[3], idx_files()[idx.NAMES[3]] + b"\0", ("damaged file 'd/t10k-labels-idx1-ubyte'"
         ": it holds 19 bytes, but its header asks for 18")),
        (idx.NAMES[3], labels_file(TEST.labels[1:]),
         "bad data in 'd/t10k-images-idx3-ubyte': 10 images but 9 labels"),
        (idx.NAMES[3], labels_file(TEST.labels + 1),
         "bad data in 'd/t10k-images-idx3-ubyte': labels go from 1 to 10, not from 0 to 9"),
        (idx.NAMES[0], images_file(TRAIN.images[:, 4:24, 4:24]), ("bad data in "
         "'d/train-images-idx3-ubyte': images are uint8 (30, 20, 20), not uint8 (n, 28, 28)")),
        (idx.NAMES[0], gzip.compress(idx_files()[idx.NAMES[0]])[:-20],
         "damaged file 'd/train-images-idx3-ubyte': it cannot be unpacked"),
        (idx.NAMES[0], b"\x1f\x8b and no more",
         "damaged file 'd/train-images-idx3-ubyte': it cannot be unpacked"),
        (idx.NAMES[0], gzip.compress(idx_files()[idx.NAMES[0]])[:10] + b"\xff" * 99,
         "damaged file 'd/train-images-idx3-ubyte': it cannot be unpacked"),
    ],
)  # fmt: skip
def test_damaged_idx_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (write_idx(tmp_path / "d") / name).write_bytes(content)

    assert failure("d") == message


def test_idx_files_without_an_image(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "d")
    (folder / idx.NAMES[2]).write_bytes(images_file(TEST.images[:0]))
    (folder / idx.NAMES[3]).write_bytes(labels_file(TEST.labels[:0]))

    assert failure("d") == "no images in 'd/t10k-images-idx3-ubyte'"


def test_an_idx_file_that_is_missing(tmp_path: Path) -> None:
    (write_idx(tmp_path / "d") / idx.NAMES[3]).unlink()

    assert failure("d") == "no 't10k-labels-idx1-ubyte' and no 't10k-labels-idx1-ubyte.gz' in 'd'"


def test_a_small_file_that_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idx, "LARGEST", 1 << 20)
    (write_idx(tmp_path / "d") / idx.NAMES[0]).write_bytes(gzip.compress(b"\0" * (1 << 20) + b"\0"))

    assert failure("d") == (
        "damaged file 'd/train-images-idx3-ubyte': it unpacks to more than 1 MiB"
    )


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write_idx(tmp_path / "d")
    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert failure("d") == "cannot read 'd/train-images-idx3-ubyte': Permission denied"


# NumPy archives


def arrays(**changes: NDArray[Any]) -> Arrays:
    plain: Arrays = {
        "x_train": TRAIN.images, "y_train": TRAIN.labels,
        "x_test": TEST.images, "y_test": TEST.labels,
    }  # fmt: skip
    return plain | changes


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
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path: Path, save: Callable[..., None], changes: Arrays) -> None:
    save(tmp_path / "my.NPZ.npz", **arrays(**changes))

    assert_loads(tmp_path / "my.NPZ.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": TEST.images[:, :14]}, ("bad data in 'd.npz': images are uint8 (10, 14, 28), "
         "not uint8 (n, 28, 28)")),
        ({"x_test": np.int16(TEST.images) - 1}, ("bad data in 'd.npz': pixels go from -1 to 254, "
         "not from 0 to 255")),
        ({"x_train": np.full((30, 28, 28), 256.5)}, ("bad data in 'd.npz': pixels go from 256.5 "
         "to 256.5, not from 0 to 255")),
        ({"x_train": np.full((30, 28, 28), np.nan)}, ("bad data in 'd.npz': pixels go from nan "
         "to nan, not from 0 to 255")),
        ({"x_train": np.full((30, 28, 28), "a")}, ("bad data in 'd.npz': images are <U1 "
         "(30, 28, 28), not uint8 (n, 28, 28)")),
        ({"y_train": np.eye(10)[TRAIN.labels]}, ("bad data in 'd.npz': labels are float64 "
         "(30, 10), not int64 (n,)")),
        ({"y_train": np.full(30, 2**64 - 1, np.uint64)}, ("bad data in 'd.npz': labels go from -1 "
         "to -1, not from 0 to 9")),
        ({"y_test": TEST.labels[:4]}, "bad data in 'd.npz': 10 images but 4 labels"),
        ({"x_test": np.zeros((0, 28, 28)), "y_test": np.zeros(0, int)}, ("bad data in 'd.npz': "
         "images are float64 (0, 28, 28), not uint8 (n, 28, 28)")),
        ({"x_test": TEST.images[:0], "y_test": TEST.labels[:0]}, "no images in 'd.npz'"),
        ({"y_test": np.array([None, 3])}, "damaged or pickled .npz archive 'd.npz'"),
    ],
)  # fmt: skip
def test_npz_of_another_form(tmp_path: Path, changes: Arrays, message: str) -> None:
    np.savez(tmp_path / "d.npz", **arrays(**changes))  # type: ignore[arg-type]

    assert failure("d.npz") == message


def test_npz_that_lacks_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x_train=TRAIN.images, y_test=TEST.labels)

    assert failure("d.npz") == "no 'y_train' and no 'x_test' in 'd.npz'"


@pytest.mark.parametrize(
    "shape", ["(1000000000000, 28, 28)", "(10000000000000000000000000000,)", "(30, 28", "{}", "'"]
)
def test_npz_whose_header_lies(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        for key in arrays():
            archive.writestr(
                f"{key}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
            )

    assert failure("d.npz") == "damaged or pickled .npz archive 'd.npz'"


def test_any_damage_to_an_npz_is_an_error_of_ours_and_leaves_no_file_open(tmp_path: Path) -> None:
    """Cut off or with random bytes; what is left may load, or must say what is wrong."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays())  # type: ignore[arg-type]
    whole, dice = stream.getvalue(), random.Random(0)
    errors = set()
    for attempt in range(200):
        data = bytearray(whole)
        if attempt % 2:
            del data[dice.randrange(len(data)) :]
        for _ in range(dice.choice([1, 3, 30])):
            if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
        (tmp_path / "d.npz").write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                datasets.load("d.npz")
            except DataError as error:
                errors.add(type(error.__cause__).__name__)
    assert {"BadZipFile", "error"} <= errors


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00"])
def test_npz_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d.npz").write_bytes(content)

    assert failure("d.npz") == "damaged or pickled .npz archive 'd.npz'"


# Folders of pictures


def write_pictures(folder: Path, each: int = 5, digits: range = range(10)) -> Path:
    """Dark on light, large, off the centre: what people have."""
    for digit in digits:
        (folder / str(digit)).mkdir(parents=True)
        for number in range(each):
            picture = draw_digit(digit, size=60 + 10 * number)
            picture.save(folder / str(digit) / f"{number}.png")
    return folder


def test_folders_of_pictures_are_divided(tmp_path: Path) -> None:
    write_pictures(tmp_path / "d", digits=range(2, 5))
    (tmp_path / "d" / "3" / ".DS_Store").write_bytes(b"not a picture")
    (tmp_path / "d" / "3" / "more").mkdir()

    splits = datasets.load("d")

    assert (splits.name, splits.own_split) == (str(tmp_path / "d"), False)
    assert np.bincount(splits.train.labels).tolist() == [0, 0, 4, 4, 4]
    assert np.bincount(splits.test.labels).tolist() == [0, 0, 1, 1, 1]


def test_pictures_come_in_the_form_of_mnist(tmp_path: Path) -> None:
    write_pictures(tmp_path / "d" / "train", each=1)
    write_pictures(tmp_path / "d" / "test", each=2, digits=range(3, 6))

    splits = datasets.load("d")

    assert splits.own_split
    assert splits.train.labels.tolist() == list(range(10))
    assert splits.test.labels.tolist() == [3, 3, 4, 4, 5, 5]
    assert (splits.train.images.max(axis=(1, 2)) == 255).all()
    assert (splits.train.images[:, :2] == 0).all()  # white on black, within the box of 20x20
    # The same digit drawn larger is the same digit.
    assert np.abs(np.diff(splits.test.images[:2] / 255.0, axis=0)).mean() < 0.05


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello", "not a picture: 'd/4/9.png'"),
        (b"", "an empty file, not a picture: 'd/4/9.png'"),
        (None, "no digit found on 'd/4/9.png'"),
    ],
)
def test_a_picture_that_cannot_be_used(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = write_pictures(tmp_path / "d", each=1, digits=range(3, 6)) / "4" / "9.png"
    if content is None:
        Image.new("L", (50, 50), 255).save(path)
    else:
        path.write_bytes(content)

    assert failure("d") == message


def test_folders_without_a_picture(tmp_path: Path) -> None:
    write_pictures(tmp_path / "d", each=0)

    assert failure("d") == "no images in 'd'"


def test_folders_with_too_few_pictures_to_train_on_are_there_to_test(tmp_path: Path) -> None:
    write_pictures(tmp_path / "d", each=1, digits=range(3))

    splits = datasets.load("d")

    assert (len(splits.train), len(splits.test), splits.own_split) == (0, 3, False)
    assert len(splits.images_not_trained_on("mnist")) == 3


@pytest.mark.parametrize(("there", "missing"), [("train", "test"), ("test", "train")])
def test_folders_of_one_part_only(tmp_path: Path, there: str, missing: str) -> None:
    write_pictures(tmp_path / "d" / there, each=1, digits=range(1))

    assert failure("d") == f"no '{missing}' folder in 'd'"


def test_a_directory_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "d" / "train" / "cats").mkdir(parents=True)
    (tmp_path / "d" / "test").mkdir()

    assert failure("d") == "no data set in 'd/train': neither IDX files nor folders '0' to '9'"
