"""LiteRT files: a network in the form that runs without TensorFlow."""

import io
import os
import threading
import zipfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mnistcli.device import held_back_stderr
from mnistcli.errors import CheckpointError
from mnistcli.files import sha256, write_atomically

# Where a LiteRT file says whose it is: in a zip archive at its end, the place the format's own
# tools use for notes. LiteRT reads the model before it and stops there.
_NOTE = "mnistcli.txt"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a model file.

    Raises:
        CheckpointError: The file cannot be read.
    """
    try:
        return sha256(path.read_bytes())
    except OSError as error:
        reason = "no such model" if isinstance(error, FileNotFoundError) else "cannot read model"
        raise CheckpointError(f"{reason}: {str(path)!r}", hint="mnistcli train") from error


def file_beside(path: Path) -> Path:
    """Return where the LiteRT file of a `.keras` file lies: beside it."""
    return path.with_suffix(".tflite")


def write(path: Path, model: bytes, digest: str) -> None:
    """Write a LiteRT file with a note of the `.keras` file that it was made from.

    Args:
        path: The file; one that exists is replaced.
        model: The converted model.
        digest: SHA-256 of the `.keras` file.

    Raises:
        OSError: It cannot be written.
    """
    content = io.BytesIO(model)
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(_NOTE, _note(model, digest))
    write_atomically(path, content.getvalue())


def read(path: Path, digest: str) -> bytes | None:
    """Return the model in a LiteRT file, or None where it is not the one that is meant.

    Args:
        path: The file; it may be missing or damaged.
        digest: SHA-256 of the `.keras` file that the model must have been made from.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            note = archive.read(_NOTE).decode()
        model = content[: int(note.split()[0])]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, IndexError):
        return None
    return model if note == _note(model, digest) else None


class Runner:
    """Runs a converted network on all processors, for one caller after the other.

    Args:
        model: The LiteRT model.
    """

    def __init__(self, model: bytes) -> None:
        with held_back_stderr():
            self._interpreter = Interpreter(model_content=model, num_threads=os.cpu_count())
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities, float32 (n, 10), of float32 (n, 28, 28, 1) in 0..1."""
        with self._lock:
            if len(images) != self._size:
                self._size = len(images)
                self._interpreter.resize_tensor_input(self._input, images.shape)
                self._interpreter.allocate_tensors()
            self._interpreter.set_tensor(self._input, images)
            self._interpreter.invoke()
            probabilities: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return probabilities


def _note(model: bytes, digest: str) -> str:
    return f"{len(model)} {sha256(model)} {digest}"
