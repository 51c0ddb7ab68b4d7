"""MNIST: the URLs and checksums of the original files; load them from a folder or the cache."""

import os
from pathlib import Path

import numpy as np

from mnistcli.datasets import idx
from mnistcli.datasets.dataset import Dataset, Splits
from mnistcli.datasets.npz import read_npz
from mnistcli.datasets.progress import ProgressBar
from mnistcli.errors import DataError, os_reason
from mnistcli.files.hashing import sha256
from mnistcli.files.user_directories import (
    CACHE_VARIABLE,
    DATA_DIR_VARIABLE,
    cache_dir,
    keras_mnist_file,
)

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
"""Download URLs: the directories of the mirrors, in order."""

HASHES = dict(
    zip(
        idx.NAMES,
        (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        strict=True,
    )
)
"""SHA-256 hash of each file, decompressed."""


def load_mnist(data_dir: Path | None = None, progress: ProgressBar | None = None) -> Splits:
    """Load MNIST: 60,000 training images and 10,000 test images.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
    document recognition", Proceedings of the IEEE, 1998.

    Args:
        data_dir: Directory of the four files. Defaults to ``$MNISTCLI_DATA_DIR``. Without either,
            the files are read from the cache, or from Keras's; missing or damaged ones are
            downloaded.
        progress: Progress bar for downloads.

    Raises:
        DataError: A file in the directory is missing or not MNIST's, or the cache is not writable.
        DownloadError: A file cannot be downloaded from any mirror.
        OSError: A file cannot be read.
    """
    variable = os.environ.get(DATA_DIR_VARIABLE)
    if data_dir is not None:
        files = _read_folder(data_dir, "without --data-dir, MNIST is downloaded")
    elif variable:
        files = _read_folder(Path(variable), f"unset {DATA_DIR_VARIABLE}")
    elif not _is_cached() and (splits := _read_keras_cache()) is not None:
        return splits
    else:
        files = [_read_cached(name, progress) for name in HASHES]
    return idx.parse_splits("mnist", files)


def locate_mnist() -> Path | None:
    """Return the folder or file from which `load_mnist` reads MNIST, after the files are verified.

    Returns:
        The path; None if `load_mnist` downloads missing or damaged files.

    Raises:
        DataError: A file in ``$MNISTCLI_DATA_DIR`` is missing or is not MNIST's.
        OSError: A file cannot be read.
    """
    variable = os.environ.get(DATA_DIR_VARIABLE)
    if variable:
        _read_folder(Path(variable), f"unset {DATA_DIR_VARIABLE}")
        return Path(variable)
    if not _is_cached():
        return None if _read_keras_cache() is None else keras_mnist_file()
    folder = cache_dir() / "mnist"
    paths = [(idx.find_file(folder, name), digest) for name, digest in HASHES.items()]
    is_whole = all(path and _read_verified(path, digest) is not None for path, digest in paths)
    return folder if is_whole else None


def _is_cached() -> bool:
    return all(idx.find_file(cache_dir() / "mnist", name) for name in HASHES)


def _read_keras_cache() -> Splits | None:
    """Read the `mnist.npz` that Keras has downloaded; None if it does not exist or is not MNIST."""
    path = keras_mnist_file()
    try:
        arrays = read_npz(path) if path.is_file() else {}
        parts = [arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    except (DataError, KeyError, OSError):
        return None
    digests = [sha256(idx.format_header(array) + array.tobytes()) for array in parts]
    if digests != list(HASHES.values()):
        return None
    train, test = (Dataset(x, y.astype(np.int64)) for x, y in (parts[:2], parts[2:]))
    return Splits("mnist", train, test, notes=(f"MNIST from {str(path)!r}",))


def _read_folder(folder: Path, hint: str) -> list[tuple[Path, bytes]]:
    """Return path and content of the four files in a folder, with their hashes verified."""
    paths = {name: idx.require_file(folder, name, hint=hint) for name in HASHES}
    files = []
    for name, path in paths.items():
        content = idx.read_file(path)
        if sha256(content) != HASHES[name]:
            raise DataError(f"damaged file {str(path)!r}: not the content of MNIST", hint=hint)
        files.append((path, content))
    return files


def _read_cached(name: str, progress: ProgressBar | None) -> tuple[Path, bytes]:
    """Return path and content of a file in the cache, downloaded if it is missing or damaged."""
    folder = cache_dir() / "mnist"
    path = idx.find_file(folder, name)
    content = _read_verified(path, HASHES[name]) if path else None
    if path is None or content is None:
        path = _download(name, folder, progress)
        content = path.read_bytes()
    return path, content


def _read_verified(path: Path, digest: str) -> bytes | None:
    """Return the content of a file; None if the file is damaged."""
    try:
        content = idx.read_file(path)
    except DataError:
        return None
    return content if sha256(content) == digest else None


def _download(name: str, folder: Path, progress: ProgressBar | None) -> Path:
    """Download a file into the cache, decompressed because that loads faster."""
    from mnistcli.datasets.download import fetch  # noqa: PLC0415 - pooch is rarely needed

    try:
        return fetch(name, HASHES[name], MIRRORS, folder, progress=progress)
    except OSError as error:
        raise DataError(
            f"cannot write to the cache {str(folder)!r}: {os_reason(error)}",
            hint=f"export {CACHE_VARIABLE}=DIR",
        ) from error
