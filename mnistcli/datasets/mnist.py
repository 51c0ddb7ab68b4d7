"""The real MNIST: found in a folder or the cache, else downloaded; its content always checked."""

import os
from pathlib import Path

from mnistcli.datasets import idx
from mnistcli.datasets.dataset import Splits
from mnistcli.datasets.download import DownloadListener, fetch
from mnistcli.errors import DataError
from mnistcli.files import CACHE_VARIABLE, cache_dir, sha256, write_atomically

DATA_DIR_VARIABLE = "MNISTCLI_DATA_DIR"

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
"""Where the files are fetched from, first one first."""

# Of the unpacked content: mirrors pack the same files in different ways.
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
"""SHA-256 of each file."""


def load_mnist(data_dir: Path | None = None, listener: DownloadListener | None = None) -> Splits:
    """Return MNIST's 60,000 images to train on and 10,000 to test with.

    Args:
        data_dir: The folder that has the four files; None: the one that ``$MNISTCLI_DATA_DIR``
            names, else the user's cache, into which what is missing or damaged is downloaded.
        listener: Hears how a download goes.

    Raises:
        DataError: The folder lacks a file or has another content, or the cache is not writable.
        DownloadError: There is no copy and no mirror gave one.
        OSError: A file cannot be read.
    """
    variable = os.environ.get(DATA_DIR_VARIABLE)
    if data_dir is not None:
        files = _from_folder(data_dir, "mnistcli train --dataset mnist")
    elif variable:
        files = _from_folder(Path(variable), f"unset {DATA_DIR_VARIABLE}")
    else:
        files = [_from_cache(name, listener) for name in HASHES]
    return idx.assemble("mnist", files)


def _from_folder(folder: Path, hint: str) -> list[tuple[Path, bytes]]:
    """Return path and content of the four files; the hint says how to do without the folder."""
    paths = {name: idx.require(folder, name, hint=hint) for name in HASHES}
    files = []
    for name, path in paths.items():
        content = idx.read(path)
        if sha256(content) != HASHES[name]:
            raise DataError(f"damaged file {str(path)!r}: this is not MNIST's content", hint=hint)
        files.append((path, content))
    return files


def _from_cache(name: str, listener: DownloadListener | None) -> tuple[Path, bytes]:
    """Return path and content of one file in the cache, downloaded where it is not there whole."""
    folder = cache_dir() / "mnist"
    path = idx.find(folder, name)
    content = _whole(path, name) if path else None
    if path is None or content is None:
        path = folder / name
        content = _download(path, listener)
    return path, content


def _whole(path: Path, name: str) -> bytes | None:
    try:
        content = idx.read(path)
    except DataError:
        return None
    return content if sha256(content) == HASHES[name] else None


def _download(path: Path, listener: DownloadListener | None) -> bytes:
    """Return a file's content and keep it in the cache, unpacked: it loads faster that way."""
    try:  # first of all the folder: no download that could not be kept
        path.parent.mkdir(parents=True, exist_ok=True)
        content = fetch(f"{path.name}.gz", HASHES[path.name], MIRRORS, listener=listener)
        write_atomically(path, content)
    except OSError as error:
        raise DataError(
            f"cannot write to the cache {str(path.parent)!r}: {error.strerror}",
            hint=f"{CACHE_VARIABLE}=DIR mnistcli train",
        ) from error
    return content
