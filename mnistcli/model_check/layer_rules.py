"""Allowlist of layers and operations, each with a rule for its output shape and its parameters.

Lambda, TFSMLayer and other layers that run arbitrary code from the file are not listed, nor is any
custom layer, so they are refused.
"""

from collections.abc import Sequence
from types import MappingProxyType

from mnistcli.model_check import convolution_rules, sequence_rules
from mnistcli.model_check.refusal import RefusedModelError, require
from mnistcli.model_check.sizes import (
    LayerSize,
    Rule,
    Settings,
    Shape,
    axis_index,
    count_elements,
    read_positive,
    require_single_input,
)

__all__ = ["LAYER_RULES", "OPERATION_RULES"]


def _same(_: Settings, inputs: Sequence[Shape]) -> LayerSize:
    """Element-wise layers, and layers that do nothing in a prediction."""
    return LayerSize(require_single_input(inputs))


def _dense(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    shape, units = require_single_input(inputs), read_positive(settings, "units")
    bias = units if settings.get("use_bias", True) else 0
    return LayerSize((*shape[:-1], units), shape[-1] * units + bias)


def _flatten(_: Settings, inputs: Sequence[Shape]) -> LayerSize:
    require(len(inputs) == 1, "has a layer with a wrong number of inputs")
    return LayerSize((count_elements(inputs[0]),))


def _reshape(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    total, target = count_elements(require_single_input(inputs)), settings.get("target_shape")
    if not isinstance(target, list) or not all(isinstance(side, int) for side in target):
        raise RefusedModelError("has a layer with an invalid target_shape")
    known = count_elements(tuple(side for side in target if side != -1))
    require(
        known > 0 and target.count(-1) <= 1 and total % known == 0,
        "has a layer with an invalid target_shape",
    )
    shape = tuple(total // known if side == -1 else side for side in target)
    require(
        min(shape, default=1) > 0 and count_elements(shape) == total,
        "has a layer with an invalid target_shape",
    )
    return LayerSize(shape)


def _permute(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    shape, order = require_single_input(inputs), settings.get("dims")
    require(
        isinstance(order, list) and sorted(order) == list(range(1, len(shape) + 1)),
        "has a layer with invalid dims",
    )
    return LayerSize(tuple(shape[side - 1] for side in order or []))


def _repeat(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    return LayerSize((read_positive(settings, "n"), *require_single_input(inputs, rank=1)))


def _normalization(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    """Batch and layer normalization, and others with up to four numbers per channel."""
    shape, axis = require_single_input(inputs), settings.get("axis", -1)
    axes = axis if isinstance(axis, list) else [] if axis is None else [axis]
    require(len(axes) <= len(shape), "has a layer with an invalid axis")
    channels = tuple(shape[axis_index(item, len(shape))] for item in axes)
    # The smallest number of them: some of the numbers can be switched off.
    used = any(settings.get(key, True) for key in ("center", "scale"))
    return LayerSize(shape, count_elements(channels) if used else 0)


def _prelu(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    shape, shared = require_single_input(inputs), settings.get("shared_axes") or []
    require(isinstance(shared, list), "has a layer with invalid shared_axes")
    together = {axis_index(axis, len(shape)) for axis in shared}
    weights = count_elements(tuple(side for i, side in enumerate(shape) if i not in together))
    return LayerSize(shape, weights)


def _merge(_: Settings, inputs: Sequence[Shape]) -> LayerSize:
    require(len(inputs) >= 1, "has a layer with a wrong number of inputs")
    return LayerSize(_broadcast(inputs))


def _concatenate(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    require(len(inputs) >= 1, "has a layer with a wrong number of inputs")
    first = inputs[0]
    axis = axis_index(settings.get("axis", -1), len(first))
    rest = [(*shape[:axis], *shape[axis + 1 :]) for shape in inputs]
    require(
        all(len(shape) == len(first) for shape in inputs) and len(set(rest)) == 1,
        "has a layer with incompatible input shapes",
    )
    return LayerSize((*first[:axis], sum(shape[axis] for shape in inputs), *first[axis + 1 :]))


def _broadcast(shapes: Sequence[Shape]) -> Shape:
    """Return the shape of an element-wise operation on arrays; a number has the shape ()."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result = []
    for sides in zip(*padded, strict=True):
        largest = max(sides)
        require(set(sides) <= {1, largest}, "has a layer with incompatible input shapes")
        result.append(largest)
    return tuple(result)


_SAME = (
    *("Activation", "ActivityRegularization", "AlphaDropout", "Dropout", "ELU", "GaussianDropout"),
    *("GaussianNoise", "Identity", "LeakyReLU", "Masking", "RandomBrightness", "RandomContrast"),
    *("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "ReLU", "Rescaling"),
    *("Softmax", "SpatialDropout1D", "SpatialDropout2D", "UnitNormalization"),
)

LAYER_RULES: MappingProxyType[str, Rule] = MappingProxyType(
    dict.fromkeys(_SAME, _same)
    | dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"), _merge)
    | dict.fromkeys(
        (
            *("BatchNormalization", "GroupNormalization", "LayerNormalization", "Normalization"),
            "RMSNormalization",
        ),
        _normalization,
    )
    | {
        "Concatenate": _concatenate,
        "Dense": _dense,
        "Flatten": _flatten,
        "PReLU": _prelu,
        "Permute": _permute,
        "RepeatVector": _repeat,
        "Reshape": _reshape,
    }
    | convolution_rules.RULES
    | sequence_rules.RULES
)
"""Rules, keyed by the class name of the layer in ``keras.layers``."""

_NUMPY = "keras.src.ops.numpy"
_NN = "keras.src.ops.nn"
OPERATION_RULES: MappingProxyType[tuple[str, str], Rule] = MappingProxyType(
    dict.fromkeys(
        ((_NUMPY, name) for name in (
            *("Absolute", "Add", "Divide", "Exp", "Log", "Maximum", "Minimum", "Multiply"),
            *("Negative", "Sqrt", "Square", "Subtract", "Tanh", "TrueDivide"),
        )),
        _merge,
    )
    | dict.fromkeys(
        ((_NN, name) for name in (
            *("Elu", "Gelu", "LeakyRelu", "LogSoftmax", "Relu", "Relu6", "Selu", "Sigmoid"),
            *("Silu", "Softmax", "Softplus"),
        )),
        _same,
    )
)  # fmt: skip
"""Rules by module and class of the operations that arithmetic in a functional model writes."""
