"""LiteRT: run a converted model without TensorFlow, and the files that hold one."""

import os
import threading
import zipfile
from io import SEEK_END, BytesIO
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mnistcli.device import held_back_stderr
from mnistcli.files import sha256, write_atomically
from mnistcli.model_files import check_model_file, unreadable

# A LiteRT file ends with a zip archive, as the format's own metadata tools write it; LiteRT ignores
# it. The entry of this name says which `.keras` file the model was made from.
_NOTE = "mnistcli.txt"
_MAX_NOTE_BYTES = 200
# A LiteRT file has about the size of its weights.
_MAX_BYTES = 1 << 30


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a `.keras` file.

    Raises:
        CheckpointError: The file is missing, cannot be read, is empty or has another format.
    """
    check_model_file(path)
    try:
        return sha256(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error


def file_beside(path: Path) -> Path:
    """Return the path of the LiteRT file that belongs to a `.keras` file."""
    return path.with_suffix(".tflite")


def write(path: Path, model: bytes, digest: str) -> None:
    """Write a LiteRT file with a note about the `.keras` file that it was made from.

    Args:
        path: The file. An existing file is replaced.
        model: The converted model.
        digest: SHA-256 of the `.keras` file.

    Raises:
        OSError: The file cannot be written.
    """
    content = BytesIO(model)
    content.seek(0, SEEK_END)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(_NOTE, _note(model, digest))
    write_atomically(path, content.getvalue())


def read(path: Path, digest: str) -> bytes | None:
    """Read the model in a LiteRT file, if it was made from a certain `.keras` file.

    Args:
        path: The file; it may be missing or damaged.
        digest: SHA-256 of the `.keras` file.

    Returns:
        The model, or None if the file does not hold the model of this `.keras` file.
    """
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return None
        content = path.read_bytes()
        with zipfile.ZipFile(BytesIO(content)) as archive, archive.open(_NOTE) as stream:
            note = stream.read(_MAX_NOTE_BYTES).decode()
        model = content[: int(note.split()[0])]
    except Exception:  # noqa: BLE001 - zipfile raises anything on a damaged file
        return None
    return model if note == _note(model, digest) else None


class Runner:
    """Runs a LiteRT model on all processors; calls from several threads wait for each other.

    Args:
        model: The content of a LiteRT file.
    """

    def __init__(self, model: bytes) -> None:
        with held_back_stderr():
            self._interpreter = Interpreter(model_content=model, num_threads=os.cpu_count())
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._batch_size = 0
        self._lock = threading.Lock()

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities, float32 (n, 10), of images, float32 (n, 28, 28, 1) in 0..1."""
        with self._lock:
            if len(images) != self._batch_size:
                self._interpreter.resize_tensor_input(self._input, images.shape)
                self._interpreter.allocate_tensors()
                self._batch_size = len(images)
            self._interpreter.set_tensor(self._input, images)
            self._interpreter.invoke()
            probabilities: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return probabilities


def _note(model: bytes, digest: str) -> str:
    return f"{len(model)} {sha256(model)} {digest}"
