"""Loss with label smoothing, targets and accuracy metric of the training."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli.config import CLASSES, TrainConfig


def build_loss(config: TrainConfig) -> keras.losses.Loss:
    """Return the cross-entropy loss, for integer or one-hot labels with label smoothing."""
    if config.loss == "sparse":
        return keras.losses.SparseCategoricalCrossentropy()
    return keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)


def encode_labels(config: TrainConfig, labels: NDArray[np.int64]) -> NDArray[Any]:
    """Return the targets of the loss: the labels themselves, or one-hot float (n, 10).

    Args:
        config: The config; its loss decides.
        labels: int64 (n,).
    """
    if config.loss == "sparse":
        return labels
    one_hot: NDArray[Any] = keras.utils.to_categorical(labels, CLASSES)
    return one_hot


def build_accuracy(config: TrainConfig) -> "str | keras.metrics.Metric":
    """Return the accuracy metric; it ignores non-digits, which have no correct class."""
    if not config.non_digits:
        return "accuracy"
    return keras.metrics.MeanMetricWrapper(accuracy_on_digits, name="accuracy")


def accuracy_on_digits(
    targets: keras.KerasTensor, probabilities: keras.KerasTensor
) -> keras.KerasTensor:
    """Compute the accuracy of a batch over its digits, leaving out non-digits.

    Args:
        targets: float32 (n, 10); one-hot for a digit, uniform for a non-digit.
        probabilities: float32 (n, 10).

    Returns:
        A scalar, 0..1; 0 for a batch without digits.
    """
    digits = keras.ops.cast(keras.ops.max(targets, axis=-1) > 0.5, "float32")
    correct = keras.ops.cast(
        keras.ops.argmax(targets, axis=-1) == keras.ops.argmax(probabilities, axis=-1), "float32"
    )
    return keras.ops.sum(correct * digits) / keras.ops.maximum(keras.ops.sum(digits), 1)
