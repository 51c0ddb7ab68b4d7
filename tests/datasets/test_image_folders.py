"""Image folders: subfolders 0 to 9 are read, and unusable files are skipped."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcli import datasets
from tests.datasets.helpers import load_error
from tests.support.strokes import draw_digit


def write_images(folder: Path, each: int = 5, digits: range = range(10)) -> Path:
    """Write large digits, dark on light, into folders 0 to 9."""
    for digit in digits:
        (folder / str(digit)).mkdir(parents=True)
        for number in range(each):
            image = draw_digit(digit, size=60 + 10 * number)
            image.save(folder / str(digit) / f"{number}.png")
    return folder


def blank() -> Image.Image:
    return Image.new("L", (50, 50), 255)


def test_image_folders_are_split(tmp_path: Path) -> None:
    write_images(tmp_path / "d", digits=range(2, 5))

    splits = datasets.load("d")

    assert (splits.name, splits.has_own_split) == (str(tmp_path / "d"), False)
    assert np.bincount(splits.train.labels).tolist() == [0, 0, 4, 4, 4]
    assert np.bincount(splits.test.labels).tolist() == [0, 0, 1, 1, 1]


def test_images_are_in_mnist_format(tmp_path: Path) -> None:
    write_images(tmp_path / "d" / "train", each=1)
    write_images(tmp_path / "d" / "test", each=2, digits=range(3, 6))

    splits = datasets.load("d")

    assert splits.has_own_split
    assert splits.train.labels.tolist() == list(range(10))
    assert splits.test.labels.tolist() == [3, 3, 4, 4, 5, 5]
    assert (splits.train.images.max(axis=(1, 2)) == 255).all()
    assert (splits.train.images[:, :2] == 0).all()  # light on dark, inside the box of 20x20
    # The size of a drawing makes no difference.
    assert np.abs(np.diff(splits.test.images[:2] / 255.0, axis=0)).mean() < 0.05


def test_complete_folders_have_no_notes(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "d")
    (folder / "3" / ".DS_Store").write_bytes(b"hidden")
    (folder / ".git").mkdir()

    assert datasets.load("d").notes == ()


def test_unusable_files_are_skipped_and_counted(tmp_path: Path) -> None:
    """One blank image or one unreadable file used to stop everything."""
    folder = write_images(tmp_path / "d")
    blank().save(folder / "4" / "8.png")
    blank().save(folder / "4" / "9.png")
    (folder / "6" / "a.png").write_bytes(b"hello")
    (folder / "6" / "b.png").write_bytes(b"")
    (folder / "7" / "c.jpg").write_bytes((folder / "7" / "0.png").read_bytes()[:100])
    for name in ("1.SVG", "2.svg", "notes.txt"):
        (folder / "0" / name).write_bytes(b"x")

    splits = datasets.load("d")

    assert (len(splits.train), len(splits.test)) == (40, 10)
    assert splits.notes == (
        "skipped 8 files in 'd': 3 unreadable ('6/a.png'), 2 SVG, 2 without a digit ('4/8.png'), "
        "1 .txt",
    )


def test_missing_digits_and_ignored_folders_are_named(tmp_path: Path) -> None:
    write_images(tmp_path / "d", digits=range(7))
    for name in ("10", "A"):
        (tmp_path / "d" / name).mkdir()

    assert datasets.load("d").notes == (
        "skipped folders in 'd': 10 and A",
        "no images of 7, 8 and 9 in 'd'",
    )


def test_many_ignored_folders_are_not_all_named(tmp_path: Path) -> None:
    write_images(tmp_path / "d")
    for name in "ABCDEFGH":
        (tmp_path / "d" / name).mkdir()

    assert datasets.load("d").notes == ("skipped folders in 'd': A, B, C, D, E and others",)


def test_training_and_test_folders_have_notes_of_their_own(tmp_path: Path) -> None:
    write_images(tmp_path / "d" / "train", each=1)
    write_images(tmp_path / "d" / "test", each=1, digits=range(9))
    blank().save(tmp_path / "d" / "train" / "1" / "x.png")
    (tmp_path / "d" / "validation").mkdir()

    assert datasets.load("d").notes == (
        "skipped folders in 'd': validation",
        "skipped 1 file in 'd/train': 1 without a digit ('1/x.png')",
        "no images of 9 in 'd/test'",
    )


def test_folders_without_images_are_refused(tmp_path: Path) -> None:
    write_images(tmp_path / "d", each=0)

    assert load_error("d") == "no images of digits in 'd'"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("9.png", b"hello", "1 unreadable ('4/9.png')"),
        ("9.png", None, "1 without a digit ('4/9.png')"),
        ("9", b"hello", "1 without a suffix"),
    ],
)
def test_folders_without_a_usable_image_are_refused(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    path = write_images(tmp_path / "d", each=0, digits=range(3, 6)) / "4" / name
    if content is None:
        blank().save(path)
    else:
        path.write_bytes(content)

    assert load_error("d") == f"no images of digits in 'd': {reason}"


def test_too_few_images_to_train_on_are_all_test_images(tmp_path: Path) -> None:
    write_images(tmp_path / "d", each=1)

    splits = datasets.load("d")

    assert (len(splits.train), len(splits.test), splits.has_own_split) == (0, 10, False)
    assert len(splits.images_not_trained_on("mnist")) == 10
    assert splits.notes == ("too few images in 'd' to train on: all 10 are test images",)


@pytest.mark.parametrize(("existing", "has_own_split"), [("train", False), ("test", True)])
def test_one_of_the_folders_train_and_test_is_enough(
    tmp_path: Path, existing: str, has_own_split: bool
) -> None:
    write_images(tmp_path / "d" / existing, each=1)

    splits = datasets.load("d")

    assert (len(splits.images_not_trained_on("mnist")), splits.has_own_split) == (10, has_own_split)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d" / "train" / "cats").mkdir(parents=True)
    (tmp_path / "d" / "test").mkdir()

    assert load_error("d").startswith("no dataset in 'd': expected folders '0' to '9' of images")


def test_surprises_in_folders_are_skipped_or_one_error(tmp_path: Path) -> None:
    """Pipes, loops, broken links and names that are not text."""
    write_images(tmp_path / "d")
    os.mkfifo(tmp_path / "d" / "3" / "pipe.png")
    (tmp_path / "d" / "3" / "loop.png").symlink_to("loop.png")
    (tmp_path / "d" / "3" / "broken.png").symlink_to("missing.png")
    (tmp_path / "d" / "3" / "back").symlink_to("..")
    (tmp_path / "d" / "loop").symlink_to("loop")
    Path(os.fsdecode(os.fsencode(tmp_path / "d" / "3") + b"/\xff.png")).write_bytes(b"no image")

    splits = datasets.load("d")

    assert len(splits.all)
