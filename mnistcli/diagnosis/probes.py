"""Probes (smoke tests) of a child process: start TensorFlow, predict with LiteRT, find MNIST.

``python -m mnistcli.diagnosis.probes NAME`` prints the result of the probe as JSON.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any


def probe_tensorflow() -> dict[str, Any]:
    """Start TensorFlow and Keras, and compute a convolution on the device that training uses.

    Returns:
        The versions, the seconds of the start, and the names of the GPUs.

    Raises:
        Exception: TensorFlow cannot be imported or cannot compute.
    """
    started = time.perf_counter()
    from mnistcli.system.keras_startup import start_quietly

    start_quietly(verbose=True)
    import keras
    import tensorflow as tf

    seconds = time.perf_counter() - started
    keras.ops.conv(keras.ops.ones((1, 8, 8, 1)), keras.ops.ones((3, 3, 1, 1)))
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "seconds": seconds,
        "gpus": [str(gpu.get("device_name", "GPU")) for gpu in details],
        "cuda": bool(tf.test.is_built_with_cuda()),
    }


def probe_litert() -> dict[str, Any]:
    """Predict an empty image with the packaged model and LiteRT.

    Returns:
        The seconds of loading and prediction, including imports.

    Raises:
        Exception: LiteRT cannot be imported, or the model cannot be loaded.
    """
    started = time.perf_counter()
    import ai_edge_litert.interpreter  # noqa: F401 - without it, Keras would predict
    import numpy as np

    from mnistcli.inference.loading import load_classifier
    from mnistcli.model_lookup import PRETRAINED, find_model

    classifier = load_classifier(find_model(PRETRAINED).files)
    classifier.predict(np.zeros((1, 28, 28), np.uint8))
    return {"seconds": time.perf_counter() - started}


def probe_mnist() -> dict[str, Any]:
    """Find the MNIST files that training would read, and verify them.

    Returns:
        Their path; None if training would download them.

    Raises:
        Exception: The files are damaged, or a library cannot be imported.
    """
    from mnistcli.datasets.mnist import locate_mnist

    path = locate_mnist()
    return {"path": None if path is None else str(path)}


PROBES: Mapping[str, Callable[[], dict[str, Any]]] = MappingProxyType(
    {"tensorflow": probe_tensorflow, "litert": probe_litert, "mnist": probe_mnist}
)
"""The probes, keyed by name."""


def main(name: str) -> None:
    """Run a probe and print its result, or the error that it has raised, as one line of JSON."""
    try:
        result = PROBES[name]()
    except Exception as error:  # noqa: BLE001 - a broken library can raise any exception
        result = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(f"\n{json.dumps(result)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
