"""Networks for the exported page: the layers and weights of a `.keras` file, as plain arrays.

Only the layers of the built-in architectures are supported: a chain of convolutions, max pooling,
batch normalization, dense layers and ReLU. The file is checked as any model file is; Keras is not
needed.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mnistcli.errors import OTHER_MODEL, ModelError
from mnistcli.model_check import CheckedModel, check_model

Array = NDArray[np.float32]
Settings = dict[str, Any]

# Settings that must have these values, where a layer has them.
_REQUIRED = {
    "data_format": "channels_last",
    "dilation_rate": [1, 1],
    "groups": 1,
    "axis": -1,
    "max_value": None,
    "negative_slope": 0.0,
    "threshold": 0.0,
}
_WITHOUT_EFFECT = {"InputLayer", "Dropout", "Flatten"}
_ACTIVATIONS = {"linear", "relu", "softmax"}
_WEIGHT_NAMES = {"Conv2D": "conv2d", "Dense": "dense", "BatchNormalization": "batch_normalization"}


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer.

    Attributes:
        kind: ``convolution``, ``pooling``, ``scaling``, ``dense``, ``relu`` or ``softmax``.
        settings: The sizes that it needs.
        weights: The arrays: kernel and bias, or factor and offset.
    """

    kind: str
    settings: Settings = field(default_factory=dict)
    weights: tuple[Array, ...] = ()

    def as_dict(self) -> Settings:
        """Return kind and settings as plain values, with number and bytes of the weights."""
        return {
            "kind": self.kind,
            **self.settings,
            "sizes": [array.size for array in self._encoded_weights],
            "bytesPerWeight": [array.itemsize for array in self._encoded_weights],
        }

    def to_bytes(self) -> bytes:
        """Return the weights in sequence, as float16 (half precision) where that is exact."""
        return b"".join(array.tobytes() for array in self._encoded_weights)

    @cached_property
    def _encoded_weights(self) -> tuple[NDArray[np.float16] | Array, ...]:
        return tuple(map(_encode, self.weights))


def read_network(path: Path) -> list[Layer]:
    """Read the network in a `.keras` file.

    Args:
        path: The file.

    Raises:
        ModelError: The file is damaged or not acceptable, or has a layer that is not supported.
    """
    checked = check_model(path)
    config = checked.config
    if checked.is_legacy or config["class_name"] != "Sequential":
        raise _unsupported_error(path, "it is not a chain of layers in a .keras file")
    return list(_layers(checked, path))


def compute(layers: Sequence[Layer], image: NDArray[np.uint8]) -> Array:
    """Compute the probabilities of an image by a forward pass, as the exported page does.

    Args:
        layers: The network.
        image: A digit in MNIST format, uint8 (28, 28).

    Returns:
        float32 (10,).
    """
    values = image[..., None].astype(np.float32) / np.float32(255)
    for layer in layers:
        values = _COMPUTATIONS[layer.kind](values, layer)
    return values


def _encode(array: Array) -> NDArray[np.float16] | Array:
    """Return an array as float16 if that is exact, else as float32; both are little-endian."""
    with np.errstate(over="ignore"):
        half = array.astype("<f2")
    return half if np.array_equal(half, array) else array.astype("<f4")


def _layers(checked: CheckedModel, path: Path) -> Iterator[Layer]:
    counts: Counter[str] = Counter()
    with h5py.File(io.BytesIO(checked.weights), "r") as file:
        for described in checked.config["config"]["layers"]:
            name, settings = described["class_name"], described["config"]
            if name in _WITHOUT_EFFECT:
                continue
            activation = settings.get("activation", "linear")
            if not _is_known(name, settings) or activation not in _ACTIVATIONS:
                raise _unsupported_error(path, f"its layer {settings['name']!r} is not supported")
            yield _READERS[name](settings, _weights(file, name, counts[name]))
            counts[name] += 1
            if activation != "linear":
                yield Layer(activation)


def _is_known(name: str, settings: Settings) -> bool:
    required = _REQUIRED | ({"padding": "valid"} if name == "MaxPooling2D" else {})
    is_plain = all(settings.get(key, value) == value for key, value in required.items())
    return is_plain and name in _READERS


