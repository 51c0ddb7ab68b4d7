"""Model files: refuse files of other kinds, such as LiteRT, ONNX and PyTorch models.

The first bytes of a file (magic bytes) decide, regardless of its name. Nothing here imports Keras.
"""

import shlex
import zipfile
from pathlib import Path

from mnistcli.errors import OTHER_MODEL, ModelError, os_reason
from mnistcli.files.kinds import ARCHIVE, MODEL_FILES, FileKind
from mnistcli.files.regular_files import open_regular
from mnistcli.files.signatures import SIGNATURE_LENGTH, identify

_ZIP = b"PK"
_GZIP = b"\x1f\x8b"
MAX_MODEL_BYTES = 100 << 20
"""Maximum file size, as of a ResNet50; a digit classifier rarely has more than a few megabytes."""


def check_model_file(path: Path) -> None:
    """Check that a file can be a model file: it exists, is not empty and not of another format.

    Args:
        path: The file. Its content is checked by `mnistcli.checkpoints.load`.

    Raises:
        ModelError: The file is missing, cannot be read, is empty or has another format.
    """
    try:
        if not path.exists():
            raise ModelError(f"no such model: {str(path)!r}", hint=OTHER_MODEL)
        if not path.is_file():
            raise ModelError(f"not a model file: {str(path)!r}", hint=OTHER_MODEL)
        with path.open("rb") as stream:
            start = stream.read(SIGNATURE_LENGTH)
        if path.stat().st_size > MAX_MODEL_BYTES:
            raise _too_large_error(path)
    except OSError as error:
        raise unreadable_error(path, error) from error
    if not start:
        raise ModelError(f"empty model file {str(path)!r}", hint=OTHER_MODEL)
    if (kind := _other_kind(start)) is not None:
        keras_file = path.with_suffix(".keras")
        known = keras_file != path and keras_file.is_file()
        raise ModelError(
            f"{str(path)!r} {kind.model_message}",
            hint=f"--model {shlex.quote(str(keras_file))}" if known else OTHER_MODEL,
        )


def read_model_file(path: Path) -> bytes:
    """Read a file that can be a model file, once: what is checked is then what is loaded.

    Args:
        path: The file.

    Raises:
        ModelError: The file is missing, cannot be read, is empty, too large, not a regular
            file or of another format.
    """
    check_model_file(path)
    try:
        # It may have been replaced since (TOCTOU).
        with open_regular(path) as stream:
            content = stream.read(MAX_MODEL_BYTES + 1)
    except OSError as error:
        raise unreadable_error(path, error) from error
    if len(content) > MAX_MODEL_BYTES:
        raise _too_large_error(path)
    return content


def is_complete(path: Path) -> bool:
    """Return whether a `.keras` file is a complete zip archive; a truncated file is not."""
    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False


def unreadable_error(path: Path, error: OSError) -> ModelError:
    """Return the error for a model that the operating system does not let us read."""
    reason = os_reason(error)
    return ModelError(f"cannot read model {str(path)!r}: {reason}", hint=OTHER_MODEL)


def _too_large_error(path: Path) -> ModelError:
    return ModelError(
        f"{str(path)!r} is too large for a digit classifier: more than {MAX_MODEL_BYTES >> 20} MiB",
        hint=OTHER_MODEL,
    )


def _other_kind(start: bytes) -> FileKind | None:
    """Return the kind of a file that is not a model; None for one that can be a model."""
    kind = identify(start)
    if kind in MODEL_FILES:
        return ARCHIVE if start.startswith(_GZIP) else None
    # The members of an archive are checked when it is read as a model.
    return None if kind is ARCHIVE and start.startswith(_ZIP) else kind
