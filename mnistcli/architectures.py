"""The networks, built from stock Keras layers only, so that any Keras user can load them.

Each takes float32 (n, 28, 28, 1) in 0..1 and gives softmax probabilities (n, 10). In all of them
pooling comes before the ReLU: the largest of a window, cut off at 0, is the same number as the
largest of the cut-off window, and there are four times fewer numbers to cut off.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from mnistcli.config import CLASSES
from mnistcli.errors import CheckpointError
from mnistcli.settings import require_choice

INPUT_SHAPE = (28, 28, 1)


def build_model(arch: str, *, dropout: float = 0.0) -> keras.Model:
    """Return a fresh, uncompiled network.

    Args:
        arch: A name in `ARCHITECTURES` of `mnistcli.config`.
        dropout: Share of the units dropped before the classifying layers.

    Raises:
        ConfigError: No network has that name.
    """
    require_choice("arch", arch, tuple(_BUILDERS))
    return keras.Sequential(
        [keras.Input(INPUT_SHAPE), *_BUILDERS[arch](dropout), layers.Dense(CLASSES, "softmax")],
        name=arch,
    )


def freeze_early(network: keras.Model) -> None:
    """Leave only the last convolution of a network, and what follows, to be trained.

    Normalization stays as it is everywhere: a few examples say little about the mean of all.

    Args:
        network: As `build_model` makes them; it is changed.
    """
    kinds = [isinstance(layer, layers.Conv2D) for layer in network.layers]
    last = len(kinds) - 1 - kinds[::-1].index(True) if any(kinds) else 0
    for index, layer in enumerate(network.layers):
        normalizes = isinstance(layer, layers.BatchNormalization)
        layer.trainable = index >= last and not normalizes


def unfreeze(network: keras.Model) -> None:
    """Let every layer of a network be trained again."""
    for layer in network.layers:  # the network's own flag does not reach them
        layer.trainable = True


def first_convolution(
    network: keras.Model, image: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return what the first convolution of a network has learned, and what it makes of an image.

    Args:
        network: As `build_model` makes them.
        image: uint8 (28, 28).

    Returns:
        The kernels, float32 (height, width, channels in, filters), and the maps that they make of
        the image, float32 (height, width, filters).

    Raises:
        CheckpointError: The network has no convolution.
    """
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D):
            until = keras.Model(network.inputs[0], layer.output)
            batch = image[None, :, :, None].astype(np.float32) / 255
            maps = keras.ops.convert_to_numpy(until(batch, training=False))[0]
            return keras.ops.convert_to_numpy(layer.kernel), maps
    raise CheckpointError(
        "no filters: the network has no convolution", hint="mnistcli plot --kind confusion"
    )


def _simple(dropout: float) -> list[keras.Layer]:
    """The smallest usual CNN: two convolutions, two poolings, one dense layer."""
    return [
        *_conv_block(32),
        *_conv_block(64),
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(64, "relu"),
    ]


def _classic(dropout: float) -> list[keras.Layer]:
    """Two convolutions and a wider dense layer, with dropout right before the softmax."""
    return [
        *_conv_block(32),
        *_conv_block(64),
        layers.Flatten(),
        layers.Dense(128, "relu"),
        layers.Dropout(dropout),
    ]


def _deep(dropout: float) -> list[keras.Layer]:
    """Three convolutions, 32 to 128 filters, with dropout before the dense layer."""
    return [
        *_conv_block(32),
        *_conv_block(64),
        layers.Conv2D(128, 3, activation="relu"),
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(128, "relu"),
    ]


def _fast(dropout: float) -> list[keras.Layer]:
    """The least work that still reads 99 % after one epoch: 293,000 multiplications an image.

    A 6x6 convolution of stride 2 is the usual 3x3 one on 2x2 pixels put side by side. Batch
    normalization lets a quarter of the usual filters do, and comes after pooling, where there is a
    quarter to normalize; its memory is short because there are only some 230 steps.
    """
    return [
        layers.Conv2D(16, 6, strides=2, use_bias=False),
        layers.MaxPooling2D(),
        layers.BatchNormalization(momentum=0.9, scale=False),
        layers.ReLU(),
        layers.Conv2D(48, 3, use_bias=False),
        layers.BatchNormalization(momentum=0.9, scale=False),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(128, "relu"),
    ]


def _accurate(dropout: float) -> list[keras.Layer]:
    """Five normalized convolutions: 13 million multiplications an image, seconds an epoch."""
    return [
        *_normalized(32, 5, pooled=True),
        *_normalized(64, 3, padding="same", pooled=True),
        *_normalized(128, 3, padding="same"),
        *_normalized(128, 3, padding="same"),
        *_normalized(128, 3, pooled=True),
        layers.Flatten(),
        layers.Dropout(dropout),
    ]


def _record(dropout: float) -> list[keras.Layer]:
    """Five 5x5 convolutions that never pool: 137 million multiplications, work for a GPU.

    After "An ensemble of simple convolutional neural network models for MNIST digit recognition"
    (An et al., 2020), which trains the same one for 150 epochs.
    """
    return [
        *(layer for filters in range(32, 161, 32) for layer in _normalized(filters, 5)),
        layers.Flatten(),
        layers.Dropout(dropout),
    ]


def _normalized(
    filters: int, size: int, *, padding: str = "valid", pooled: bool = False
) -> list[keras.Layer]:
    return [
        layers.Conv2D(filters, size, padding=padding, use_bias=False),
        *([layers.MaxPooling2D()] if pooled else []),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]


def _conv_block(filters: int) -> list[keras.Layer]:
    return [layers.Conv2D(filters, 3), layers.MaxPooling2D(), layers.ReLU()]


_BUILDERS: Mapping[str, Callable[[float], list[keras.Layer]]] = MappingProxyType(
    {
        "simple": _simple,
        "classic": _classic,
        "deep": _deep,
        "fast": _fast,
        "accurate": _accurate,
        "record": _record,
    }
)
