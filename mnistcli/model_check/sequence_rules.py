"""Sequence rules: output shapes and parameters of recurrent layers and (multi-head) attention."""

from collections.abc import Sequence
from functools import partial

from mnistcli.model_check.refusal import require
from mnistcli.model_check.sizes import (
    LayerSize,
    Rule,
    Settings,
    Shape,
    count_elements,
    read_positive,
    require_single_input,
)

_MAX_UNROLLED = 128  # steps: the graph has a copy of the layer for each


def _recurrent(gates: int, settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    steps, features = require_single_input(inputs, rank=2)
    require(not settings.get("return_state"), "has a layer with several outputs")
    require(
        not settings.get("unroll") or steps <= _MAX_UNROLLED,
        f"has a recurrent layer unrolled over more than {_MAX_UNROLLED} steps",
    )
    units = read_positive(settings, "units")
    bias = 1 if settings.get("use_bias", True) else 0
    parameters = gates * units * (features + units + bias)
    shape = (steps, units) if settings.get("return_sequences") else (units,)
    return LayerSize(shape, parameters, steps * units)


def _multi_head_attention(settings: Settings, inputs: Sequence[Shape]) -> LayerSize:
    require(len(inputs) in {2, 3}, "has a layer with a wrong number of inputs")
    require(
        settings.get("output_shape") is None and settings.get("attention_axes") in (None, [1], 1),
        "has an attention layer with an invalid input shape",
    )
    query, value = (require_single_input([shape], rank=2) for shape in inputs[:2])
    heads, key_dim = read_positive(settings, "num_heads"), read_positive(settings, "key_dim")
    value_dim = read_positive(settings, "value_dim", key_dim)
    key = inputs[2] if len(inputs) > 2 else value
    weights = heads * (
        (query[-1] + key[-1]) * key_dim + value[-1] * value_dim + value_dim * query[-1]
    )
    scores = heads * query[0] * value[0]
    return LayerSize(query, weights, max(scores, heads * max(key_dim, value_dim) * query[0]))


def _attention(_: Settings, inputs: Sequence[Shape]) -> LayerSize:
    require(len(inputs) in {2, 3}, "has a layer with a wrong number of inputs")
    query, value = (require_single_input([shape], rank=2) for shape in inputs[:2])
    return LayerSize((query[0], value[1]), 0, count_elements((query[0], value[0])))


RULES: dict[str, Rule] = {
    "Attention": _attention,
    "GRU": partial(_recurrent, 3),
    "LSTM": partial(_recurrent, 4),
    "MultiHeadAttention": _multi_head_attention,
    "SimpleRNN": partial(_recurrent, 1),
}
"""Rules, keyed by the class name of the layer."""
