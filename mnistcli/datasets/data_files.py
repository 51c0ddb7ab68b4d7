"""Data files: the readers of all file formats, and datasets of one file or of a folder of files.

To add a format, write a module with a function from a path to named arrays and register it
in `FILE_READERS`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.arrays import to_images
from mnistcli.datasets.csv_files import read_csv
from mnistcli.datasets.dataset import Splits, invalid_data_error
from mnistcli.datasets.idx import is_idx, read_idx
from mnistcli.datasets.name_parsing import INDEX, parse_name, split_of_name
from mnistcli.datasets.named_arrays import all_images, read_splits
from mnistcli.datasets.npy import read_npy
from mnistcli.datasets.npz import read_npz
from mnistcli.datasets.parquet import read_parquet
from mnistcli.errors import DataError
from mnistcli.files.kinds import ARRAY_FILES, MATLAB, NPY, NPZ, TABLE, FileKind
from mnistcli.files.natural_order import list_directory, list_subdirectories
from mnistcli.files.signatures import SIGNATURE_LENGTH, identify


class FileReader(NamedTuple):
    """Reader of a file format.

    Attributes:
        description: The format, for error messages.
        accepts: Whether a file, with its first bytes, is in this format.
        read: Reads the arrays of a file, keyed by name. It raises DataError or OSError.
    """

    description: str
    accepts: Callable[[Path, bytes], bool]
    read: Callable[[Path], dict[str, NDArray[Any]]]


def _read_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    from mnistcli.datasets.hdf5 import read_hdf5  # noqa: PLC0415 - h5py is rarely needed

    return read_hdf5(path)


def _read_mat(path: Path) -> dict[str, NDArray[Any]]:
    from mnistcli.datasets.mat import read_mat  # noqa: PLC0415 - scipy.io is rarely needed

    return read_mat(path)


def _is_named(kind: FileKind) -> Callable[[Path, bytes], bool]:
    return lambda path, _: path.name.lower().removesuffix(".gz").endswith(kind.suffixes)


def _is_wide_text(path: Path, head: bytes) -> bool:
    """Return whether a file without a known suffix starts with many numbers, as pixels do."""
    line = head.split(b"\n")[0] if path.suffix.lower() in {".txt", ".data", ".dat", ""} else b""
    return len(line.replace(b",", b" ").split()) >= 64 and not line.strip(b"0123456789.,;eE+- \t\r")


FILE_READERS = (
    FileReader("an .npz archive", _is_named(NPZ), read_npz),
    FileReader(
        "an .npy file",
        lambda path, head: head.startswith(b"\x93NUMPY") or path.suffix.lower() in NPY.suffixes,
        read_npy,
    ),
    FileReader("a MATLAB file", _is_named(MATLAB), _read_mat),
    FileReader("an HDF5 file", lambda _, head: head.startswith(b"\x89HDF"), _read_hdf5),
    FileReader("a Parquet file", lambda _, head: head.startswith(b"PAR1"), read_parquet),
    FileReader("an IDX file", is_idx, read_idx),
    FileReader("a CSV table of pixels", _is_named(TABLE), read_csv),
    FileReader("a text table of pixels", _is_wide_text, read_csv),
)
"""Registry of readers. The first one that accepts a file reads it."""


def find_reader(path: Path) -> FileReader | None:
    """Find the reader of a file; None if there is none.

    Raises:
        DataError: The file is of a kind that cannot be read as a dataset, regardless of its name.
        OSError: The file cannot be read.
    """
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        head = stream.read(SIGNATURE_LENGTH)
    is_npz = path.suffix.lower() == ".npz" and head.startswith(b"PK")
    kind = None if is_npz else identify(head)
    if kind is not None and kind not in ARRAY_FILES:
        raise DataError(f"{str(path)!r} is {kind.name}: {kind.remedy}")
    return next((reader for reader in FILE_READERS if reader.accepts(path, head)), None)


def _require_reader(path: Path) -> FileReader:
    reader = find_reader(path)
    if reader is None:
        raise invalid_data_error(str(path), "unknown format")
    return reader


def is_data_file(path: Path) -> bool:
    """Return whether a path is a file in one of the formats.

    Raises:
        DataError: The file is of a kind that cannot be read as a dataset.
        OSError: The file cannot be read.
    """
    return find_reader(path) is not None


def read_data_file(path: Path) -> Splits:
    """Read the dataset in one file; for an IDX or `.npy` file, also read its labels.

    Raises:
        DataError: The file is damaged or not a dataset.
        OSError: The file cannot be read.
    """
    reader = _require_reader(path)
    arrays = reader.read(path)
    if set(arrays) == {""}:
        split = parse_name(_stem(path)).split
        siblings = [
            sibling
            for sibling in _siblings(path.parent)
            if parse_name(_stem(sibling)).split == split
        ]
        return read_splits(str(path), _read_files(siblings, path.parent, reader))
    return read_splits(str(path), _without_index(arrays))


def read_rows(path: Path) -> tuple[NDArray[np.uint8], NDArray[Any] | None]:
    """Read the images of a data file in MNIST format, whether or not they have labels.

    Returns:
        uint8 (n, 28, 28), and the identifiers (n,) in the file; None if there are none.

    Raises:
        DataError: The file is damaged or contains no images.
        OSError: The file cannot be read.
    """
    arrays = _require_reader(path).read(path)
    is_one_array = set(arrays) == {""}
    raw = arrays[""] if is_one_array else all_images(str(path), _without_index(arrays))
    return to_images(str(path), raw), arrays.get(INDEX)


def is_data_folder(folder: Path) -> bool:
    """Return whether a folder contains data files, directly or in folders such as ``train``."""
    return bool(_siblings(folder))


def read_data_folder(folder: Path) -> Splits:
    """Read the dataset in the files of a folder, such as four IDX files or ``x_train.npy``.

    If a folder contains several datasets, the one with digits is read; a note names the others.

    Raises:
        DataError: No file contains images with labels, or a file is damaged.
        OSError: A file cannot be read.
    """
    groups: dict[tuple[str, ...], list[Path]] = {}
    for path in _siblings(folder):
        found = parse_name(_name(path, folder))
        groups.setdefault(found.rest, []).append(path)
    first_error: DataError | None = None
    for group in sorted(groups, key=_order):
        try:
            arrays = _read_files(groups[group], folder)
            others = tuple(" ".join(rest) or "data" for rest in groups if rest != group)
            note = f"read from {str(folder)!r}: {' '.join(group) or 'the files without a name'}"
            notes = (f"{note}; skipped: {', '.join(others[:5])}",) if others else ()
            return read_splits(str(folder), arrays, notes)
        except DataError as error:
            first_error = first_error or error
    raise first_error or DataError(f"no data files in {str(folder)!r}")


def _order(rest: tuple[str, ...]) -> tuple[bool, bool, int, tuple[str, ...]]:
    return "digits" not in rest, "mnist" not in rest and rest != (), len(rest), rest


def _read_files(
    paths: list[Path], folder: Path, reader: FileReader | None = None
) -> dict[str, NDArray[Any]]:
    """Read the arrays of files, keyed by the names of file and array; shards are concatenated."""
    arrays: dict[str, NDArray[Any]] = {}
    for path in paths:
        file_reader = find_reader(path)
        if file_reader is None or (reader is not None and file_reader is not reader):
            continue
        found = parse_name(_name(path, folder))
        prefix = " ".join(filter(None, (found.split, found.role, *found.rest)))
        for name, array in _without_index(file_reader.read(path)).items():
            key = f"{prefix}/{name}".strip("/")
            is_next_shard = key in arrays and arrays[key].shape[1:] == array.shape[1:]
            arrays[key] = np.concatenate([arrays[key], array]) if is_next_shard else array
    return arrays


def _without_index(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: array for name, array in arrays.items() if name != INDEX}


def _siblings(folder: Path) -> list[Path]:
    """Return the data files in a folder and its split folders, in natural order, each once."""
    folders = [
        folder,
        *(subfolder for subfolder in list_subdirectories(folder) if split_of_name(subfolder.name)),
    ]
    paths = [path for subfolder in folders for path in _files(subfolder)]
    names = {str(path) for path in paths}
    return [path for path in paths if str(path).removesuffix(".gz") not in names - {str(path)}]


def _files(folder: Path) -> Iterator[Path]:
    for path in list_directory(folder):
        if path.is_file() and _is_readable(path):
            yield path


def _is_readable(path: Path) -> bool:
    try:
        return is_data_file(path)
    except (DataError, OSError):
        return False


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").rpartition(".")[0] or path.name


def _name(path: Path, folder: Path) -> str:
    relative = path.relative_to(folder)
    return str(relative.with_name(_stem(path)))
