"""Configuration: sanitize the JSON of a model by rebuilding it from the parts that are known.

What is not rebuilt does not reach Keras: the compilation (optimizer, losses, metrics) and the
shapes for building are dropped at every depth, and everything unknown is refused.
"""

import json
import math
from typing import Any

from mnistcli.model_check.allowlist import (
    ACTIVATION_LAYERS,
    DTYPES,
    FUNCTIONAL,
    INPUT_LAYER,
    LAYERS_MODULE,
    MODELS,
    OBJECTS,
    SETTINGS,
)
from mnistcli.model_check.layer_rules import LAYER_RULES, OPERATION_RULES
from mnistcli.model_check.nodes import Node, rebuild_input_and_output, rebuild_nodes
from mnistcli.model_check.refusal import RefusedModelError, require, shorten

MAX_LAYERS = 500
"""Maximum number of layers of a model and its nested models: Keras takes 20 ms for each."""
_MAX_DEPTH = 8  # nesting of models and layers
_MAX_LIST = 1000
_MAX_LIST_DEPTH = 4
_MAX_TEXT = 200
_MAX_NUMBER = 1 << 32
_WRAPPERS = frozenset({"Bidirectional", "TimeDistributed"})


def parse_config(text: bytes) -> Any:
    """Parse JSON; the number NaN and infinite numbers, which Keras does not write, are refused.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: The JSON is nested too deeply.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def rebuild_model(config: Any) -> Node:
    """Rebuild the configuration of a model from the known parts.

    Args:
        config: The content of ``config.json``.

    Returns:
        A new configuration of the same model.

    Raises:
        RefusedModelError: The configuration contains something unknown.
    """
    class_path = _class_path(config)
    if class_path not in MODELS:
        raise _unknown_class_error(class_path)
    return _Rebuilder().layer(config, depth=0)


class _Rebuilder:
    """Rebuilds one configuration and counts its layers."""

    def __init__(self) -> None:
        self._count = 0

    def layer(self, node: Any, *, depth: int) -> Node:
        """Rebuild a layer, an operation or a model."""
        self._count += 1
        require(self._count <= MAX_LAYERS, f"has more than {MAX_LAYERS} layers")
        require(depth <= _MAX_DEPTH, f"has layers nested more than {_MAX_DEPTH} deep")
        module, name = class_path = _class_path(node)
        config = node.get("config")
        if not isinstance(config, dict):
            raise RefusedModelError(f"has a layer without a configuration: {shorten(name)}")
        if class_path in MODELS:
            module, name = MODELS[class_path]
            rebuilt = self._rebuild_model(
                config, functional=MODELS[class_path] == FUNCTIONAL, depth=depth
            )
        elif class_path == INPUT_LAYER or class_path in OPERATION_RULES:
            rebuilt = self._rebuild_settings(config, depth=depth)
        elif module == LAYERS_MODULE and name in LAYER_RULES.keys() | _WRAPPERS:
            rebuilt = self._rebuild_settings(config, depth=depth, wrapper=name in _WRAPPERS)
        else:
            raise _unknown_class_error(class_path)
        return {"module": module, "class_name": name, "config": rebuilt, "registered_name": None}

    def _rebuild_model(self, config: Node, *, functional: bool, depth: int) -> Node:
        layers = config.get("layers")
        if not isinstance(layers, list):
            raise RefusedModelError("has a model without a list of layers")
        rebuilt: Node = {"name": _require_text(config.get("name"))}
        if isinstance(config.get("trainable"), bool):
            rebuilt["trainable"] = config["trainable"]
        if not functional:
            rebuilt["layers"] = [self.layer(node, depth=depth + 1) for node in layers]
            return rebuilt
        rebuilt["layers"] = [
            self.layer(node, depth=depth + 1) | rebuild_nodes(node) for node in layers
        ]
        return rebuilt | rebuild_input_and_output(config)

    def _rebuild_settings(self, config: Node, *, depth: int, wrapper: bool = False) -> Node:
        settings: Node = {}
        for key, value in config.items():
            if key not in SETTINGS:
                # An unknown setting that is not set makes no difference.
                require(value is None, f"has a layer with the unknown setting {shorten(key)!r}")
            elif wrapper and key in {"layer", "backward_layer"} and value is not None:
                settings[key] = self.layer(value, depth=depth + 1)
            elif key == "batch_shape" and isinstance(value, list):
                sides = _require_plain(value[1:])
                settings[key] = [None, *sides]  # a fixed batch size would not fit others
            else:
                settings[key] = self._rebuild_value(key, value, depth)
        return settings

    def _rebuild_value(self, key: str, value: Any, depth: int) -> Any:
        if key == "dtype":
            return _require_dtype(value)
        if isinstance(value, dict):
            class_path = _class_path(value)
            if class_path[0] == LAYERS_MODULE and class_path[1] in ACTIVATION_LAYERS:
                return self.layer(value, depth=depth + 1)
            return _rebuild_object(value)
        return _require_plain(value)


def _class_path(node: Any) -> tuple[str, str]:
    """Return the module and the class that a part of the configuration names."""
    if not isinstance(node, dict) or "class_name" not in node:
        raise RefusedModelError("is not the configuration of a model of stock Keras layers")
    return str(node.get("module")), str(node["class_name"])


def _unknown_class_error(class_path: tuple[str, str]) -> RefusedModelError:
    return RefusedModelError(
        f"contains more than stock Keras layers: {shorten('.'.join(class_path))}"
    )


def _rebuild_object(node: Node) -> Node:
    """Rebuild an initializer, a regularizer or a constraint; its settings are plain values."""
    class_path = _class_path(node)
    config = node.get("config")
    if class_path not in OBJECTS or not isinstance(config, dict):
        raise _unknown_class_error(class_path)
    settings = {}
    for key, value in config.items():
        known = key in SETTINGS or key in {"l1", "l2"}
        require(known or value is None, f"has a {class_path[1]} with the setting {shorten(key)!r}")
        if known:
            settings[key] = _require_plain(value)
    return {
        "module": class_path[0],
        "class_name": class_path[1],
        "config": settings,
        "registered_name": None,
    }


def _require_dtype(value: Any) -> Any:
    """Rebuild a data type: a name, or a policy with a name."""
    if isinstance(value, dict):
        require(_class_path(value) in OBJECTS, f"has an unknown data type: {shorten(value)}")
        name = _rebuild_object(value)["config"].get("name")
    else:
        name = value
    require(name is None or name in DTYPES, f"has the unknown data type {shorten(name)!r}")
    # Mixed precision has float32 weights, and LiteRT does not compute in float16.
    return "float32" if name in {"mixed_bfloat16", "mixed_float16"} else name


def _require_plain(value: Any, depth: int = 0) -> Any:
    """Check a plain value: none, a bool, a number, a short text, or a list of these."""
    if isinstance(value, list):
        require(
            depth < _MAX_LIST_DEPTH and len(value) <= _MAX_LIST, "has a setting with a long list"
        )
        return [_require_plain(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _require_text(value)
    if isinstance(value, int | float):
        require(
            math.isfinite(value) and abs(value) <= _MAX_NUMBER, "has a setting that is out of range"
        )
        return value
    require(value is None, f"has a setting that is not plain: {shorten(value)}")
    return value


def _require_text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise RefusedModelError("has a name that is too long or not text")
    return value


def _refuse_constant(name: str) -> float:
    raise RefusedModelError(f"has the number {name} in its configuration")
