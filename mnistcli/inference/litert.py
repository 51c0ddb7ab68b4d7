"""LiteRT (formerly TensorFlow Lite): run a converted model without TensorFlow."""

import os
import threading

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mnistcli.system.processors import thread_limit
from mnistcli.system.stderr_capture import hold_back_stderr


class Runner:
    """Runs a LiteRT model; calls from several threads wait for each other.

    Args:
        model: The content of a LiteRT file.
        threads: The number of threads. Defaults to the limit of the process, or one per processor.
    """

    def __init__(self, model: bytes, *, threads: int | None = None) -> None:
        threads = threads or thread_limit() or os.cpu_count()
        with hold_back_stderr():
            self._interpreter = Interpreter(model_content=model, num_threads=threads)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shape: tuple[int, ...] = ()
        self._lock = threading.Lock()  # an interpreter is not thread-safe

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the output of the model for a batch of images.

        For a classifier, these are the probabilities, float32 (n, 10), of images, float32 (n, 28,
        28, 1) in 0..1. The images of a line recognizer may have any width.
        """
        with self._lock:
            if images.shape != self._shape:
                self._interpreter.resize_tensor_input(self._input, images.shape)
                self._interpreter.allocate_tensors()
                self._shape = images.shape
            self._interpreter.set_tensor(self._input, images)
            self._interpreter.invoke()
            output: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return output
