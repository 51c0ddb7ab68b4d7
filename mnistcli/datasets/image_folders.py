"""Image folders: read a dataset from folders 0 to 9, each with images of that digit."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli import preprocessing
from mnistcli.datasets.dataset import (
    OTHER_DATASET,
    Dataset,
    Splits,
    build_dataset,
    split_train_test,
)
from mnistcli.errors import DataError, ImageError
from mnistcli.preprocessing.image_formats import format_of_name

_PARTS = ("train", "test")
_DIGITS = tuple(str(digit) for digit in range(10))
_MAX_NAMES = 5  # in a note


def is_image_folder(folder: Path) -> bool:
    """Return whether a folder contains one of the folders 0 to 9, train or test."""
    return any((folder / name).is_dir() for name in (*_DIGITS, *_PARTS))


def read_image_folders(folder: Path) -> Splits:
    """Read the dataset in folders ``0`` to ``9``, each with images of that digit.

    The folders may be inside folders ``train`` and ``test``. Otherwise the images are split at
    random, and too few images to split are all test images. Digits may be missing. Files without a
    digit in them are skipped, and counted in the notes of the dataset; hidden files are ignored.

    Args:
        folder: Directory of the folders.

    Raises:
        DataError: There are no such folders, or no image of a digit in them.
        OSError: A folder cannot be read.
    """
    parts = [folder / part for part in _PARTS]
    if not any(part.is_dir() for part in parts):
        return _split(folder, _read_part(folder))
    for part in parts:
        if not part.is_dir():
            raise DataError(f"no {part.name!r} folder in {str(folder)!r}", hint=OTHER_DATASET)
    train, test = (_read_part(part) for part in parts)
    notes = (*_ignored_folders(folder, _PARTS), *train.notes, *test.notes)
    return Splits(str(folder), train.dataset, test.dataset, notes=notes)


@dataclass(frozen=True, eq=False)
class _Part:
    """The images of folders 0 to 9, and notes about their files."""

    dataset: Dataset
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Skipped:
    """Files that were skipped, counted by reason, with the name of one file per reason."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, example: str = "") -> None:
        self.counts[reason] += 1
        self.examples.setdefault(reason, example)

    def describe(self) -> str:
        """Describe the files, such as ``2 HEIC, 1 without a digit ('4/9.png')``."""
        return ", ".join(
            f"{count} {reason}" + (f" ({self.examples[reason]!r})" if self.examples[reason] else "")
            for reason, count in self.counts.most_common()
        )


def _split(folder: Path, part: _Part) -> Splits:
    name, dataset = str(folder), part.dataset
    try:
        return split_train_test(name, dataset, own_split=False, notes=part.notes)
    except DataError:
        note = f"too few images in {name!r} to train on: all {len(dataset)} are test images"
        return Splits(name, dataset.take([]), dataset, own_split=False, notes=(*part.notes, note))


def _read_part(folder: Path) -> _Part:
    skipped, images, labels = _Skipped(), [], []
    for digit, path in _image_files(folder, skipped):
        image = _read_digit(path, f"{digit}/{path.name}", skipped)
        if image is not None:
            images.append(image)
            labels.append(digit)
    if not images:
        reason = f": {skipped.describe()}" if skipped.counts else ""
        raise DataError(f"no images of digits in {str(folder)!r}{reason}", hint=OTHER_DATASET)
    dataset = build_dataset(str(folder), np.array(images), np.array(labels, np.int64))
    return _Part(dataset, (*_ignored_folders(folder, _DIGITS), *_notes(folder, dataset, skipped)))


def _notes(folder: Path, dataset: Dataset, skipped: _Skipped) -> Iterator[str]:
    if skipped.counts:
        total = skipped.counts.total()
        files = "1 file" if total == 1 else f"{total} files"
        yield f"skipped {files} in {str(folder)!r}: {skipped.describe()}"
    missing = [digit for digit in _DIGITS if int(digit) not in dataset.labels]
    if missing:
        yield f"no images of {_join(missing)} in {str(folder)!r}"


def _image_files(folder: Path, skipped: _Skipped) -> Iterator[tuple[int, Path]]:
    """Yield each image file in the folders 0 to 9, with its digit."""
    digit_folders = [folder / digit for digit in _DIGITS]
    if not any(path.is_dir() for path in digit_folders):
        raise DataError(f"no folders '0' to '9' in {str(folder)!r}", hint=OTHER_DATASET)
    for digit, digit_folder in enumerate(digit_folders):
        if not digit_folder.is_dir():
            continue
        for path in sorted(digit_folder.iterdir()):
            if path.name.startswith(".") or not path.is_file():
                continue
            if preprocessing.is_image_name(path):
                yield digit, path
            else:
                skipped.add(format_of_name(path.name))


def _read_digit(path: Path, name: str, skipped: _Skipped) -> NDArray[np.uint8] | None:
    """Read the digit in an image, uint8 (28, 28); None if the file is skipped."""
    try:
        digits = preprocessing.find_digits(preprocessing.open_image(path), single=True)
    except ImageError:
        skipped.add("unreadable", name)
        return None
    if not digits:
        skipped.add("without a digit", name)
        return None
    return digits[0].image


def _ignored_folders(folder: Path, used: Iterable[str]) -> Iterator[str]:
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.name not in used and not path.name.startswith(".") and path.is_dir()
    )
    if names:
        listed = names if len(names) <= _MAX_NAMES else [*names[:_MAX_NAMES], "others"]
        yield f"ignored folders in {str(folder)!r}: {_join(listed)}"


def _join(names: list[str]) -> str:
    """Join names, such as ``0, 1 and 7``."""
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
