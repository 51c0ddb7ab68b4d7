"""Parts of a dataset: find images and labels among named arrays, and make splits of them."""

import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.arrays import Raw, to_datasets
from mnistcli.datasets.dataset import Dataset, Splits, invalid_data_error, split_train_test
from mnistcli.datasets.names import IMAGES, LABELS, TEST, TRAIN, VALIDATION, classify, rank
from mnistcli.errors import OTHER_DATASET, DataError

ALL = "all"
"""The part of images whose names tell no part."""

Arrays = Mapping[str, NDArray[Any]]
"""Arrays by name."""


def read_parts(source: str, arrays: Arrays, notes: tuple[str, ...] = ()) -> Splits:
    """Make splits of named arrays.

    Args:
        source: The file or directory, for errors and notes.
        arrays: The arrays by name, such as ``x_train``; their layouts are those of `to_datasets`.
        notes: Notes about the files.

    Raises:
        DataError: There are no images with labels, or an array has another layout.
    """
    parts = find_parts(source, arrays)
    labeled = {name: raw for name, raw in parts.items() if raw.labels is not None}
    if not labeled:
        raise DataError(f"no labels in {source!r}", hint=f"mnistcli predict {shlex.quote(source)}")
    unlabeled = tuple(
        f"no labels for the {name} images in {source!r}: left out; mnistcli predict reads them"
        for name in parts
        if name not in labeled
    )
    datasets, corrections = to_datasets(source, labeled)
    return to_splits(source, datasets, (*notes, *unlabeled, *corrections))


def find_parts(source: str, arrays: Arrays) -> dict[str, Raw]:
    """Find the images and labels of each part among named arrays.

    Args:
        source: The file or directory, for errors.
        arrays: The arrays by name. Shapes distinguish arrays whose names say nothing.

    Raises:
        DataError: There are no images.
    """
    found: dict[tuple[str, str], str] = {}
    digits = _digit_arrays(arrays)
    for name in sorted(arrays, key=rank):
        part, role, _ = classify(name)
        if role in {IMAGES, LABELS} and name not in digits:
            found.setdefault((part or ALL, role), name)
    parts = {
        part: Raw(arrays[name], _labels_of(arrays, found, part))
        for (part, role), name in found.items()
        if role == IMAGES
    }
    parts |= _parts_of_digits(arrays, digits)
    if not parts:
        parts = _parts_by_shape(arrays)
    if not parts:
        listed = ", ".join(map(repr, sorted(arrays)[:6])) or "no arrays"
        raise DataError(
            f"no images and labels in {source!r}: it has {listed}, not arrays such as x_train, "
            "y_train, x_test and y_test",
            hint=OTHER_DATASET,
        )
    missing = [part for part, role in found if role == LABELS and part not in parts]
    if missing:
        raise invalid_data_error(source, f"labels without images: {found[missing[0], LABELS]!r}")
    order = (TRAIN, VALIDATION, TEST, ALL)
    return {part: parts[part] for part in order if part in parts}


def to_splits(source: str, datasets: Mapping[str, Dataset], notes: tuple[str, ...] = ()) -> Splits:
    """Make splits of the parts of a dataset.

    Without test images, the validation images take their place. A single part is split, and the
    images of a test part alone, or too few to split, are all test images.
    """
    train, validation, test = (datasets.get(part) for part in (TRAIN, VALIDATION, TEST))
    if test is None and train is not None and validation is not None:
        note = f"no test images in {source!r}: the validation images take their place"
        return Splits(source, train, validation, notes=(*notes, note))
    if train is not None and test is not None:
        return Splits(source, train, test, notes=notes, validation=validation)
    rest = [part for part in datasets.values() if part is not None]
    whole = rest[0]
    for part in rest[1:]:
        whole = whole.concatenate(part)
    if TRAIN not in datasets and ALL not in datasets:
        return Splits(source, whole.take([]), whole, notes=notes)
    try:
        return split_train_test(source, whole, own_split=False, notes=notes)
    except DataError:
        note = f"too few images in {source!r} to train on: all {len(whole)} are test images"
        return Splits(source, whole.take([]), whole, own_split=False, notes=(*notes, note))


def all_images(source: str, arrays: Arrays) -> NDArray[Any]:
    """Return the images among named arrays, those of all parts together.

    Raises:
        DataError: There are no images.
    """
    parts = [raw.images for raw in find_parts(source, arrays).values()]
    try:
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    except ValueError as error:
        raise invalid_data_error(source, "its images have different sizes") from error


def _labels_of(
    arrays: Arrays, found: Mapping[tuple[str, str], str], part: str
) -> NDArray[Any] | None:
    name = found.get((part, LABELS))
    return None if name is None else arrays[name]


def _digit_arrays(arrays: Arrays) -> dict[str, tuple[str, int]]:
    """Return the arrays of one digit each, such as ``train0`` to ``train9``."""
    names = {}
    for name in arrays:
        stem, digit = name[:-1], name[-1:]
        part, role, rest = classify(stem)
        if digit.isdigit() and part and not role and not rest and f"{stem}0" in arrays:
            names[name] = (part, int(digit))
    return names


def _parts_of_digits(arrays: Arrays, digits: Mapping[str, tuple[str, int]]) -> dict[str, Raw]:
    parts = {}
    for part in dict.fromkeys(part for part, _ in digits.values()):
        labeled = {name: digit for name, (other, digit) in digits.items() if other == part}
        images = np.concatenate([arrays[name] for name in labeled])
        labels = np.concatenate([np.full(len(arrays[n]), digit) for n, digit in labeled.items()])
        parts[part] = Raw(images, labels)
    return parts


def _parts_by_shape(arrays: Arrays) -> dict[str, Raw]:
    """Pair images and labels of equal length, such as ``arr_0`` to ``arr_3``: training first."""
    images = [array for array in arrays.values() if array.ndim > 1 and array[0].size >= 64]
    labels = [
        array
        for array in arrays.values()
        if array.ndim == 1 or (array.ndim == 2 and not _big(array))
    ]
    raws = []
    for array in images:
        match = next((index for index, y in enumerate(labels) if len(y) == len(array)), None)
        raws.append(Raw(array, None if match is None else labels.pop(match)))
    if len(raws) == 1:
        return {ALL: raws[0]}
    return dict(zip((TRAIN, TEST), raws, strict=True)) if len(raws) == 2 else {}


def _big(array: NDArray[Any]) -> bool:
    return int(array.shape[1]) > 10
