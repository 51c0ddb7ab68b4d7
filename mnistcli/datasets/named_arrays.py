"""Named arrays: find the images and labels of each split, and build `Splits` from them."""

import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.arrays import RawArrays, to_datasets
from mnistcli.datasets.dataset import Dataset, Splits, invalid_data_error, split_train_test
from mnistcli.datasets.name_parsing import IMAGES, LABELS, TEST, TRAIN, VALIDATION, parse_name, rank
from mnistcli.errors import OTHER_DATASET, DataError

ALL = "all"
"""The split of images without a split in their names."""

Arrays = Mapping[str, NDArray[Any]]
"""Arrays, keyed by name."""


def read_splits(source: str, arrays: Arrays, notes: tuple[str, ...] = ()) -> Splits:
    """Build `Splits` from named arrays.

    Args:
        source: The file or directory, for errors and notes.
        arrays: The arrays, keyed by a name such as ``x_train``; their layouts are those that
            `to_datasets` accepts.
        notes: Notes about the files.

    Raises:
        DataError: There are no images with labels, or an array has another layout.
    """
    splits = find_splits(source, arrays)
    labeled = {name: raw for name, raw in splits.items() if raw.labels is not None}
    if not labeled:
        raise DataError(f"no labels in {source!r}", hint=f"mnistcli predict {shlex.quote(source)}")
    unlabeled = tuple(
        f"skipped the {name} images in {source!r}: no labels; mnistcli predict reads them"
        for name in splits
        if name not in labeled
    )
    datasets, corrections = to_datasets(source, labeled)
    return to_splits(source, datasets, (*notes, *unlabeled, *corrections))


def find_splits(source: str, arrays: Arrays) -> dict[str, RawArrays]:
    """Find the images and labels of each split among named arrays.

    Args:
        source: The file or directory, for errors.
        arrays: The arrays, keyed by name. Shapes distinguish arrays whose names say nothing.

    Raises:
        DataError: There are no images.
    """
    found: dict[tuple[str, str], str] = {}
    digits = _digit_arrays(arrays)
    for name in sorted(arrays, key=rank):
        split, role, _ = parse_name(name)
        if role in {IMAGES, LABELS} and name not in digits:
            found.setdefault((split or ALL, role), name)
    splits = {
        split: RawArrays(arrays[name], _labels_of(arrays, found, split))
        for (split, role), name in found.items()
        if role == IMAGES
    }
    splits |= _splits_of_digits(arrays, digits)
    if not splits:
        splits = _splits_by_shape(arrays)
    if not splits:
        listed = ", ".join(map(repr, sorted(arrays)[:6])) or "no arrays"
        raise DataError(
            f"no images and labels in {source!r}: it contains {listed}, not arrays such as "
            "x_train, y_train, x_test and y_test",
            hint=OTHER_DATASET,
        )
    missing = [split for split, role in found if role == LABELS and split not in splits]
    if missing:
        raise invalid_data_error(source, f"labels without images: {found[missing[0], LABELS]!r}")
    order = (TRAIN, VALIDATION, TEST, ALL)
    return {split: splits[split] for split in order if split in splits}


def to_splits(source: str, datasets: Mapping[str, Dataset], notes: tuple[str, ...] = ()) -> Splits:
    """Build `Splits` from the datasets of the splits.

    Without test images, the validation images take their place. A dataset in one piece is split at
    random. If it has only a test split, or too few images to split, all are test images.
    """
    train, validation, test = (datasets.get(split) for split in (TRAIN, VALIDATION, TEST))
    if test is None and train is not None and validation is not None:
        note = f"no test images in {source!r}: the validation images take their place"
        return Splits(source, train, validation, notes=(*notes, note))
    if train is not None and test is not None:
        return Splits(source, train, test, notes=notes, validation=validation)
    rest = [split for split in datasets.values() if split is not None]
    whole = rest[0]
    for split in rest[1:]:
        whole = whole.concatenate(split)
    if TRAIN not in datasets and ALL not in datasets:
        return Splits(source, whole.take([]), whole, notes=notes)
    try:
        return split_train_test(source, whole, has_own_split=False, notes=notes)
    except DataError:
        note = f"too few images in {source!r} to train on: all {len(whole)} are test images"
        return Splits(source, whole.take([]), whole, has_own_split=False, notes=(*notes, note))


def all_images(source: str, arrays: Arrays) -> NDArray[Any]:
    """Return the images among named arrays, of all splits together.

    Raises:
        DataError: There are no images.
    """
    splits = [raw.images for raw in find_splits(source, arrays).values()]
    try:
        return splits[0] if len(splits) == 1 else np.concatenate(splits)
    except ValueError as error:
        raise invalid_data_error(source, "its images have different sizes") from error


def _labels_of(
    arrays: Arrays, found: Mapping[tuple[str, str], str], split: str
) -> NDArray[Any] | None:
    name = found.get((split, LABELS))
    return None if name is None else arrays[name]


def _digit_arrays(arrays: Arrays) -> dict[str, tuple[str, int]]:
    """Return the arrays of one digit each, such as ``train0`` to ``train9``."""
    names = {}
    for name in arrays:
        stem, digit = name[:-1], name[-1:]
        split, role, rest = parse_name(stem)
        if digit.isdigit() and split and not role and not rest and f"{stem}0" in arrays:
            names[name] = (split, int(digit))
    return names


def _splits_of_digits(
    arrays: Arrays, digits: Mapping[str, tuple[str, int]]
) -> dict[str, RawArrays]:
    splits = {}
    for split in dict.fromkeys(split for split, _ in digits.values()):
        labeled = {name: digit for name, (other, digit) in digits.items() if other == split}
        images = np.concatenate([arrays[name] for name in labeled])
        labels = np.concatenate([np.full(len(arrays[n]), digit) for n, digit in labeled.items()])
        splits[split] = RawArrays(images, labels)
    return splits


def _splits_by_shape(arrays: Arrays) -> dict[str, RawArrays]:
    """Pair images and labels of equal length, such as ``arr_0`` to ``arr_3``: training first."""
    images = [array for array in arrays.values() if array.ndim > 1 and array[0].size >= 64]
    labels = [
        array
        for array in arrays.values()
        if array.ndim == 1 or (array.ndim == 2 and not _is_wide(array))
    ]
    raws = []
    for array in images:
        match = next((index for index, y in enumerate(labels) if len(y) == len(array)), None)
        raws.append(RawArrays(array, None if match is None else labels.pop(match)))
    if len(raws) == 1:
        return {ALL: raws[0]}
    return dict(zip((TRAIN, TEST), raws, strict=True)) if len(raws) == 2 else {}


def _is_wide(array: NDArray[Any]) -> bool:
    return int(array.shape[1]) > 10
