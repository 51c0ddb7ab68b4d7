"""Conversion of Keras models to ONNX by tf2onnx, and ONNX Runtime: the extra `export`."""

import warnings
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli.inference.litert_conversion import quiet_tensorflow
from mnistcli.system.stderr_capture import hold_back_stderr


def write_onnx(model: keras.Model, path: Path) -> None:
    """Convert a model to ONNX. The opset is the default of tf2onnx.

    Args:
        model: The model.
        path: The file to write.

    Raises:
        Exception: The converter can raise any exception for a layer that it does not know.
    """
    with hold_back_stderr(), quiet_tensorflow(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf2onnx uses old names of NumPy
        model(np.zeros((1, *model.input_shape[1:]), np.float32), training=False)
        model.export(path, format="onnx", verbose=False)


def load_onnx(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return a function that computes the outputs of an ONNX model with ONNX Runtime.

    Args:
        path: The file.

    Raises:
        Exception: The runtime can raise any exception for a file that it cannot run.
    """
    from onnxruntime import InferenceSession  # noqa: PLC0415 - an extra

    with hold_back_stderr():
        session = InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        outputs: NDArray[np.float32] = session.run(None, {entry.name: images})[0]
        return outputs

    return compute
