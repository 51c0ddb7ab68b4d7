"""Bringing a Keras network into the form that `mnistcli.inference.litert` runs."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli.device import held_back_stderr
from mnistcli.inference import litert


def to_litert(network: keras.Model) -> bytes | None:
    """Return a network as a LiteRT model, or None where it cannot be converted.

    Layers without a LiteRT counterpart cannot, nor can anything without TensorFlow as backend.
    """
    with tempfile.TemporaryDirectory() as folder, held_back_stderr():
        path = Path(folder) / "model.tflite"
        try:
            network.export(path, format="litert", verbose=False)
        except Exception:  # noqa: BLE001 - the converter raises anything; Keras then runs the model
            return None
        return path.read_bytes()


def save_litert(network: keras.Model, path: Path) -> None:
    """Write the LiteRT file that belongs beside a `.keras` file, where the network has one.

    Args:
        network: The network in the file.
        path: The `.keras` file.

    Raises:
        OSError: The file cannot be written.
    """
    model = to_litert(network)
    if model is not None:
        litert.write(litert.file_beside(path), model, litert.digest_of(path))


def run_by_keras(network: keras.Model) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return a network as a function of images, float32 (n, 28, 28, 1) in 0..1."""

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        answer: NDArray[np.float32] = keras.ops.convert_to_numpy(network(images, training=False))
        return answer

    return compute
