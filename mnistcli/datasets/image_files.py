"""Image files of one digit each: read them into a dataset; corrupt or unusable ones are skipped."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli import image_io, preprocessing
from mnistcli.datasets.dataset import Dataset, build_dataset
from mnistcli.errors import OTHER_DATASET, DataError, ImageError
from mnistcli.files.natural_order import list_directory
from mnistcli.formatting import format_count

LabeledFile = tuple[int, Path]
"""The digit and the path of an image."""


@dataclass(frozen=True)
class Skipped:
    """Files that were skipped, counted by reason, with the name of one file per reason."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, example: str = "") -> None:
        """Count a file."""
        self.counts[reason] += 1
        self.examples.setdefault(reason, example)

    def describe(self) -> str:
        """Describe the files, such as ``2 HEIC, 1 without a digit ('4/9.png')``."""
        return ", ".join(
            f"{count} {reason}" + (f" ({self.examples[reason]!r})" if self.examples[reason] else "")
            for reason, count in self.counts.most_common()
        )


def read_image_files(
    folder: Path, files: Iterable[LabeledFile], skipped: Skipped
) -> tuple[Dataset, tuple[str, ...]]:
    """Read the digit in each image file.

    Args:
        folder: The folder, for names in notes.
        files: Image files of any size.
        skipped: The files that have been skipped so far; more are added.

    Returns:
        The dataset, and notes about files that were skipped and digits that are missing.

    Raises:
        DataError: There is no image of a digit.
    """
    images, labels = [], []
    for digit, path in files:
        image = _read_digit(path, str(path.relative_to(folder)), skipped)
        if image is not None:
            images.append(image)
            labels.append(digit)
    if not images:
        reason = f": {skipped.describe()}" if skipped.counts else ""
        raise DataError(f"no images of digits in {str(folder)!r}{reason}", hint=OTHER_DATASET)
    dataset = build_dataset(str(folder), np.array(images), np.array(labels, np.int64))
    return dataset, tuple(_notes(folder, skipped))


def image_files(folder: Path) -> list[Path]:
    """Return the images in a folder in natural order, without hidden files."""
    return [
        path for path in list_directory(folder) if image_io.is_image_name(path) and path.is_file()
    ]


def _notes(folder: Path, skipped: Skipped) -> Iterator[str]:
    if skipped.counts:
        files = format_count(skipped.counts.total(), "file")
        yield f"skipped {files} in {str(folder)!r}: {skipped.describe()}"


def _read_digit(path: Path, name: str, skipped: Skipped) -> NDArray[np.uint8] | None:
    """Read the digit in an image, uint8 (28, 28); None if the file is skipped."""
    try:
        digits = preprocessing.find_digits(image_io.open_image(path), single=True)
    except ImageError:
        skipped.add("unreadable", name)
        return None
    if not digits:
        skipped.add("without a digit", name)
        return None
    return digits[0].image
