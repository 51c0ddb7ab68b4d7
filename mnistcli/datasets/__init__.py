"""Datasets of handwritten digits: MNIST, scikit-learn's digits, and files of the user.

splits = load("digits")
train, validation = hold_out(splits.train, 0.1)

To add a dataset, write a module and add a row to `NAMED`; to add a file format, to `READERS`.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mnistcli.datasets.dataset import OTHER_DATASET, Dataset, Splits, hold_out
from mnistcli.datasets.idx import is_idx_folder, read_idx_folder
from mnistcli.datasets.image_folders import is_image_folder, read_image_folders
from mnistcli.datasets.mnist import load_mnist
from mnistcli.datasets.npz import is_npz, read_npz
from mnistcli.datasets.progress import ProgressBar
from mnistcli.datasets.sklearn_digits import load_digits
from mnistcli.errors import ConfigError, DataError
from mnistcli.suggestions import find_similar

__all__ = ["NAMED", "READERS", "Dataset", "ProgressBar", "Reader", "Splits", "hold_out", "load"]


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


NAMED: dict[str, Callable[[Path | None, ProgressBar | None], Splits]] = {
    "mnist": load_mnist,
    "digits": lambda _data_dir, _progress: load_digits(),
}
"""Datasets by name, in lower case."""

READERS = (
    Reader("an .npz archive", is_npz, read_npz),
    Reader("a folder of IDX files", is_idx_folder, read_idx_folder),
    Reader("a folder of image folders '0' to '9'", is_image_folder, read_image_folders),
)
"""Readers of the file formats. The first one that accepts a path reads it."""


def load(name: str, *, data_dir: Path | None = None, progress: ProgressBar | None = None) -> Splits:
    """Load a dataset by name or path.

    Args:
        name: ``mnist`` or ``digits``, in upper or lower case; or the path of a folder of IDX files,
            of an `.npz` archive, or of a folder of image folders ``0`` to ``9``. A name in lower
            case is never a path.
        data_dir: Folder of the MNIST files, see `load_mnist`. Not used for other datasets.
        progress: Progress bar for downloads.

    Raises:
        ConfigError: There is neither a dataset nor a path of that name.
        DataError: The path does not exist, or its data are incomplete, damaged or in another
            format.
        DownloadError: MNIST cannot be downloaded.
    """
    if not name:
        raise _unknown_name(name)
    try:
        known = name if name in NAMED or Path(name).exists() else name.lower()
        if known in NAMED:
            return NAMED[known](data_dir, progress)
        # An absolute name means the same data in any working directory.
        return replace(_read(Path(name)), name=str(Path(name).resolve()))
    except OSError as error:
        message = f"cannot read {str(error.filename or name)!r}: {error.strerror or error}"
        raise DataError(message, hint=OTHER_DATASET) from error


def _read(path: Path) -> Splits:
    for reader in READERS:
        if reader.accepts(path):
            return reader.read(path)
    if path.exists():
        formats = [reader.description for reader in READERS]
        expected = f"{', '.join(formats[:-1])} or {formats[-1]}"
        raise DataError(f"no dataset in {str(path)!r}: expected {expected}", hint=OTHER_DATASET)
    if path.suffix or len(path.parts) > 1:
        raise DataError(f"no such file or directory: {str(path)!r}", hint=OTHER_DATASET)
    raise _unknown_name(str(path))


def _unknown_name(name: str) -> ConfigError:
    """Return the error for a word without a dot or a slash, which is rather a name than a path."""
    similar = find_similar(name, NAMED)
    if similar:
        message = f"unknown dataset {name!r}; did you mean {similar!r}?"
        return ConfigError(message, hint=f"--dataset {similar}")
    names = ", ".join(map(repr, NAMED))
    return ConfigError(f"unknown dataset {name!r}: choose {names} or a path", hint=OTHER_DATASET)