def _weights(file: h5py.File, name: str, number: int) -> list[Array]:
    """Return the weights of a layer, in the order in which Keras stores them."""
    if name not in _WEIGHT_NAMES:
        return []
    group = _WEIGHT_NAMES[name] + (f"_{number}" if number else "")
    arrays = file[f"layers/{group}/vars"]
    return [np.asarray(arrays[str(index)], np.float32) for index in range(len(arrays))]


def _unsupported_error(path: Path, reason: str) -> ModelError:
    return ModelError(f"cannot export {str(path)!r} as a page: {reason}", hint=OTHER_MODEL)


def _read_convolution(settings: Settings, weights: list[Array]) -> Layer:
    sizes = {
        "size": settings["kernel_size"],
        "strides": settings["strides"],
        "filters": settings["filters"],
        "same": settings["padding"] == "same",
    }
    return Layer("convolution", sizes, tuple(weights))


def _read_pooling(settings: Settings, _: list[Array]) -> Layer:
    return Layer("pooling", {"size": settings["pool_size"], "strides": settings["strides"]})


def _read_normalization(settings: Settings, weights: list[Array]) -> Layer:
    """Fold a batch normalization into a factor and an offset for each channel."""
    arrays = iter(weights)
    gamma = next(arrays) if settings["scale"] else np.float32(1)
    beta = next(arrays) if settings["center"] else np.float32(0)
    mean, variance = (array.astype(np.float64) for array in arrays)
    factor = gamma / np.sqrt(variance + settings["epsilon"])
    offset = beta - mean * factor
    return Layer("scaling", {}, (factor.astype(np.float32), offset.astype(np.float32)))


def _read_dense(settings: Settings, weights: list[Array]) -> Layer:
    return Layer("dense", {"units": settings["units"]}, tuple(weights))


_READERS: dict[str, Callable[[Settings, list[Array]], Layer]] = {
    "Conv2D": _read_convolution,
    "MaxPooling2D": _read_pooling,
    "BatchNormalization": _read_normalization,
    "Dense": _read_dense,
    "ReLU": lambda *_: Layer("relu"),
    "Softmax": lambda *_: Layer("softmax"),
}


def _convolve(values: Array, layer: Layer) -> Array:
    kernel, *bias = layer.weights
    size, strides = layer.settings["size"], layer.settings["strides"]
    if layer.settings["same"]:
        margins = []
        for length, span, step in zip(values.shape[:2], size, strides, strict=True):
            total = max((-(-length // step) - 1) * step + span - length, 0)
            margins.append((total // 2, total - total // 2))
        values = np.pad(values, [*margins, (0, 0)])
    windows = sliding_window_view(values, tuple(size), (0, 1))[:: strides[0], :: strides[1]]
    result: Array = np.einsum("yxcij,ijcf->yxf", windows, kernel, optimize=True)
    return result + bias[0] if bias else result


def _pool(values: Array, layer: Layer) -> Array:
    strides = layer.settings["strides"]
    windows = sliding_window_view(values, tuple(layer.settings["size"]), (0, 1))
    pooled: Array = windows[:: strides[0], :: strides[1]].max(axis=(-2, -1))
    return pooled


def _multiply(values: Array, layer: Layer) -> Array:
    kernel, *bias = layer.weights
    result: Array = values.ravel() @ kernel
    return result + bias[0] if bias else result


def _scale(values: Array, layer: Layer) -> Array:
    factor, offset = layer.weights
    return values * factor + offset


def _softmax(values: Array, _: Layer) -> Array:
    exponentials: Array = np.exp(values - values.max())
    total: np.float32 = exponentials.sum()
    return exponentials / total


_COMPUTATIONS: dict[str, Callable[[Array, Layer], Array]] = {
    "convolution": _convolve,
    "pooling": _pool,
    "scaling": _scale,
    "dense": _multiply,
    "relu": lambda values, _: np.maximum(values, 0),
    "softmax": _softmax,
}
