"""Replicas: data parallelism on several GPUs of a machine, each with a copy of the model.

Each replica trains on a part of each batch. Multi-GPU training is synchronous: TensorFlow's
`MirroredStrategy` sums the gradients of all replicas in each step, which keeps them equal. Without
dropout, augmentation and repeated images, the weights are the same as on one GPU, up to rounding.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli.architectures import leaf_layers
from mnistcli.errors import DeviceError

# Replica n adds n times this number to every seed. The seeds of layers and of runs are successive
# numbers, so the seeds of two replicas do not meet.
_SEED_DISTANCE = 1_000_003
# Name of the variable of `keras.random.SeedGenerator`.
_SEED_STATE = "seed_generator_state"


@contextmanager
def replica_scope(devices: Sequence[str]) -> Iterator[None]:
    """Replicate the models that are built in this context on several devices.

    Args:
        devices: Names of the devices, such as ``gpu:0``. With a single one, this does nothing.
    """
    if len(devices) == 1:
        yield
        return
    import tensorflow as tf  # noqa: PLC0415 - not needed for one device, regardless of the backend

    # Collective operations (all-reduce), the default, fail in a graph of several steps and in
    # synchronized batch normalization: TensorFlow pairs operations of different layers.
    strategy = tf.distribute.MirroredStrategy(devices, tf.distribute.ReductionToOneDevice())
    # The strategy places each replica itself, so the scope of `select_device` ends here.
    with tf.device(None), strategy.scope():
        yield


def require_equal_parts(batch_size: int, devices: Sequence[str]) -> None:
    """Check that a batch can be divided into equal parts, one for each device.

    The loss of a batch is the mean over its parts, so they must have as many images.

    Raises:
        DeviceError: The batch size is not a multiple of the number of devices; the next larger
            multiple is suggested.
    """
    count = len(devices)
    if batch_size % count:
        raise DeviceError(
            f"--batch-size {batch_size} cannot be divided by {count}, the number of GPUs",
            hint=f"--batch-size {round_up(batch_size, count)}",
        )


def padded_indices(images: int, devices: Sequence[str]) -> NDArray[np.int32]:
    """Return the indices of images, padded to a multiple of the number of devices.

    The last batch of an epoch is divided into equal parts as well. The padding repeats the first
    images, fewer than there are devices.

    Args:
        images: Number of images.
        devices: Names of the devices.
    """
    return np.resize(np.arange(images, dtype=np.int32), round_up(images, len(devices)))


def replica_callbacks(
    model: keras.Model, variables: Sequence[keras.Variable], devices: Sequence[str]
) -> list[keras.callbacks.Callback]:
    """Return the callbacks that replicas need; none for one device.

    Args:
        model: The model that is saved; the model in training contains it.
        variables: The variables of the model in training.
        devices: Names of the devices.
    """
    return [ReplicaCallback(model, variables)] if len(devices) > 1 else []


class ReplicaCallback(keras.callbacks.Callback):
    """Decorrelates dropout and augmentation of replicas, and synchronizes batch normalization.

    All replicas would otherwise apply the same dropout mask and the same augmentation.
    Synchronized batch normalization takes the mean and the variance over the whole batch.

    Args:
        model: The model that is saved; the model in training contains it.
        variables: The variables of the model in training.
    """

    def __init__(self, model: keras.Model, variables: Sequence[keras.Variable]) -> None:
        super().__init__()
        self._seeds = [variable for variable in variables if variable.name == _SEED_STATE]
        self._normalizations = [
            layer
            for layer in leaf_layers(model)
            if isinstance(layer, keras.layers.BatchNormalization) and not layer.synchronized
        ]

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras passes them
        """Derive the seeds of all replicas from the saved seeds of the first one."""
        for seed in self._seeds:
            first, *others = seed.value.values
            state = first.numpy()
            for number, other in enumerate(others, start=1):
                other.assign(state + np.array([number * _SEED_DISTANCE, 0]))
        self._synchronize(enabled=True)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras passes them
        """Turn off synchronization: the saved model does not depend on the number of devices."""
        self._synchronize(enabled=False)

    def _synchronize(self, *, enabled: bool) -> None:
        for layer in self._normalizations:
            layer.synchronized = enabled


def round_up(number: int, divisor: int) -> int:
    """Return the lowest multiple of the divisor that is at least the number."""
    return -(-number // divisor) * divisor
