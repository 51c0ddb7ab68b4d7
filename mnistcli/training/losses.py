"""Loss with label smoothing, targets and accuracy metric of training.

`TrainConfig` refuses label smoothing with the sparse loss.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli.config import TrainConfig
from mnistcli.mnist_format import NUM_CLASSES


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
    one_hot: NDArray[Any] = keras.utils.to_categorical(labels, NUM_CLASSES)
    return one_hot


def build_accuracy(config: TrainConfig) -> keras.metrics.Metric:
    """Return the accuracy metric; it ignores non-digits, which have no correct class.

    Given only its name, Keras would create the metric inside the compiled step, and compile the
    step twice.
    """
    if config.non_digits:
        return AccuracyOnDigits(name="accuracy")
    if config.loss == "sparse":
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    return keras.metrics.CategoricalAccuracy(name="accuracy")


class AccuracyOnDigits(keras.metrics.Mean):
    """Accuracy over the digits of all batches, leaving out non-digits; 0 without digits.

    Batches can have different numbers of digits, including none.
    """

    def update_state(
        self,
        targets: keras.KerasTensor,
        probabilities: keras.KerasTensor,
        sample_weight: None = None,  # noqa: ARG002 - Keras passes it
    ) -> None:
        """Add a batch.

        Args:
            targets: float32 (n, 10); one-hot for a digit, uniform for a non-digit.
            probabilities: float32 (n, 10).
            sample_weight: Not used.
        """
        correct = keras.ops.argmax(targets, axis=-1) == keras.ops.argmax(probabilities, axis=-1)
        # Not `max(targets) > 0.5`, which fails on a batch without images.
        super().update_state(correct, sample_weight=keras.ops.any(targets > 0.5, axis=-1))
