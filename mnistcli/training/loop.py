"""Training loop: compile the model, and call Keras's `fit` with the indices of images."""

import math
from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli.config import TrainConfig
from mnistcli.training.augmentation import augmentation_layers
from mnistcli.training.callbacks import RunRecorder, plateau_callbacks
from mnistcli.training.data import TrainingData, training_examples
from mnistcli.training.losses import build_accuracy, build_loss, encode_labels
from mnistcli.training.optimizers import build_optimizer
from mnistcli.training.replicas import padded_indices, replica_callbacks, round_up
from mnistcli.training.saving import EpochSaver, NullSaver

# Enough steps to make the overhead of Python negligible, few enough for a smooth progress bar.
_STEPS_PER_EXECUTION = 10


def fit(
    config: TrainConfig,
    model: keras.Model,
    data: TrainingData,
    recorder: RunRecorder,
    saver: EpochSaver | NullSaver,
    *,
    devices: Sequence[str],
) -> None:
    """Train a model with Keras's own loop, over indices instead of images.

    The images stay in memory once, as bytes, and each step gathers its mini-batch by index. Keras's
    input pipeline carries and shuffles the indices only: feeding float images through it takes up
    to half as much time again as training a small model.

    Args:
        config: The config.
        model: The model; its weights are changed.
        data: The images.
        recorder: Receives the progress. Its history has the earlier epochs of a resumed run.
        saver: Saves the epochs, and restores the state of a resumed run.
        devices: Names of the devices. With several, the model has replicas on them, and this
            function is called in their `replica_scope`.
    """
    images, targets = training_examples(config, data.train)
    count = len(images)
    indices = padded_indices(count, devices)
    validation = None
    if data.validation is not None:
        validation_indices = padded_indices(len(data.validation), devices)
        labels = encode_labels(config, data.validation.labels)
        validation = validation_indices + count, labels[validation_indices]
        images = np.concatenate([images, data.validation.images])
    index = keras.Input((), dtype="int32")
    store = ImageStore(images)
    batch = store(index)
    for layer in augmentation_layers(config):
        batch = layer(batch)
    indexed = keras.Model(index, model(batch))
    indexed.compile(
        optimizer=build_optimizer(config, math.ceil(len(indices) / config.batch_size)),
        loss=build_loss(config),
        metrics=[build_accuracy(config)],
        steps_per_execution=_STEPS_PER_EXECUTION,
    )
    # `fit` would do this inside the compiled step and compile the step twice.
    indexed.optimizer.build(indexed.trainable_variables)
    saver.variables = [
        variable
        for variable in (*indexed.variables, *indexed.optimizer.variables)
        if variable is not store.images
    ]
    saver.plateau_callbacks = plateau_callbacks(config)
    indexed.fit(
        indices,
        targets[indices],
        batch_size=config.batch_size,
        epochs=saver.last_epoch or config.epochs,
        initial_epoch=len(recorder.history),
        validation_data=validation,
        validation_batch_size=round_up(max(config.batch_size, 256), len(devices)),
        callbacks=[
            recorder,
            *saver.plateau_callbacks,
            *replica_callbacks(model, indexed.variables, devices),
            saver,
        ],
        verbose=0,
    )


class ImageStore(keras.layers.Layer):
    """Layer that holds images as bytes and returns a batch of them by index.

    Args:
        images: uint8 (n, 28, 28).
    """

    def __init__(self, images: NDArray[np.uint8]) -> None:
        super().__init__()
        self.images = self.add_weight(
            shape=images.shape, dtype="uint8", trainable=False, initializer="zeros"
        )
        self.images.assign(images)

    def call(self, index: keras.KerasTensor) -> keras.KerasTensor:
        """Return float32 (batch, 28, 28, 1) in 0..1 for indices, int32 (batch,)."""
        images = keras.ops.take(self.images, index, axis=0)
        return keras.ops.cast(images[..., None], "float32") / 255
