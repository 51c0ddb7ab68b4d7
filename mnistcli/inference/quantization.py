"""Quantization: convert a model to LiteRT with int8 weights and activations."""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli.errors import ModelError
from mnistcli.files.atomic import temporary_directory
from mnistcli.inference.litert_conversion import quiet_tensorflow
from mnistcli.mnist_format import to_model_input
from mnistcli.system.stderr_capture import hold_back_stderr


def quantize(model: keras.Model, training_images: NDArray[np.uint8]) -> bytes:
    """Convert a model to LiteRT with post-training quantization to int8.

    Images and probabilities of the converted model stay float32.

    Args:
        model: Maps float32 (n, 28, 28, 1) in 0..1 to probabilities (n, 10).
        training_images: Images that show the range of the activations, uint8 (n, 28, 28).

    Returns:
        The content of the LiteRT file.

    Raises:
        ModelError: The model cannot be converted.
    """

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for image in training_images:
            yield [to_model_input(image[None])]

    try:
        with temporary_directory() as directory, hold_back_stderr(), quiet_tensorflow():
            model.export(directory, format="tf_saved_model", verbose=False)
            converter = tf.lite.TFLiteConverter.from_saved_model(str(directory))
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = representative
            content: bytes = converter.convert()
            return content
    except Exception as error:  # the converter can raise any exception
        raise ModelError(
            "LiteRT cannot compute a layer of the model with int8", hint="--format litert"
        ) from error
