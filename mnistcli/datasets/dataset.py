"""What a data set is in memory, and how it is divided."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from mnistcli.errors import DataError

OTHER_DATA = "mnistcli train --dataset digits"
"""The hint that always leads on: this data set needs no file and no network."""

# One seed for every division, whatever the seed of a training is: the members of an ensemble then
# hold out the same images, and no result depends on a lucky split.
_SEED = 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures of single digits, and which digits they are.

    Attributes:
        images: uint8 (n, 28, 28); 0 is paper, 255 is ink.
        labels: int64 (n,); 0 to 9.

    Raises:
        DataError: The arrays are of another type or shape, do not go together, or a label is no
            digit.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        _require("images", self.images, np.uint8, (28, 28))
        _require("labels", self.labels, np.int64, ())
        if len(self.images) != len(self.labels):
            raise DataError(f"{len(self.images)} images but {len(self.labels)} labels")
        if len(self) and not 0 <= self.labels.min() <= self.labels.max() <= 9:
            lowest, highest = self.labels.min(), self.labels.max()
            raise DataError(f"labels go from {lowest} to {highest}, not from 0 to 9")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.intp] | Sequence[int]) -> "Dataset":
        """Return a data set of the images at these indices, in this order."""
        return Dataset(self.images[indices], self.labels[indices])

    def joined(self, other: "Dataset") -> "Dataset":
        """Return a data set of these images and another's, in this order."""
        return Dataset(
            np.concatenate([self.images, other.images]),
            np.concatenate([self.labels, other.labels]),
        )

    def limited(self, count: int) -> "Dataset":
        """Return a fixed choice of at most `count` images, as even over the digits as they come.

        A larger choice holds every smaller one; ten images or more hold every digit there is.

        Args:
            count: How many images; where there are no more than that, all are kept.
        """
        order = np.random.default_rng(_SEED).permutation(len(self))
        labels = self.labels[order]
        turn = np.empty(len(self), dtype=np.intp)  # an image is the how-manieth of its digit
        for digit in range(10):
            of_digit = labels == digit
            turn[of_digit] = np.arange(of_digit.sum())
        return self.take(np.sort(order[np.lexsort((labels, turn))[:count]]))


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set as it is used: what to train on, and what to test with.

    Attributes:
        name: ``mnist``, ``digits`` or the absolute path it was read from.
        train: The images to train on.
        test: The images to test with, and for nothing else.
        own_split: Whether the two parts are the data set's own. False where the source knows no
            parts (bare folders of pictures) and `divide` made them: to test a model that was
            trained on other data, `all` of such a source can be used.
    """

    name: str
    train: Dataset
    test: Dataset
    own_split: bool = True

    @property
    def all(self) -> Dataset:
        """The images of both parts."""
        return self.train.joined(self.test)

    def images_not_trained_on(self, *trained_on: str) -> Dataset:
        """Return the images that a model has not been trained on.

        Args:
            trained_on: The names of the data sets it was trained on.
        """
        return self.test if self.own_split or self.name in trained_on else self.all


def checked_dataset(source: str, images: NDArray[Any], labels: NDArray[Any]) -> Dataset:
    """Return the arrays as a data set; whatever is wrong with them, the error names the source.

    Args:
        source: The file or directory the arrays were read from.
        images: As `Dataset` takes them.
        labels: As `Dataset` takes them.

    Raises:
        DataError: `Dataset` does not take them, or there is not one image.
    """
    try:
        dataset = Dataset(images, labels)
    except DataError as error:
        raise DataError(f"bad data in {source!r}: {error.message}", hint=OTHER_DATA) from error
    if not len(dataset):
        raise DataError(f"no images in {source!r}", hint=OTHER_DATA)
    return dataset


def hold_out(dataset: Dataset, fraction: float) -> tuple[Dataset, Dataset]:
    """Divide a data set in two, each digit in the same proportion; always in the same way.

    Args:
        dataset: What to divide.
        fraction: The share of the second part, above 0 and below 1.

    Returns:
        The first and the second part, such as training and validation, both shuffled.

    Raises:
        DataError: There are too few images for both parts to have every digit.
    """
    if not len(dataset):
        raise DataError(
            "no images to train on, or too few to hold some out: ten of each digit are enough",
            hint=OTHER_DATA,
        )
    counts = np.unique(dataset.labels, return_counts=True)[1]
    second = math.ceil(len(dataset) * fraction)
    if min(counts, default=0) < 2 or min(second, len(dataset) - second) < len(counts):
        raise DataError(
            f"too few images to hold out {fraction:.0%} with every digit in it: "
            f"{len(dataset)} images of {len(counts)} digits",
            hint=OTHER_DATA,
        )
    parts = train_test_split(
        np.arange(len(dataset)), test_size=fraction, stratify=dataset.labels, random_state=_SEED
    )
    return dataset.take(parts[0]), dataset.take(parts[1])


def split_train_test(name: str, dataset: Dataset, *, own_split: bool) -> Splits:
    """Return a data set that came in one piece as 80 % to train on and 20 % to test with.

    Args:
        name: As `Splits` takes it.
        dataset: The whole.
        own_split: As `Splits` takes it.

    Raises:
        DataError: There are too few images.
    """
    return Splits(name, *hold_out(dataset, 0.2), own_split=own_split)


def _require(name: str, array: NDArray[Any], dtype: type, item: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.ndim != 1 + len(item) or array.shape[1:] != item:
        wanted = f"{np.dtype(dtype)} (n{''.join(f', {side}' for side in item) or ','})"
        raise DataError(f"{name} are {array.dtype} {array.shape}, not {wanted}")
