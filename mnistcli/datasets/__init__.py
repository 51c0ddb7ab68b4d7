"""Data sets of handwritten digits: MNIST, the one that needs no network, and the user's own.

splits = load("digits")
train, validation = hold_out(splits.train, 0.1)
"""

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from mnistcli.datasets import idx
from mnistcli.datasets.dataset import OTHER_DATA, Dataset, Splits, hold_out
from mnistcli.datasets.download import DownloadListener
from mnistcli.datasets.image_folders import predict_images
from mnistcli.datasets.mnist import load_mnist
from mnistcli.datasets.npz import read_npz
from mnistcli.datasets.sklearn_digits import load_digits
from mnistcli.errors import ConfigError, DataError

__all__ = ["Dataset", "DownloadListener", "Splits", "hold_out", "load"]

_NAMES = ("mnist", "digits")


def load(
    name: str, *, data_dir: Path | None = None, listener: DownloadListener | None = None
) -> Splits:
    """Return a data set.

    Args:
        name: ``mnist``, ``digits``, or the path of a directory of IDX files, of an `.npz` archive
            or of folders ``0/`` to ``9/`` of pictures.
        data_dir: Where MNIST's files are, see `load_mnist`; the other data sets do not need it.
        listener: Hears how a download goes.

    Raises:
        ConfigError: A word that is neither a data set nor a path.
        DataError: There is no such path, or the data are missing, damaged or of the wrong form.
        DownloadError: MNIST is not at hand and could not be fetched.
    """
    try:
        if name == "mnist":
            return load_mnist(data_dir, listener)
        if name == "digits":
            return load_digits()
        # Absolute, so that the name leads to the same data from any directory.
        return replace(_load_path(Path(name)), name=str(Path(name).resolve()))
    except OSError as error:
        message = f"cannot read {str(error.filename or name)!r}: {error.strerror or error}"
        raise DataError(message, hint=OTHER_DATA) from error


def _load_path(path: Path) -> Splits:
    if path.is_dir():
        has_idx = any(idx.find(path, name) for name in idx.NAMES)
        return idx.read_folder(path) if has_idx else predict_images(path)
    if path.suffix.lower() == ".npz" and path.is_file():
        return read_npz(path)
    if path.exists():
        raise DataError(
            f"no data set: {str(path)!r} is neither an .npz archive nor a directory",
            hint=OTHER_DATA,
        )
    if path.suffix or len(path.parts) > 1:
        raise DataError(f"no such file or directory: {str(path)!r}", hint=OTHER_DATA)
    raise _unknown(str(path))


def _unknown(name: str) -> ConfigError:
    """Return the error for a bare word: more likely a name that was mistyped than a path."""
    matches = get_close_matches(name.lower(), _NAMES, n=1)
    if matches:
        message = f"unknown dataset {name!r}; did you mean {matches[0]!r}?"
        return ConfigError(message, hint=f"mnistcli train --dataset {matches[0]}")
    message = f"unknown dataset {name!r}: choose 'mnist', 'digits' or a path"
    return ConfigError(message, hint=OTHER_DATA)
