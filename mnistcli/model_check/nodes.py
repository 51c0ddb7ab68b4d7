"""Nodes: rebuild the computation graph of a functional model, the connections of its layers."""

from collections.abc import Mapping
from typing import Any

from mnistcli.model_check.allowlist import DTYPES
from mnistcli.model_check.refusal import RefusedModelError, require

Node = dict[str, Any]
"""The configuration of a model or a layer, or a call of a layer."""

_MAX_CALLS = 64  # of one layer
_MAX_TENSORS = 64  # of one call
_MAX_RANK = 8
_MAX_TEXT = 200
_TENSOR = "__keras_tensor__"
# Arguments of calls. Masks are never set in a model of digits.
_EMPTY_KEYWORDS = {"attention_mask", "initial_state", "mask", "training"}
_TENSOR_KEYWORDS = {"key", "query", "value"}


def rebuild_nodes(node: Any) -> Node:
    """Rebuild the name of a layer of a functional model and its calls.

    Returns:
        The keys ``name`` and ``inbound_nodes``.

    Raises:
        RefusedModelError: A call has arguments other than layer outputs and numbers.
    """
    calls = node.get("inbound_nodes")
    if not isinstance(calls, list) or len(calls) > _MAX_CALLS:
        raise RefusedModelError("has a layer without a list of connections")
    return {
        "name": _require_name(node.get("name")),
        "inbound_nodes": [_rebuild_call(call) for call in calls],
    }


def rebuild_input_and_output(config: Node) -> Node:
    """Rebuild the input and the output of a functional model; it has one of each.

    Raises:
        RefusedModelError: The model has several inputs or outputs, or none.
    """
    return {key: _rebuild_model_end(config.get(key)) for key in ("input_layers", "output_layers")}


def producer(tensor: Mapping[str, Any]) -> tuple[str, int]:
    """Return the layer that computes a tensor, and the number of the call of that layer."""
    name, call, _ = tensor["config"]["keras_history"]
    return name, call


def _rebuild_call(call: Any) -> Node:
    if not isinstance(call, dict):
        raise RefusedModelError("has connections in the format of Keras 2: save it with Keras 3")
    arguments, keywords = call.get("args"), call.get("kwargs")
    if not isinstance(arguments, list) or not isinstance(keywords, dict):
        raise RefusedModelError("has a layer that is called without arguments")
    require(len(arguments) <= _MAX_TENSORS, "has a layer with too many inputs")
    rebuilt: Node = {}
    for name, value in keywords.items():
        if name == "training" and isinstance(value, bool):
            rebuilt[name] = value
        elif name in _TENSOR_KEYWORDS and value is not None:
            rebuilt[name] = _rebuild_tensor(value)
        else:
            require(
                name in _EMPTY_KEYWORDS and not value and not isinstance(value, dict),
                f"has a layer that is called with {str(name)[:40]!r}",
            )
    return {"args": [_rebuild_argument(value) for value in arguments], "kwargs": rebuilt}


def _rebuild_argument(value: Any) -> Any:
    if isinstance(value, list):
        require(len(value) <= _MAX_TENSORS, "has a layer with too many inputs")
        return [_rebuild_tensor(item) for item in value]
    if isinstance(value, int | float):  # of an operation, such as 255 in `images / 255`
        require(abs(value) <= 1e30, "has a number that is out of range")
        return value
    return _rebuild_tensor(value)


def _rebuild_tensor(value: Any) -> Node:
    config = value.get("config") if isinstance(value, dict) else None
    if not isinstance(config, dict) or value.get("class_name") != _TENSOR:
        raise RefusedModelError("has a layer called with something other than layer outputs")
    dtype, shape = config.get("dtype"), config.get("shape")
    require(dtype in DTYPES, "has an output of an unknown data type")
    if not isinstance(shape, list) or len(shape) > _MAX_RANK:
        raise RefusedModelError("has an output without a shape")
    require(all(side is None or _is_index(side) for side in shape), "has an output without a shape")
    return {
        "class_name": _TENSOR,
        "config": {
            "shape": shape,
            "dtype": dtype,
            "keras_history": _rebuild_output_reference(config.get("keras_history")),
        },
    }


def _rebuild_model_end(value: Any) -> list[Any]:
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    return _rebuild_output_reference(value)


def _rebuild_output_reference(value: Any) -> list[Any]:
    """Check a reference to an output: name of the layer, number of its call, number of output."""
    if not isinstance(value, list) or len(value) != 3:
        raise RefusedModelError("has several inputs or outputs")
    name, call, output = value
    require(_is_index(call) and output == 0, "has a layer with several outputs")
    return [_require_name(name), call, 0]


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32


def _require_name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise RefusedModelError("has a layer without a name")
    return value
