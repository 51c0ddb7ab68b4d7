"""Image folders: read a dataset from subfolders 0 to 9, each with images of that digit."""

from collections.abc import Iterator
from pathlib import Path

from mnistcli import image_io
from mnistcli.datasets.dataset import Dataset, Splits, missing_digits
from mnistcli.datasets.image_files import (
    LabeledFile,
    Skipped,
    read_image_files,
)
from mnistcli.datasets.name_parsing import SPLITS, digit_of_name, split_of_name
from mnistcli.datasets.named_arrays import ALL, to_splits
from mnistcli.files.natural_order import list_directory, list_subdirectories
from mnistcli.formatting import join_names
from mnistcli.image_io.image_formats import format_of_name

_MAX_NAMES = 5  # in a note


def is_image_folder(folder: Path) -> bool:
    """Return whether a folder contains folders of digits, directly or in folders of splits."""
    return bool(_digit_folders(folder)) or any(map(_digit_folders, split_folders(folder).values()))


def read_image_folders(folder: Path) -> Splits:
    """Read the dataset in folders ``0`` to ``9``, each with images of that digit.

    One folder per class is the layout of torchvision's `ImageFolder` as well. The folders may be
    named in words (``zero``, ``digit_0``) and may be inside folders of splits, such as ``train``,
    ``val`` and ``test``. Otherwise the images are split at random; if there are too few to split,
    all are test images. Digits may be missing. Files without a digit in them are skipped, and
    counted in the notes of the dataset; hidden files are skipped without a note.

    Args:
        folder: Directory of the folders.

    Raises:
        DataError: There is no image of a digit in the folders.
        OSError: A folder cannot be read.
    """
    if _digit_folders(folder):
        dataset, notes = _read_split(folder)
        return to_splits(str(folder), {ALL: dataset}, notes)
    found = split_folders(folder)
    folders = {
        split: found[split] for split in SPLITS if split in found and _digit_folders(found[split])
    }
    splits: dict[str, Dataset] = {}
    all_notes = [*_ignored_folders(folder, [*folders.values()])]
    for split, path in folders.items():
        splits[split], notes = _read_split(path)
        all_notes += notes
    return to_splits(str(folder), splits, tuple(all_notes))


def split_folders(folder: Path) -> dict[str, Path]:
    """Return the folders of the splits of a dataset, such as ``train``, keyed by split."""
    found: dict[str, Path] = {}
    for path in list_subdirectories(folder):
        split = split_of_name(path.name)
        if split is not None:
            found.setdefault(split, path)
    return found


def _digit_folders(folder: Path) -> list[tuple[int, Path]]:
    pairs = [(digit_of_name(path.name), path) for path in list_subdirectories(folder)]
    return [(digit, path) for digit, path in pairs if digit is not None]


def _read_split(folder: Path) -> tuple[Dataset, tuple[str, ...]]:
    digit_folders = sorted(_digit_folders(folder))
    skipped = Skipped()
    dataset, notes = read_image_files(folder, _image_files(digit_folders, skipped), skipped)
    ignored = _ignored_folders(folder, [path for _, path in digit_folders])
    return dataset, (*ignored, *notes, *missing_digits(str(folder), dataset))


def _image_files(digit_folders: list[tuple[int, Path]], skipped: Skipped) -> Iterator[LabeledFile]:
    """Yield each image file in the folders of digits."""
    for digit, folder in digit_folders:
        for path in filter(Path.is_file, list_directory(folder)):
            if image_io.is_image_name(path):
                yield digit, path
            else:
                skipped.add(format_of_name(path.name))


def _ignored_folders(folder: Path, used: list[Path]) -> Iterator[str]:
    names = [path.name for path in list_subdirectories(folder) if path not in used]
    if names:
        listed = names if len(names) <= _MAX_NAMES else [*names[:_MAX_NAMES], "others"]
        yield f"skipped folders in {str(folder)!r}: {join_names(listed)}"
