"""Sizes: the shape of the output of a layer and the number of its parameters, and small checks."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from mnistcli.model_check.refusal import RefusedModelError, require

Shape = tuple[int, ...]
"""Shape for one image, without the dimension of the batch."""
Settings = Mapping[str, Any]


class LayerSize(NamedTuple):
    """Size of one layer.

    Attributes:
        shape: Shape of its output.
        parameters: Number of its parameters.
        temporary: Number of values in the largest array it computes on the way.
    """

    shape: Shape
    parameters: int = 0
    temporary: int = 0


Rule = Callable[[Settings, Sequence[Shape]], LayerSize]

_MAX_EXTENT = 128  # kernels, strides, pools: more than four times an MNIST image
_MAX_SIDE = 1 << 32


def require_single_input(inputs: Sequence[Shape], rank: int | None = None) -> Shape:
    """Return the shape of the only input, of a certain rank if one is given."""
    require(len(inputs) == 1, "has a layer with a wrong number of inputs")
    require(
        len(inputs[0]) == rank if rank is not None else len(inputs[0]) >= 1,
        "has a layer whose input has a wrong number of dimensions",
    )
    return inputs[0]


def count_elements(shape: Shape) -> int:
    """Return the number of values of a shape."""
    return math.prod(shape)


def read_positive(settings: Settings, key: str, default: int | None = None) -> int:
    """Return a positive integer setting."""
    value = settings.get(key)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MAX_SIDE:
        raise RefusedModelError(f"has a layer with an invalid {key}")
    return value


def read_extents(
    settings: Settings, key: str, rank: int, default: Sequence[int] | int = 1
) -> tuple[int, ...]:
    """Return a setting of one small positive integer per dimension, such as ``kernel_size``."""
    value = settings.get(key)
    value = default if value is None else value
    values = list(value) if isinstance(value, list | tuple) else [value] * rank
    require(len(values) == rank, f"has a layer with an invalid {key}")
    result = []
    for extent in values:
        if isinstance(extent, bool) or not isinstance(extent, int):
            raise RefusedModelError(f"has a layer with an invalid {key}")
        require(1 <= extent <= _MAX_EXTENT, f"has a layer with a {key} above {_MAX_EXTENT}")
        result.append(extent)
    return tuple(result)


def axis_index(axis: Any, rank: int) -> int:
    """Return the index of a dimension of one image; `axis` counts the batch as dimension 0."""
    if isinstance(axis, list) and len(axis) == 1:
        (axis,) = axis
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise RefusedModelError("has a layer with an invalid axis")
    index = axis - 1 if axis > 0 else axis + rank
    require(axis != 0 and 0 <= index < rank, "has a layer with an invalid axis")
    return index


def split_channels(settings: Settings, shape: Shape) -> tuple[Shape, int]:
    """Split a shape, channels last or channels first, into its sides and the number of channels."""
    if settings.get("data_format") == "channels_first":
        return shape[1:], shape[0]
    return shape[:-1], shape[-1]


def join_channels(settings: Settings, sides: Shape, channels: int) -> Shape:
    """Join what `split_channels` has split."""
    require(all(side >= 1 for side in sides), "has a layer without outputs")
    if settings.get("data_format") == "channels_first":
        return (channels, *sides)
    return (*sides, channels)


def slide_window(
    sides: Shape, kernel: Shape, strides: Shape, padding: object, dilation: Shape
) -> tuple[int, ...]:
    """Return the output sides of a sliding window, as of a convolution or pooling."""
    spans = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    require(max(spans, default=1) <= _MAX_EXTENT, "has a layer with too large a window")
    if padding in {"same", "causal"}:
        return tuple(-(-side // step) for side, step in zip(sides, strides, strict=True))
    require(padding == "valid", "has a layer with an unknown padding")
    return tuple(
        (side - span) // step + 1 for side, span, step in zip(sides, spans, strides, strict=True)
    )


def read_pairs(settings: Settings, key: str, rank: int) -> tuple[tuple[int, int], ...]:
    """Return a setting of two integers per dimension, before and after, such as ``padding``."""
    value = settings.get(key)
    values = value if isinstance(value, list) else [value] * rank
    if rank == 1 and len(values) == 2:
        values = [values]
    result = []
    for item in values:
        pair = tuple(item) if isinstance(item, list) else (item, item)
        if len(pair) != 2 or not all(isinstance(side, int) and side >= 0 for side in pair):
            raise RefusedModelError(f"has a layer with an invalid {key}")
        result.append((pair[0], pair[1]))
    require(len(result) == rank, f"has a layer with an invalid {key}")
    return tuple(result)
