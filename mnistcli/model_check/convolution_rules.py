"""Rules for output shapes: convolution, transposed convolution, pooling, padding and resizing."""

from collections.abc import Sequence
from functools import partial

from mnistcli.model_check.refusal import require
from mnistcli.model_check.sizes import (
    LayerSize,
    Rule,
    Settings,
    Shape,
    count_elements,
    join_channels,
    read_extents,
    read_pairs,
    read_positive,
    require_single_input,
    slide_window,
    split_channels,
)


def _bias(settings: Settings, filters: int) -> int:
    return filters if settings.get("use_bias", True) else 0


def _window(settings: Settings, shape: Shape, rank: int) -> tuple[Shape, Shape, int]:
    """Return the kernel, the output's sides and the input's channels of a convolution."""
    sides, channels = split_channels(settings, shape)
    kernel, strides, dilation = (
        read_extents(settings, key, rank) for key in ("kernel_size", "strides", "dilation_rate")
    )
    return kernel, slide_window(sides, kernel, strides, settings.get("padding"), dilation), channels


def _convolution(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    kernel, sides, channels = _window(settings, require_single_input(inputs, rank + 1), rank)
    filters, groups = read_positive(settings, "filters"), read_positive(settings, "groups", 1)
    require(channels % groups == 0, "has a layer with invalid groups")
    weights = count_elements(kernel) * (channels // groups) * filters
    return LayerSize(join_channels(settings, sides, filters), weights + _bias(settings, filters))


def _depthwise(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    kernel, sides, channels = _window(settings, require_single_input(inputs, rank + 1), rank)
    filters = channels * read_positive(settings, "depth_multiplier", 1)
    weights = count_elements(kernel) * filters
    return LayerSize(join_channels(settings, sides, filters), weights + _bias(settings, filters))


def _separable(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    kernel, sides, channels = _window(settings, require_single_input(inputs, rank + 1), rank)
    filters = read_positive(settings, "filters")
    inner = channels * read_positive(settings, "depth_multiplier", 1)
    weights = count_elements(kernel) * inner + inner * filters + _bias(settings, filters)
    return LayerSize(
        join_channels(settings, sides, filters), weights, count_elements(sides) * inner
    )


def _transposed(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    sides, channels = split_channels(settings, require_single_input(inputs, rank + 1))
    kernel, strides, dilation = (
        read_extents(settings, key, rank) for key in ("kernel_size", "strides", "dilation_rate")
    )
    slide_window(sides, kernel, strides, "same", dilation)  # checks the dilation
    filters = read_positive(settings, "filters")
    same, explicit = settings.get("padding") == "same", settings.get("output_padding")
    result = []
    for dim, (side, size, step, dilate) in enumerate(
        zip(sides, kernel, strides, dilation, strict=True)
    ):
        span = (size - 1) * dilate + 1
        if explicit is None:
            result.append(side * step if same else side * step + max(span - step, 0))
        else:
            pad = span // 2 if same else 0
            extra = explicit[dim] if isinstance(explicit, list) else explicit
            require(
                isinstance(extra, int) and 0 <= extra < step,
                "has a layer with an invalid output_padding",
            )
            result.append((side - 1) * step + span - 2 * pad + extra)
    weights = count_elements(kernel) * channels * filters + _bias(settings, filters)
    return LayerSize(join_channels(settings, tuple(result), filters), weights)


def _pooling(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    sides, channels = split_channels(settings, require_single_input(inputs, rank + 1))
    pool = read_extents(settings, "pool_size", rank, 2)
    strides = read_extents(settings, "strides", rank, pool)
    pooled = slide_window(sides, pool, strides, settings.get("padding", "valid"), (1,) * rank)
    return LayerSize(join_channels(settings, pooled, channels))


def _global_pooling(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    _, channels = split_channels(settings, require_single_input(inputs, rank + 1))
    keeps = bool(settings.get("keepdims"))
    return LayerSize(join_channels(settings, (1,) * rank, channels) if keeps else (channels,))


def _upsampling(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    sides, channels = split_channels(settings, require_single_input(inputs, rank + 1))
    value = settings.get("size")
    factors = value if isinstance(value, list) else [value] * rank
    require(len(factors) == rank, "has a layer with an invalid size")
    steps = [read_positive({"size": factor}, "size", 2) for factor in factors]
    grown = tuple(side * step for side, step in zip(sides, steps, strict=True))
    return LayerSize(join_channels(settings, grown, channels))


def _padding(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    sides, channels = split_channels(settings, require_single_input(inputs, rank + 1))
    around = read_pairs(settings, "padding", rank)
    grown = tuple(side + sum(pad) for side, pad in zip(sides, around, strict=True))
    return LayerSize(join_channels(settings, grown, channels))


def _cropping(rank: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    sides, channels = split_channels(settings, require_single_input(inputs, rank + 1))
    around = read_pairs(settings, "cropping", rank)
    cropped = tuple(side - sum(cut) for side, cut in zip(sides, around, strict=True))
    return LayerSize(join_channels(settings, cropped, channels))


def _resizing(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    sides, channels = split_channels(settings, require_single_input(inputs, rank=3))
    target = read_positive(settings, "height"), read_positive(settings, "width")
    # An image that keeps its aspect ratio is padded or cropped to at most this square.
    longest = max(*target, *sides)
    keeps = settings.get("crop_to_aspect_ratio") or settings.get("pad_to_aspect_ratio")
    temporary = longest * longest * channels if keeps else 0
    return LayerSize(join_channels(settings, target, channels), 0, temporary)


RULES: dict[str, Rule] = {
    name.format(rank): partial(rule, rank)
    for rank in (1, 2)
    for names, rule in (
        (("Conv{}D",), _convolution),
        (("Conv{}DTranspose",), _transposed),
        (("Cropping{}D",), _cropping),
        (("DepthwiseConv{}D",), _depthwise),
        (("SeparableConv{}D",), _separable),
        (("MaxPooling{}D", "AveragePooling{}D"), _pooling),
        (("GlobalMaxPooling{}D", "GlobalAveragePooling{}D"), _global_pooling),
        (("UpSampling{}D",), _upsampling),
        (("ZeroPadding{}D",), _padding),
    )
    for name in names
}
RULES |= dict.fromkeys(("CenterCrop", "RandomCrop", "Resizing"), _resizing)
"""Rules, keyed by the class name of the layer."""
