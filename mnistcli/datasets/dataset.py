"""Dataset: images with labels in memory; training, test and stratified validation split."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from mnistcli.errors import OTHER_DATASET, DataError
from mnistcli.formatting import join_names

# One seed for all splits, regardless of the seed of a run: all members of an ensemble hold out the
# same images, and no result depends on a lucky split.
_SEED = 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images of single digits with their labels.

    Attributes:
        images: uint8 (n, 28, 28); 0 is the background, 255 is ink.
        labels: int64 (n,); 0 to 9.

    Raises:
        DataError: The arrays have another dtype or shape or different lengths, or a label is not a
            digit.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        _require_array("images", self.images, np.uint8, (28, 28))
        _require_array("labels", self.labels, np.int64, ())
        if len(self.images) != len(self.labels):
            raise DataError(f"{len(self.images)} images but {len(self.labels)} labels")
        if len(self) and not 0 <= self.labels.min() <= self.labels.max() <= 9:
            lowest, highest = self.labels.min(), self.labels.max()
            raise DataError(f"labels range from {lowest} to {highest}, not from 0 to 9")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.intp] | Sequence[int]) -> "Dataset":
        """Return the images at these indices, in this order."""
        return Dataset(self.images[indices], self.labels[indices])

    def concatenate(self, other: "Dataset") -> "Dataset":
        """Return these images followed by the images of another dataset."""
        return Dataset(
            np.concatenate([self.images, other.images]),
            np.concatenate([self.labels, other.labels]),
        )

    def sha256(self) -> str:
        """Return the SHA-256 of images and labels."""
        digest = hashlib.sha256(self.images.tobytes())
        digest.update(self.labels.tobytes())
        return digest.hexdigest()

    def subset(self, count: int) -> "Dataset":
        """Return a fixed class-balanced subset: at most `count` images, equally many of each digit.

        A larger subset contains every smaller one. A subset of ten or more images contains every
        digit of the dataset.

        Args:
            count: Maximum number of images.
        """
        order = np.random.default_rng(_SEED).permutation(len(self))
        labels = self.labels[order]
        rank = np.empty(len(self), dtype=np.intp)  # of each image among those of its digit
        for digit in range(10):
            same_digit = labels == digit
            rank[same_digit] = np.arange(same_digit.sum())
        return self.take(np.sort(order[np.lexsort((labels, rank))[:count]]))


@dataclass(frozen=True, eq=False)
class Splits:
    """A dataset, split into training and test images.

    Attributes:
        name: ``mnist``, ``digits`` or the absolute path from which it was read.
        train: The training set.
        test: The test set.
        has_own_split: Whether the dataset itself defines the split. False for image folders without
            ``train`` and ``test``, which `split_train_test` splits: a model that was trained on
            other data can be tested on all of their images.
        notes: Sentences about the data for the user, such as files that were skipped.
        validation: The validation set, if the dataset has one; None otherwise.
    """

    name: str
    train: Dataset
    test: Dataset
    has_own_split: bool = True
    notes: tuple[str, ...] = ()
    validation: Dataset | None = None

    @property
    def all(self) -> Dataset:
        """The training and the test images."""
        return self.train.concatenate(self.test)

    def images_not_trained_on(self, *trained_on: str) -> Dataset:
        """Return images to test a model without data leakage: those that it was not trained on.

        Args:
            trained_on: Names of the datasets on which the model was trained.
        """
        return self.test if self.has_own_split or self.name in trained_on else self.all


def build_dataset(source: str, images: NDArray[Any], labels: NDArray[Any]) -> Dataset:
    """Build a dataset from arrays; errors name their source.

    Args:
        source: The file or directory from which the arrays were read.
        images: As in `Dataset`.
        labels: As in `Dataset`.

    Raises:
        DataError: The arrays are not valid for a `Dataset`, or are empty.
    """
    try:
        dataset = Dataset(images, labels)
    except DataError as error:
        raise invalid_data_error(source, error.message) from error
    if not len(dataset):
        raise DataError(f"no images in {source!r}", hint=OTHER_DATASET)
    return dataset


def invalid_data_error(source: str, message: str) -> DataError:
    """Return the error for invalid data in a file or directory."""
    return DataError(f"invalid data in {source!r}: {message}", hint=OTHER_DATASET)


def hold_out(
    dataset: Dataset, fraction: float, *, hint: str = OTHER_DATASET
) -> tuple[Dataset, Dataset]:
    """Hold out a fraction of a dataset for validation: a stratified, reproducible split.

    Args:
        dataset: The images to split.
        fraction: The fraction to hold out, above 0 and below 1.
        hint: Hint of the error.

    Returns:
        The remaining and the held-out images, both shuffled.

    Raises:
        DataError: There are too few images to have every digit in both parts.
    """
    if not len(dataset):
        raise DataError("no images to hold out", hint=hint)
    digits, counts = np.unique(dataset.labels, return_counts=True)
    held_out = math.ceil(len(dataset) * fraction)
    if min(held_out, len(dataset) - held_out) < len(digits):
        enough = math.ceil(round(len(digits) / min(fraction, 1 - fraction), 6))
        raise DataError(
            f"too few images to hold out {fraction * 100:g} %: {len(dataset)} images of "
            f"{len(digits)} digits; at least {enough} are needed",
            hint=hint,
        )
    if counts.min() < 2:
        raise DataError(
            f"too few images to hold out {fraction * 100:g} %: only one image of "
            f"{digits[counts.argmin()]}",
            hint=hint,
        )
    remaining, held_out_indices = train_test_split(
        np.arange(len(dataset)), test_size=fraction, stratify=dataset.labels, random_state=_SEED
    )
    return dataset.take(remaining), dataset.take(held_out_indices)


def split_train_test(
    name: str, dataset: Dataset, *, has_own_split: bool, notes: tuple[str, ...] = ()
) -> Splits:
    """Split a dataset into 80 % training and 20 % test images.

    Args:
        name: As in `Splits`.
        dataset: All images.
        has_own_split: As in `Splits`.
        notes: As in `Splits`.

    Raises:
        DataError: There are too few images.
    """
    return Splits(name, *hold_out(dataset, 0.2), has_own_split=has_own_split, notes=notes)


def missing_digits(source: str, *splits: Dataset) -> Iterator[str]:
    """Yield a note about the digits that no image of a dataset shows."""
    present = {digit for split in splits for digit in np.unique(split.labels).tolist()}
    missing = [str(digit) for digit in range(10) if digit not in present]
    if missing:
        yield f"no images of {join_names(missing)} in {source!r}"


def _require_array(name: str, array: NDArray[Any], dtype: type, item: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.ndim != 1 + len(item) or array.shape[1:] != item:
        expected = f"{np.dtype(dtype)} (n{''.join(f', {side}' for side in item) or ','})"
        raise DataError(f"{name} are {array.dtype} {array.shape}, not {expected}")
