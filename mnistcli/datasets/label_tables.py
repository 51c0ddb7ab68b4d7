"""Folders of images with annotations: labels in a table (`labels.csv`) or in the file names."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from mnistcli import image_io
from mnistcli.datasets.dataset import Dataset, Splits, missing_digits
from mnistcli.datasets.image_files import (
    LabeledFile,
    Skipped,
    image_files,
    read_image_files,
)
from mnistcli.datasets.name_parsing import LABELS, digit_of_name, parse_name, split_of_name
from mnistcli.datasets.named_arrays import ALL, to_splits
from mnistcli.files.natural_order import list_subdirectories

_FILE_COLUMNS = {"file", "filename", "file_name", "image", "img", "path", "name", "image_name"}
_FILE_COLUMNS |= {"filepath", "file_path", "image_path", "id", "image_id", "imageid"}
_MAX_ROWS = 2_000_000
# The label at the start of a name, after the word label, or at its end.
_LABELS_IN_NAMES = (
    (re.compile(r"(?:.*[^a-z0-9])?(?:label|digit|class)[-_ =]?(\d)(?![0-9])", re.IGNORECASE)),
    re.compile(r"(\d)[-_. (]"),
    re.compile(r"(?:.*[-_. ])(\d)"),
    re.compile(r"([a-z]+)[-_. (]?\d*"),
)


def is_labeled_folder(folder: Path) -> bool:
    """Return whether a folder contains images with a table of labels, or labels in their names."""
    return bool(_label_tables(folder)) or bool(_labels_in_names(folder))


def read_labeled_folder(folder: Path) -> Splits:
    """Read the images of a folder with their labels, from a table or from their names.

    A table has a column of files, relative to the folder or to a folder in it, and a column of
    labels. Names of files are used if all of them have a label and all digits occur.

    Args:
        folder: The directory.

    Raises:
        DataError: No image of a digit can be read.
        OSError: A file cannot be read.
    """
    tables = _label_tables(folder)
    splits: dict[str, Dataset] = {}
    notes: list[str] = []
    if tables:
        for table, columns in tables.items():
            skipped = Skipped()
            files = _files_in_table(table, columns, folder, skipped)
            dataset, image_notes = read_image_files(folder, files, skipped)
            name = split_of_name(table.stem) or ALL
            splits[name] = splits[name].concatenate(dataset) if name in splits else dataset
            notes += [f"labels from {str(table)!r}", *image_notes]
    else:
        for name, (path, named) in _labels_in_names(folder).items():
            splits[name], image_notes = read_image_files(folder, named, Skipped())
            example = named[0]
            notes += [
                (
                    f"labels from the names of the files in {str(path)!r}: "
                    f"{example[1].name!r} is a {example[0]}"
                ),
                *image_notes,
            ]
    notes += missing_digits(str(folder), *splits.values())
    return to_splits(str(folder), splits, tuple(notes))


def _label_tables(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return the tables in a folder with a column of files and one of labels, and both columns."""
    tables = sorted(path for path in folder.glob("*.csv") if not path.name.startswith("."))
    found = ((path, _columns(path)) for path in tables)
    return {path: columns for path, columns in found if columns is not None}


def _columns(path: Path) -> tuple[int, int] | None:
    """Return the columns of the files and of the labels; None if the table has none."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            first = csv.reader([stream.readline(1 << 16), stream.readline(1 << 16)])
            header, row = next(first, []), next(first, [])
    except (OSError, csv.Error):
        return None
    if len(header) > 20 or len(header) < 2:
        return None
    if image_io.is_image_name(header[0]):  # without a header
        return 0, 1
    names = [name.strip().lower().replace(" ", "_") for name in header]
    labels = [i for i, n in enumerate(names) if parse_name(n).role == LABELS]
    files = [i for i, n in enumerate(names) if n in _FILE_COLUMNS and i not in labels]
    # Kaggle's sample_submission.csv has numbers of images that are rows of another table.
    files = [i for i in files if i < len(row) and not (names[i] == "imageid" and row[i].isdigit())]
    return (files[0], labels[0]) if files and labels else None


def _files_in_table(
    table: Path, columns: tuple[int, int], folder: Path, skipped: Skipped
) -> Iterator[LabeledFile]:
    folders = [folder, folder / table.stem, *(path for path in folder.iterdir() if path.is_dir())]
    with table.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        for number, row in enumerate(csv.reader(stream)):
            if number > _MAX_ROWS:
                break
            if len(row) <= max(columns):
                continue
            name, label = row[columns[0]].strip(), row[columns[1]].strip()
            digit = digit_of_name(label.removesuffix(".0"))
            if digit is None:
                if number:
                    skipped.add("whose label is not a digit", name)
                continue
            path = _find(name, folders, folder)
            if path is None:
                skipped.add("missing", name)
            else:
                yield digit, path


def _find(name: str, folders: list[Path], root: Path) -> Path | None:
    """Find a file of a table inside the folder (no path traversal), with or without its suffix."""
    for folder in folders:
        for suffix in ("", ".png", ".jpg", ".jpeg"):
            path = folder / f"{name}{suffix}"
            try:
                if path.is_file() and path.resolve().is_relative_to(root.resolve()):
                    return path
            except (OSError, ValueError):
                continue
    return None


def _labels_in_names(folder: Path) -> dict[str, tuple[Path, list[LabeledFile]]]:
    """Return the images with labels in their names, keyed by split; empty if one has no label."""
    folders = {ALL: folder}
    for path in list_subdirectories(folder):
        split = split_of_name(path.name)
        if split is not None:
            folders[split] = path
        elif path.name.lower() in {"images", "imgs", "img"}:
            folders.setdefault("images", path)
    found = {}
    for split, path in folders.items():
        files = image_files(path)
        labeled = _match_names(files)
        if labeled:
            found[ALL if split == "images" else split] = path, labeled
    return found


def _match_names(files: list[Path]) -> list[LabeledFile]:
    for pattern in _LABELS_IN_NAMES:
        matches = [pattern.fullmatch(path.stem) or pattern.match(path.stem) for path in files]
        if not files or None in matches:
            continue
        digits = [digit_of_name(match[1]) for match in matches if match is not None]
        if set(digits) == set(range(10)):
            return [(d, path) for d, path in zip(digits, files, strict=True) if d is not None]
    return []
