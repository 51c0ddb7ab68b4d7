"""Shared files: the caller's files, which workers see on a shared file system (network drive)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from mnistcli.errors import ClusterError
from mnistcli.files.hashing import sha256
from mnistcli.model_files import read_model_file

_PACKAGE = Path(__file__).parents[1]


class ModelFile(NamedTuple):
    """A model file.

    Attributes:
        path: The absolute path; for the packaged model, the path relative to the package, which
            another machine may have elsewhere.
        digest: SHA-256 of the content: a worker may have another file of the same name.
    """

    path: Path
    digest: str


def describe_models(files: Iterable[Path]) -> tuple[ModelFile, ...]:
    """Describe model files for the workers.

    Raises:
        ModelError: One of the files cannot be a model file.
    """
    return tuple(ModelFile(_name(file.absolute()), sha256(read_model_file(file))) for file in files)


def find_models(models: Sequence[ModelFile]) -> list[Path]:
    """Return the files of the models on a worker, with their hashes verified.

    Raises:
        ClusterError: The worker does not have the files.
    """
    files = [_PACKAGE / model.path for model in models]  # an absolute path stays as it is
    for model, file in zip(models, files, strict=True):
        if not file.is_file() or sha256(read_model_file(file)) != model.digest:
            raise not_shared_error(file)
    return files


def require_directory(path: Path) -> None:
    """Check on a worker that it has a directory of the caller.

    Raises:
        ClusterError: The worker does not have the directory.
    """
    if not path.is_dir():
        raise not_shared_error(path)


def not_shared_error(path: Path) -> ClusterError:
    """Return the error of a file of the caller that a worker does not have."""
    return ClusterError(
        f"a worker does not have {str(path)!r}: the file system must be shared with the workers"
    )


def _name(path: Path) -> Path:
    return path.relative_to(_PACKAGE) if path.is_relative_to(_PACKAGE) else path
