"""Dataset: checks of arrays, subsets, the stratified validation split, and no data leakage."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli import datasets
from mnistcli.datasets import Dataset, Splits
from mnistcli.errors import DataError


def make_dataset(labels: list[int]) -> Dataset:
    """Return a dataset in which each image is filled with its own index."""
    count = len(labels)
    images = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    return Dataset(images, np.array(labels, dtype=np.int64))


def indices(dataset: Dataset) -> list[int]:
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
         "labels range from 3 to 10, not from 0 to 9"),
        (np.zeros((2, 28, 28), np.uint8), np.array([-1, 9]),
         "labels range from -1 to 9, not from 0 to 9"),
    ],
)  # fmt: skip
def test_invalid_arrays_are_rejected(
    images: NDArray[Any], labels: NDArray[Any], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        Dataset(images, labels)

    assert str(caught.value) == message


def test_images_are_taken_in_the_order_of_the_indices() -> None:
    taken = make_dataset([5, 6, 7, 8]).take([3, 0, 0])

    assert indices(taken) == [3, 0, 0]
    assert taken.labels.tolist() == [8, 5, 5]
    assert len(taken) == 3
    assert len(taken.take([])) == 0


def test_a_subset_has_every_digit() -> None:
    dataset = make_dataset([0] * 100 + [*range(1, 10)] * 10)

    assert sorted(dataset.subset(10).labels) == list(range(10))
    assert np.bincount(dataset.subset(25).labels).tolist() == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]


def test_a_subset_is_fixed_and_part_of_every_larger_one() -> None:
    dataset = make_dataset([0] * 100 + [*range(1, 10)] * 10)
    subsets = [indices(dataset.subset(count)) for count in (1, 12, 60, 150)]

    assert [len(subset) for subset in subsets] == [1, 12, 60, 150]
    assert all(set(small) < set(large) for small, large in pairwise(subsets))
    assert indices(dataset.subset(60)) == subsets[2] == sorted(subsets[2])


def test_a_subset_of_more_images_than_there_are_is_the_dataset() -> None:
    assert indices(make_dataset([4, 2, 2]).subset(10)) == [0, 1, 2]


def test_all_images_are_the_training_and_the_test_images() -> None:
    splits = Splits("both", make_dataset([1, 2]), make_dataset([3]))

    assert splits.all.labels.tolist() == [1, 2, 3]
    assert indices(splits.all) == [0, 1, 0]


@pytest.mark.parametrize(
    ("has_own_split", "trained_on", "expected"),
    [
        (True, "photos", [3]),
        (True, "mnist", [3]),
        (False, "photos", [3]),
        (False, "mnist", [1, 2, 3]),
    ],
)
def test_a_model_is_tested_on_images_it_was_not_trained_on(
    has_own_split: bool, trained_on: str, expected: list[int]
) -> None:
    splits = Splits("photos", make_dataset([1, 2]), make_dataset([3]), has_own_split)

    assert splits.images_not_trained_on(trained_on).labels.tolist() == expected


def test_holding_out_is_stratified_and_loses_no_image() -> None:
    dataset = make_dataset([0] * 100 + [1] * 50 + [2] * 50)
    train, validation = datasets.hold_out(dataset, 0.1)

    assert np.bincount(train.labels).tolist() == [90, 45, 45]
    assert np.bincount(validation.labels).tolist() == [10, 5, 5]
    assert sorted(indices(train) + indices(validation)) == list(range(200))


def test_the_same_images_are_held_out_each_time() -> None:
    dataset = make_dataset([0, 1] * 50)

    assert indices(datasets.hold_out(dataset, 0.2)[1]) == indices(
        datasets.hold_out(dataset, 0.2)[1]
    )


@pytest.mark.parametrize(
    ("labels", "fraction", "reason"),
    [
        ([0, 0, 0, 0, 1], 0.5, "50 %: only one image of 1"),
        ([0, 1] * 5, 0.1, "10 %: 10 images of 2 digits; at least 20 are needed"),
        ([0, 1] * 5, 0.9, "90 %: 10 images of 2 digits; at least 20 are needed"),
        ([*range(10)] * 2, 0.125, "12.5 %: 20 images of 10 digits; at least 80 are needed"),
    ],
)
def test_too_few_images_to_hold_some_out(labels: list[int], fraction: float, reason: str) -> None:
    with pytest.raises(DataError) as caught:
        datasets.hold_out(make_dataset(labels), fraction)

    assert str(caught.value) == f"too few images to hold out {reason}"
    assert caught.value.hint == "--dataset digits"


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.125, 0.3, 1 / 3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("digits", [2, 7, 10])
def test_as_many_images_as_the_error_asks_for_are_enough(digits: int, fraction: float) -> None:
    labels = list(range(digits))
    with pytest.raises(DataError) as caught:
        datasets.hold_out(make_dataset(labels), fraction)
    enough = int(str(caught.value).split()[-3])

    more = make_dataset((labels * enough)[:enough])

    assert len(datasets.hold_out(more, fraction)[1]) >= digits


def test_no_images_to_hold_some_out_of() -> None:
    with pytest.raises(DataError, match="no images to hold out"):
        datasets.hold_out(make_dataset([]), 0.2)
