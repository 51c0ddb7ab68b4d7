"""Datasets of handwritten digits: MNIST, scikit-learn's digits, and files of the user.

>>> from mnistcli.datasets import hold_out, load
>>> splits = load("digits")
>>> train, validation = hold_out(splits.train, 0.1)

To add a dataset, write a module and register its loader in `DATASETS`; for a file format, register
its reader in `FILE_READERS`.

- `dataset` defines the types `Dataset` and `Splits`, `shared_dataset` a handle for cluster workers
- `mnist` loads MNIST, which `download` downloads and `progress` reports; `sklearn_digits` loads
  the digits of scikit-learn
- `data_files` picks the reader of a file: `csv_files`, `hdf5`, `idx`, `mat`, `npy`, `npz` or
  `parquet`; `mat_check` and `size_limits` refuse dangerous files first
- `image_folders` and `label_tables` read folders of images, with `image_files`
- `named_arrays` finds images and labels by the tables in `name_parsing`; `arrays` and `labels`
  convert them
- `orientation` turns transposed images upright
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mnistcli.datasets.data_files import (
    FILE_READERS,
    is_data_file,
    is_data_folder,
    read_data_file,
    read_data_folder,
    read_rows,
)
from mnistcli.datasets.dataset import Dataset, Splits, hold_out
from mnistcli.datasets.image_folders import is_image_folder, read_image_folders
from mnistcli.datasets.label_tables import is_labeled_folder, read_labeled_folder
from mnistcli.datasets.mnist import load_mnist
from mnistcli.datasets.orientation import turn_upright
from mnistcli.datasets.progress import ProgressBar
from mnistcli.datasets.sklearn_digits import load_digits
from mnistcli.errors import OTHER_DATASET, ConfigError, DataError, os_reason
from mnistcli.files.natural_order import list_subdirectories
from mnistcli.files.signatures import identify_folder
from mnistcli.suggestions import find_similar

__all__ = [
    "DATASETS",
    "FILE_READERS",
    "READERS",
    "Dataset",
    "ProgressBar",
    "Reader",
    "Splits",
    "hold_out",
    "load",
    "read_rows",
]


class Reader(NamedTuple):
    """Reader of a file format.

    Attributes:
        description: The format, for error messages.
        accepts: Whether a path is in this format.
        read: Reads the dataset at a path. It raises DataError or OSError.
    """

    description: str
    accepts: Callable[[Path], bool]
    read: Callable[[Path], Splits]


def _is_folder(accepts: Callable[[Path], bool]) -> Callable[[Path], bool]:
    return lambda path: path.is_dir() and accepts(path)


DATASETS: dict[str, Callable[[Path | None, ProgressBar | None], Splits]] = {
    "mnist": load_mnist,
    "digits": lambda _data_dir, _progress: load_digits(),
}
"""Registry of datasets: the loaders, keyed by name in lower case."""

READERS = (
    Reader("a data file", is_data_file, read_data_file),
    Reader("a folder of image folders '0' to '9'", _is_folder(is_image_folder), read_image_folders),
    Reader("a folder of labeled images", _is_folder(is_labeled_folder), read_labeled_folder),
    Reader("a folder of data files", _is_folder(is_data_folder), read_data_folder),
)
"""Readers of files and folders. The first one that accepts a path reads it."""

_MAX_DEPTH = 2  # of the folder with the data, below the given folder


def load(name: str, *, data_dir: Path | None = None, progress: ProgressBar | None = None) -> Splits:
    """Load a dataset by name or path.

    Args:
        name: ``mnist`` or ``digits``, in upper or lower case; or the path of a data file in one of
            the formats of `FILE_READERS`, or of a folder of them, of the folders ``0`` to ``9`` of
            images, or of images with labels in a table or in their names. A name in lower case is
            never a path.
        data_dir: Directory of the MNIST files, see `load_mnist`. Not used for other datasets.
        progress: Progress bar for downloads.

    Raises:
        ConfigError: There is neither a dataset nor a path of that name.
        DataError: The path does not exist, or its data are incomplete, damaged or in another
            format.
        DownloadError: MNIST cannot be downloaded.
    """
    if not name:
        raise _unknown_dataset_error(name)
    try:
        known = name if name in DATASETS or Path(name).exists() else name.lower()
        if known in DATASETS:
            return DATASETS[known](data_dir, progress)
        splits = turn_upright(_read(Path(name)))
        # An absolute name means the same data in any working directory.
        return replace(splits, name=str(Path(name).resolve()))
    except OSError as error:
        message = f"cannot read {str(error.filename or name)!r}: {os_reason(error, str(error))}"
        raise DataError(message, hint=OTHER_DATASET) from error


def _read(path: Path) -> Splits:
    for reader in READERS:
        if reader.accepts(path):
            return reader.read(path)
    if path.is_dir():
        if (kind := identify_folder(path)) is not None:
            raise DataError(f"{str(path)!r} is {kind.name}: {kind.remedy}")
        if (inner := _find_below(path)) is not None:
            splits = _read(inner)
            note = f"the dataset is in {str(inner)!r}"
            return replace(splits, notes=(note, *splits.notes))
    if path.exists():
        formats = ", ".join(reader.description for reader in FILE_READERS)
        raise DataError(
            f"no dataset in {str(path)!r}: expected folders '0' to '9' of images, images with a "
            f"labels.csv, {formats}, or a folder of these",
            hint=OTHER_DATASET,
        )
    if path.suffix or len(path.parts) > 1:
        raise DataError(f"no such file or directory: {str(path)!r}", hint=OTHER_DATASET)
    raise _unknown_dataset_error(str(path))


def _find_below(folder: Path, depth: int = 1) -> Path | None:
    """Find the only dataset one or two levels below a folder; MNIST is preferred.

    Raises:
        DataError: The folder contains several datasets.
    """
    inner = [path for path in list_subdirectories(folder) if not path.name.startswith("__MACOSX")]
    found = [path for path in inner if any(reader.accepts(path) for reader in READERS)]
    if not found and depth < _MAX_DEPTH:
        below = {path: _find_below(path, depth + 1) for path in inner}
        found = [path for path in below.values() if path is not None]
    preferred = [path for path in found if "MNIST" in path.parts]
    found = preferred or found
    if len(found) > 1:
        names = ", ".join(repr(str(path)) for path in found[:5])
        raise DataError(
            f"several datasets in {str(folder)!r}: {names}", hint=f"--dataset {found[0]}"
        )
    return found[0] if found else None


def _unknown_dataset_error(name: str) -> ConfigError:
    """Return the error for a word without a dot or a slash: more likely a name than a path."""
    similar = find_similar(name, DATASETS)
    if similar:
        message = f"unknown dataset {name!r}; did you mean {similar!r}?"
        return ConfigError(message, hint=f"--dataset {similar}")
    names = ", ".join(map(repr, DATASETS))
    return ConfigError(f"unknown dataset {name!r}: choose {names} or a path", hint=OTHER_DATASET)
