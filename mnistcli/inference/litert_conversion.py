"""Conversion of Keras models to LiteRT (TFLite), and the fallback that runs a model with Keras."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli.files.atomic import temporary_directory
from mnistcli.files.hashing import sha256
from mnistcli.inference import litert_files
from mnistcli.model_files import read_model_file
from mnistcli.system.stderr_capture import hold_back_stderr


def to_litert(model: keras.Model) -> bytes | None:
    """Convert a model to LiteRT.

    Returns:
        The content of the LiteRT file; None if the model cannot be converted. A layer without a
        LiteRT counterpart prevents it, and only the TensorFlow backend of Keras can convert.
    """
    try:
        with temporary_directory() as directory, hold_back_stderr(), quiet_tensorflow():
            path = directory / "model.tflite"
            model.export(path, format="litert", verbose=False)
            return path.read_bytes()
    except Exception:  # noqa: BLE001 - the converter can raise any exception
        return None


def save_litert(model: keras.Model, path: Path) -> None:
    """Write the LiteRT file that belongs beside a `.keras` file, if the model can be converted.

    Args:
        model: The model in the `.keras` file.
        path: The `.keras` file.

    Raises:
        OSError: The file cannot be written.
    """
    converted = to_litert(model)
    if converted is not None:
        litert_files.write_sidecar(path, converted, sha256(read_model_file(path)))


def build_keras_predictor(
    model: keras.Model,
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return a function that computes the probabilities of images with a Keras model.

    The images are float32 (n, 28, 28, 1) in 0..1, the probabilities float32 (n, 10).
    """

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = keras.ops.convert_to_numpy(
            model(images, training=False)
        ).astype(np.float32)
        return probabilities

    return compute


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Suppress TensorFlow's Python log messages, such as "Assets written to"."""
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
