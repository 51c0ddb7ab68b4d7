"""Data sets in memory, how they are divided, and the one that is always there."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from mnistcli import datasets
from mnistcli.datasets import Dataset, Splits
from mnistcli.errors import ConfigError, DataError, MnistCliError


def a_dataset(labels: list[int]) -> Dataset:
    """Images that tell where they stood: each is filled with its own index."""
    count = len(labels)
    images = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    return Dataset(images, np.array(labels, dtype=np.int64))


def positions(dataset: Dataset) -> list[int]:
    return [int(pixel) for pixel in dataset.images[:, 0, 0]]


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 28, 28), np.float32), np.zeros(2, np.int64),
         "images are float32 (2, 28, 28), not uint8 (n, 28, 28)"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros(2, np.int64),
         "images are uint8 (2, 8, 8), not uint8 (n, 28, 28)"),
        (np.zeros((28, 28), np.uint8), np.zeros(2, np.int64),
         "images are uint8 (28, 28), not uint8 (n, 28, 28)"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8),
         "labels are uint8 (2,), not int64 (n,)"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros((2, 10), np.int64),
         "labels are int64 (2, 10), not int64 (n,)"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(3, np.int64), "2 images but 3 labels"),
        (np.zeros((2, 28, 28), np.uint8), np.array([3, 10]),
         "labels go from 3 to 10, not from 0 to 9"),
        (np.zeros((2, 28, 28), np.uint8), np.array([-1, 9]),
         "labels go from -1 to 9, not from 0 to 9"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_dataset_are_refused(
    images: np.ndarray, labels: np.ndarray, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        Dataset(images, labels)

    assert str(caught.value) == message


def test_images_are_taken_in_the_order_asked_for() -> None:
    taken = a_dataset([5, 6, 7, 8]).take([3, 0, 0])

    assert positions(taken) == [3, 0, 0]
    assert taken.labels.tolist() == [8, 5, 5]
    assert len(taken) == 3
    assert len(taken.take([])) == 0


def test_a_limited_dataset_holds_every_digit() -> None:
    dataset = a_dataset([0] * 100 + [*range(1, 10)] * 10)

    assert sorted(dataset.limited(10).labels) == list(range(10))
    assert np.bincount(dataset.limited(25).labels).tolist() == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]


def test_a_limited_dataset_is_fixed_and_grows_without_dropping_an_image() -> None:
    dataset = a_dataset([0] * 100 + [*range(1, 10)] * 10)
    chosen = [positions(dataset.limited(count)) for count in (1, 12, 60, 150)]

    assert [len(choice) for choice in chosen] == [1, 12, 60, 150]
    assert all(set(few) < set(many) for few, many in pairwise(chosen))
    assert positions(dataset.limited(60)) == chosen[2] == sorted(chosen[2])


def test_a_limit_beyond_the_dataset_keeps_it_all() -> None:
    assert positions(a_dataset([4, 2, 2]).limited(10)) == [0, 1, 2]


def test_all_holds_both_parts() -> None:
    splits = Splits("both", a_dataset([1, 2]), a_dataset([3]))

    assert splits.all.labels.tolist() == [1, 2, 3]
    assert positions(splits.all) == [0, 1, 0]


@pytest.mark.parametrize(
    ("own_split", "trained_on", "unseen"),
    [
        (True, "photos", [3]),
        (True, "mnist", [3]),
        (False, "photos", [3]),
        (False, "mnist", [1, 2, 3]),
    ],
)
def test_images_are_unseen_that_a_model_was_not_trained_on(
    own_split: bool, trained_on: str, unseen: list[int]
) -> None:
    splits = Splits("photos", a_dataset([1, 2]), a_dataset([3]), own_split)

    assert splits.images_not_trained_on(trained_on).labels.tolist() == unseen


def test_a_split_parts_every_digit_alike_and_loses_no_image() -> None:
    dataset = a_dataset([0] * 100 + [1] * 50 + [2] * 50)
    train, validation = datasets.hold_out(dataset, 0.1)

    assert np.bincount(train.labels).tolist() == [90, 45, 45]
    assert np.bincount(validation.labels).tolist() == [10, 5, 5]
    assert sorted(positions(train) + positions(validation)) == list(range(200))


def test_a_split_is_always_the_same() -> None:
    dataset = a_dataset([0, 1] * 50)

    assert positions(datasets.hold_out(dataset, 0.2)[1]) == positions(
        datasets.hold_out(dataset, 0.2)[1]
    )


@pytest.mark.parametrize(
    ("labels", "fraction", "held_out"),
    [
        ([0, 0, 0, 0, 1], 0.5, "50% with every digit in it: 5 images of 2 digits"),
        ([0, 1] * 5, 0.1, "10% with every digit in it: 10 images of 2 digits"),
        ([0, 1] * 5, 0.9, "90% with every digit in it: 10 images of 2 digits"),
    ],
)
def test_too_few_images_cannot_be_split(labels: list[int], fraction: float, held_out: str) -> None:
    with pytest.raises(DataError) as caught:
        datasets.hold_out(a_dataset(labels), fraction)

    assert str(caught.value) == f"too few images to hold out {held_out}"
    assert caught.value.hint == "mnistcli train --dataset digits"


def test_nothing_cannot_be_split() -> None:
    with pytest.raises(DataError, match="no images to train on, or too few to hold some out"):
        datasets.hold_out(a_dataset([]), 0.2)


@pytest.fixture(scope="module")
def digits() -> Splits:
    return datasets.load("digits")


def test_digits_are_scikit_learns_in_five_parts_four_to_train_on(digits: Splits) -> None:
    assert (digits.name, len(digits.train), len(digits.test)) == ("digits", 1437, 360)
    assert digits.own_split
    assert np.bincount(digits.all.labels).tolist() == np.bincount(load_digits().target).tolist()
    assert np.bincount(digits.test.labels).tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]


def test_digits_have_the_form_of_mnist(digits: Splits) -> None:
    images = digits.all.images
    assert (images.max(axis=(1, 2)) == 255).all()
    for image in images:
        rows, columns = np.nonzero(image)
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
        assert ndimage.center_of_mass(image) == pytest.approx((14, 14), abs=0.52)
    # MNIST has 0.131 of ink and 0.81 of blank paper.
    assert 0.12 < images.mean() / 255 < 0.15
    assert (images == 0).mean() > 0.7


def test_digits_keep_their_labels(digits: Splits) -> None:
    """What looks alike is called alike: the nearest training image tells what a test image is."""
    nearest = KNeighborsClassifier(1).fit(digits.train.images.reshape(-1, 784), digits.train.labels)

    assert nearest.score(digits.test.images.reshape(-1, 784), digits.test.labels) > 0.97


def test_digits_are_the_same_each_time(digits: Splits) -> None:
    again = datasets.load("digits")

    assert (again.train.images == digits.train.images).all()
    assert (again.test.labels == digits.test.labels).all()


@pytest.mark.parametrize(
    ("name", "error", "message", "hint"),
    [
        ("mnits", ConfigError, "unknown dataset 'mnits'; did you mean 'mnist'?",
         "mnistcli train --dataset mnist"),
        ("Digits", ConfigError, "unknown dataset 'Digits'; did you mean 'digits'?",
         "mnistcli train --dataset digits"),
        ("flowers", ConfigError, "unknown dataset 'flowers': choose 'mnist', 'digits' or a path",
         "mnistcli train --dataset digits"),
        ("mnist.npz", DataError, "no such file or directory: 'mnist.npz'",
         "mnistcli train --dataset digits"),
        ("my/[/red] set\n", DataError, "no such file or directory: 'my/[/red] set\\n'",
         "mnistcli train --dataset digits"),
        ("x" * 300, DataError, f"cannot read '{'x' * 300}': File name too long",
         "mnistcli train --dataset digits"),
    ],
)  # fmt: skip
def test_a_dataset_that_is_not_there(
    name: str, error: type[MnistCliError], message: str, hint: str
) -> None:
    with pytest.raises(error) as caught:
        datasets.load(name)

    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_file_of_another_kind_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("label,pixel\n")

    with pytest.raises(DataError) as caught:
        datasets.load("data.csv")

    assert str(caught.value) == "no data set: 'data.csv' is neither an .npz archive nor a directory"


def test_a_word_that_is_a_directory_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "mnits").mkdir()

    with pytest.raises(DataError) as caught:
        datasets.load("mnits")

    assert str(caught.value) == ("no data set in 'mnits': neither IDX files nor folders '0' to '9'")


def test_datasets_do_without_keras() -> None:
    code = "import sys, mnistcli.datasets; print({'keras', 'tensorflow'} & {*sys.modules})"
    root = Path(__file__).parents[1]

    shown = subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True)

    assert shown == "set()\n"
