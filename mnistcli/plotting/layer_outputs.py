"""Outputs of intermediate layers: filters, feature maps (activation maps), features of digits."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from mnistcli.mnist_format import to_model_input

_BATCH_SIZE = 256
# Outside training, their outputs have the values of their inputs.
_UNCHANGED = (layers.InputLayer, layers.Flatten, layers.Reshape, layers.Dropout)
_NAMES = {
    "Conv2D": "convolution",
    "DepthwiseConv2D": "depthwise convolution",
    "SeparableConv2D": "separable convolution",
    "MaxPooling2D": "max-pooling",
    "AveragePooling2D": "average pooling",
    "BatchNormalization": "batch normalization",
    "Dense": "dense",
    "ReLU": "ReLU",
    "relu": "ReLU",
    "Softmax": "softmax",
}


class Block(NamedTuple):
    """A layer with weights and the layers that follow it, up to the next one with weights.

    Attributes:
        layers: Descriptions of the layers, such as ``convolution 3x3``.
        values: The output of the last layer for one image, float32 (h, w, maps) or (units,).
    """

    layers: tuple[str, ...]
    values: NDArray[np.float32]


class _Level(NamedTuple):
    """A model or a nested model, with its layers that are not models.

    Attributes:
        model: The model.
        prepare: Returns the inputs of the model, given the inputs of the outermost one.
        layers: The layers.
    """

    model: keras.Model
    prepare: Callable[[Any], Any]
    layers: Sequence[keras.Layer]

    def function(self, outputs: Any) -> Callable[[NDArray[np.uint8]], Any]:
        """Return a function that computes symbolic outputs of the layers.

        Its images are uint8 (n, 28, 28).
        """
        network = keras.Model(self.model.inputs[0], outputs)

        def compute(images: NDArray[np.uint8]) -> Any:
            inputs = keras.ops.convert_to_tensor(to_model_input(images))
            return network(self.prepare(inputs), training=False)

        return compute


def first_convolution(
    model: keras.Model, image: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the filters of the first convolution of a model, and their feature maps of an image.

    Args:
        model: A model built by `build_model`, or one that contains an external model.
        image: uint8 (28, 28).

    Returns:
        The kernels, float32 (kernel height, kernel width, channels, filters), and the feature maps,
        float32 (height, width, filters).

    Raises:
        ValueError: The model has no convolution.
    """
    found = _find_convolution(model)
    if found is None:
        raise ValueError("the model has no convolution")
    level, layer = found
    maps = level.function(layer.output)(image[None])
    return keras.ops.convert_to_numpy(layer.kernel), _to_array(maps)[0]


def has_convolution(model: keras.Model) -> bool:
    """Return whether a model has a convolution."""
    return _find_convolution(model) is not None


def block_outputs(model: keras.Model, image: NDArray[np.uint8]) -> list[Block]:
    """Return the activations of a model for an image, one output for each block of layers.

    Args:
        model: A model built by `build_model`, or one that contains an external model.
        image: uint8 (28, 28).
    """
    blocks: list[Block] = []
    for level in _levels(model):
        named = [layer for layer in level.layers if not isinstance(layer, _UNCHANGED)]
        if not named:
            continue
        outputs = level.function([layer.output for layer in named])(image[None])
        for layer, output in zip(named, keras.tree.flatten(outputs), strict=True):
            values = _to_array(output)[0]
            if blocks and not _has_kernel(layer):
                blocks[-1] = Block((*blocks[-1].layers, _describe(layer)), values)
            else:
                blocks.append(Block((_describe(layer),), values))
    return blocks


def hidden_features(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the features of the last hidden (penultimate) layer.

    They are the inputs of the last layer with weights.

    Args:
        model: A model built by `build_model`, or one that contains an external model.
        images: uint8 (n, 28, 28).

    Returns:
        float32 (n, features).

    Raises:
        ValueError: The model has no hidden layer.
    """
    if not has_hidden_layer(model):
        raise ValueError("the model has no hidden layer")
    level, layer = _kernel_layers(model)[-1]
    compute = level.function(layer.input)
    batches = [
        _to_array(compute(images[start : start + _BATCH_SIZE]))
        for start in range(0, len(images), _BATCH_SIZE)
    ]
    return np.concatenate(batches).reshape(len(images), -1)


def has_hidden_layer(model: keras.Model) -> bool:
    """Return whether a model has a layer with weights before the last one."""
    return len(_kernel_layers(model)) > 1


def _find_convolution(model: keras.Model) -> tuple[_Level, layers.Conv2D] | None:
    """Return the first convolution with its level."""
    convolutions = (
        (level, layer)
        for level in _levels(model)
        for layer in level.layers
        if isinstance(layer, layers.Conv2D)
    )
    return next(convolutions, None)


def _kernel_layers(model: keras.Model) -> list[tuple[_Level, keras.Layer]]:
    """Return the layers with a kernel, each with its level."""
    return [
        (level, layer) for level in _levels(model) for layer in level.layers if _has_kernel(layer)
    ]


def _levels(model: keras.Model, prepare: Callable[[Any], Any] = lambda x: x) -> Iterator[_Level]:
    """Yield the levels of a model in the order of the computation.

    The layers before a nested model only prepare its inputs.
    """
    layers = model.layers
    inner = next((layer for layer in layers if isinstance(layer, keras.Model)), None)
    if inner is not None:
        yield from _levels(inner, lambda inputs: _input_of(model, inner, prepare(inputs)))
        layers = layers[layers.index(inner) + 1 :]
    yield _Level(model, prepare, [layer for layer in layers if not isinstance(layer, keras.Model)])


def _input_of(model: keras.Model, inner: keras.Model, inputs: Any) -> Any:
    """Return the values that reach a nested model, before which there are no branches."""
    for layer in model.layers:
        if layer is inner:
            break
        if isinstance(layer, layers.Concatenate):  # of one channel to three
            inputs = layer([inputs] * 3)
        elif not isinstance(layer, layers.InputLayer):
            inputs = layer(inputs, training=False)
    return inputs


def _has_kernel(layer: keras.Layer) -> bool:
    return any(hasattr(layer, name) for name in ("kernel", "depthwise_kernel"))


def _describe(layer: keras.Layer) -> str:
    """Describe a layer in words, with the size of its kernel and its activation."""
    kind = type(layer).__name__
    text = _NAMES.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    size = getattr(layer, "kernel_size", None)
    if size is not None:
        text += " " + "\N{MULTIPLICATION SIGN}".join(map(str, size))
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation == "linear" or kind == "ReLU":
        return text
    name = _NAMES.get(activation, activation)
    return name if kind == "Activation" else f"{text}, {name}"


def _to_array(values: Any) -> NDArray[np.float32]:
    array: NDArray[np.float32] = keras.ops.convert_to_numpy(values)
    return array
