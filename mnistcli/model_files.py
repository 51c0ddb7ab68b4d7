"""Model file formats: tell `.keras` and `.h5` files from LiteRT, ONNX and PyTorch files.

The first bytes of a file decide, whatever its name is. Nothing here imports Keras.
"""

import contextlib
import os
import shlex
import stat
import zipfile
from pathlib import Path
from typing import NamedTuple

from mnistcli.errors import CheckpointError
from mnistcli.zip_files import open_zip

OTHER_MODEL = "--model pretrained"
"""The hint for a model that cannot be used."""


class _Format(NamedTuple):
    """A file format that cannot be loaded, and the way to a `.keras` file."""

    name: str
    remedy: str = "save the model as .keras"


_LITERT = _Format("a LiteRT file", "use the .keras file or the run directory")
_PYTORCH = _Format("a PyTorch file", "train the model with mnistcli or Keras")
# Offset and bytes of each signature.
_SIGNATURES = (
    (4, b"TFL3", _LITERT),
    # A Protocol Buffers message whose first field is the ONNX version, followed by the producer.
    *((0, bytes([8, version, 18]), _Format("an ONNX file")) for version in range(3, 20)),
    # Pickle protocols 2 to 5.
    *(
        (0, bytes([0x80, protocol]), _Format("a pickle, which could run code"))
        for protocol in range(2, 6)
    ),
)
_SIGNATURE_LENGTH = 8
MAX_MODEL_BYTES = 100 << 20
"""Largest model file, such as that of a ResNet50: far more than any digit classifier needs."""
_MAX_DIRECTORY_BYTES = 1 << 20  # of a zip archive


def check_model_file(path: Path) -> None:
    """Check that a file can be a model file: it exists, is not empty and not of another format.

    Args:
        path: The file. Its content is checked by `mnistcli.checkpoints.load`.

    Raises:
        CheckpointError: The file is missing, cannot be read, is empty or has another format.
    """
    try:
        if not path.exists():
            raise CheckpointError(f"no such model: {str(path)!r}", hint=OTHER_MODEL)
        if not path.is_file():
            raise CheckpointError(f"not a model file: {str(path)!r}", hint=OTHER_MODEL)
        with path.open("rb") as stream:
            start = stream.read(_SIGNATURE_LENGTH)
        if path.stat().st_size > MAX_MODEL_BYTES:
            raise _too_large(path)
    except OSError as error:
        raise unreadable(path, error) from error
    if not start:
        raise CheckpointError(f"empty model file {str(path)!r}", hint=OTHER_MODEL)
    if (found := _find_format(path, start)) is not None:
        keras_file = path.with_suffix(".keras")
        known = keras_file != path and keras_file.is_file()
        raise CheckpointError(
            f"{str(path)!r} is {found.name}: {found.remedy}",
            hint=f"--model {shlex.quote(str(keras_file))}" if known else OTHER_MODEL,
        )


def read_model_file(path: Path) -> bytes:
    """Read a file that can be a model file, once: what is checked is then what is loaded.

    Args:
        path: The file.

    Raises:
        CheckpointError: The file is missing, cannot be read, is empty, too large, not a regular
            file or of another format.
    """
    check_model_file(path)
    try:
        # The file can have been replaced since; a pipe must not block.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CheckpointError(f"not a model file: {str(path)!r}", hint=OTHER_MODEL)
            content = stream.read(MAX_MODEL_BYTES + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(content) > MAX_MODEL_BYTES:
        raise _too_large(path)
    return content


def is_complete(path: Path) -> bool:
    """Return whether a `.keras` file is a whole zip archive; a truncated file is not."""
    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False


def unreadable(path: Path, error: OSError) -> CheckpointError:
    """Return the error for a model that the operating system does not let us read."""
    reason = (error.strerror or "input/output error").lower()
    return CheckpointError(f"cannot read model {str(path)!r}: {reason}", hint=OTHER_MODEL)


def _too_large(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{str(path)!r} is too large for a digit classifier: more than {MAX_MODEL_BYTES >> 20} MiB",
        hint=OTHER_MODEL,
    )


def _find_format(path: Path, start: bytes) -> _Format | None:
    for offset, signature, found in _SIGNATURES:
        if start[offset:].startswith(signature):
            return found
    with contextlib.suppress(OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        if start.startswith(b"PK"):
            with (
                path.open("rb") as stream,
                open_zip(stream, max_directory=_MAX_DIRECTORY_BYTES) as archive,
            ):
                names = archive.namelist()
            if any(name.endswith("/data.pkl") for name in names):
                return _PYTORCH
            if names and all(name.endswith(".npy") for name in names):
                return _Format("an .npz archive of arrays")
    return None
