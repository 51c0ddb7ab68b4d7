"""Legacy HDF5, for backward compatibility: read a model that Keras 2 or 3 saved as `.h5`.

The configuration is translated to the format of a `.keras` file and then checked like any other.
The weights are copied into a new file, so that nothing else of the file reaches Keras.
"""

import io
from collections.abc import Iterator
from typing import Any

import h5py

from mnistcli.model_check.allowlist import FUNCTIONAL, LAYERS_MODULE, SEQUENTIAL
from mnistcli.model_check.archive import MAX_CONFIG_BYTES
from mnistcli.model_check.hdf5_weights import check_weights
from mnistcli.model_check.layer_rules import LAYER_RULES, OPERATION_RULES
from mnistcli.model_check.nodes import Node
from mnistcli.model_check.refusal import RefusedModelError, require, shorten

SIGNATURE = b"\x89HDF"
_WEIGHTS = "model_weights"
_MAX_OTHER_BYTES = 8 << 20  # besides the arrays
_MAX_NAMES = 4000  # of layers, or of the weights of a layer
_MAX_NAME = 500
_MODELS = {"Functional": FUNCTIONAL, "Model": FUNCTIONAL, "Sequential": SEQUENTIAL}
# Arithmetic writes operations, without their module; layers of the same name come first.
_OPERATIONS = {name: module for module, name in OPERATION_RULES if name not in LAYER_RULES}
_MODULES = {"dtype": "keras", "initializer": "keras.initializers"} | {
    kind: f"keras.{kind}s" for kind in ("constraint", "regularizer")
}
# A setting of recurrent layers that Keras 3 does not have; False is how it always works.
_TIME_MAJOR = "time_major"


def read_config(content: bytes) -> bytes:
    """Read the JSON of the configuration in the content of a `.h5` file, and check its weights.

    Raises:
        RefusedModelError: The file contains no model, a configuration that is too large, or weights
            that `check_weights` refuses.
        Exception: The file is damaged; h5py can raise any exception.
    """
    with h5py.File(io.BytesIO(content), "r") as file:
        require(
            "model_config" in file.attrs,
            "contains only weights or data, not a model: save the whole model, "
            'model.save("m.keras")',
        )
        # The size of a string is not known before it is read; HDF5 makes several copies.
        others = len(content) - check_weights(content)
        require(others <= _MAX_OTHER_BYTES, "has a configuration that is too large")
        attribute = file.attrs.get_id("model_config")
        kind = h5py.check_string_dtype(attribute.dtype)
        is_text = attribute.shape == () and kind is not None
        require(is_text and attribute.dtype.itemsize <= MAX_CONFIG_BYTES, "has no configuration")
        text = file.attrs["model_config"]
    config = text.encode() if isinstance(text, str) else bytes(text)
    require(len(config) <= MAX_CONFIG_BYTES, "has a configuration that is too large")
    return config


def copy_weights(content: bytes) -> bytes:
    """Copy the weights of a `.h5` file that has passed `check_weights` into a new one.

    Raises:
        RefusedModelError: A layer names a weight that does not exist.
        Exception: The file is damaged; h5py can raise any exception.
    """
    stream = io.BytesIO()
    with h5py.File(io.BytesIO(content), "r") as file, h5py.File(stream, "w") as copy:
        source = file[_WEIGHTS]
        layers = _checked_names(source, "layer_names")
        copy.attrs["layer_names"] = layers
        copy.attrs["keras_version"] = _keras_version(source)
        copy.attrs["backend"] = "tensorflow"
        copy.create_group("top_level_model_weights").attrs["weight_names"] = []
        for layer in layers:
            group = copy.create_group(layer)
            weights = _checked_names(source[layer], "weight_names")
            group.attrs["weight_names"] = weights
            for name in weights:
                array = source[layer][name]
                require(isinstance(array, h5py.Dataset), f"has no weight {shorten(name)!r}")
                group.create_dataset(name, data=array[()])
    return stream.getvalue()


def _checked_names(group: h5py.Group, key: str) -> list[str]:
    """Read an attribute with names; Keras splits it into numbered ones if it is long."""
    numbered = [f"{key}{number}" for number in range(_MAX_NAMES) if f"{key}{number}" in group.attrs]
    found = [name for part in numbered or [key] for name in _read_names(group, part)]
    require(len(found) <= _MAX_NAMES, "has too many layers or weights")
    return found


def _read_names(group: h5py.Group, key: str) -> Iterator[str]:
    attribute = group.attrs.get_id(key)
    if attribute.shape in {(0,), None}:
        return
    usual = len(attribute.shape) == 1 and attribute.shape[0] <= _MAX_NAMES
    require(
        usual and h5py.check_string_dtype(attribute.dtype) is not None,
        "has invalid layer or weight names",
    )
    for value in group.attrs[key]:
        name = value if isinstance(value, str) else bytes(value).decode()
        require(0 < len(name) <= _MAX_NAME, "has a name that is empty or too long")
        require(".." not in name and not name.startswith("/"), "has a name that is a path")
        yield name


def _keras_version(group: h5py.Group) -> str:
    """Return "1", "2" or "3", the version of Keras that saved the weights."""
    attribute = group.attrs.get("keras_version", "1")
    version = attribute if isinstance(attribute, str) else bytes(attribute).decode()
    require(version[:1] in {"1", "2", "3"}, "was saved by an unknown version of Keras")
    return version[:1]


def translate(config: Any) -> Node:
    """Translate the configuration of a `.h5` file to the format of a `.keras` file.

    Classes get the module of the stock Keras class of that name. Everything unknown stays as it is,
    to be refused later.

    Raises:
        RefusedModelError: A layer has no configuration, or connections that are unknown.
    """
    return _translate_layer(config)


def _translate_layer(node: Any) -> Node:
    if not isinstance(node, dict) or not isinstance(node.get("config"), dict):
        raise RefusedModelError("is not the configuration of a model of stock Keras layers")
    name = str(node.get("class_name"))
    module, name = _MODELS.get(name, (node.get("module") or _OPERATIONS.get(name), name))
    settings = dict(node["config"])
    if "layers" in settings:
        settings["layers"] = _translate_layers(
            settings["layers"], functional=(module, name) == FUNCTIONAL
        )
    else:
        settings = _translate_settings(name, settings)
    module = module or LAYERS_MODULE
    return {"module": module, "class_name": name, "config": settings, "registered_name": None}


def _translate_layers(layers: Any, *, functional: bool) -> list[Node]:
    if not isinstance(layers, list):
        raise RefusedModelError("has a model without a list of layers")
    if not functional:
        translated = [_translate_layer(layer) for layer in layers]
        # Keras 2 puts the input shape into the first layer as well.
        shapes = [layer["config"].pop("batch_input_shape", None) for layer in translated]
        if shapes and shapes[0] is not None:
            entry = {"name": "input_layer", "batch_shape": shapes[0], "dtype": "float32"}
            translated.insert(0, _translate_layer({"class_name": "InputLayer", "config": entry}))
        return translated
    return [
        _translate_layer(layer)
        | {
            "name": layer.get("name"),
            "inbound_nodes": [_translate_call(call) for call in layer.get("inbound_nodes") or []],
        }
        for layer in layers
    ]


def _translate_settings(name: str, settings: Node) -> Node:
    if name == "InputLayer" and "batch_input_shape" in settings:
        settings["batch_shape"] = settings.pop("batch_input_shape")
    if name == "BatchNormalization" and isinstance(settings.get("axis"), list):
        settings["axis"] = settings["axis"][0] if len(settings["axis"]) == 1 else None
    if settings.get(_TIME_MAJOR) is False:
        del settings[_TIME_MAJOR]
    for key in ("layer", "backward_layer"):
        if isinstance(settings.get(key), dict):
            settings[key] = _translate_layer(settings[key])
    return {key: _translate_object(key, value) for key, value in settings.items()}


def _translate_object(key: str, value: Any) -> Any:
    """Add the module to an initializer, a regularizer, a constraint or a data type."""
    if not isinstance(value, dict) or value.get("module") or "class_name" not in value:
        return value
    kind = key.rpartition("_")[2]
    name = "DTypePolicy" if value["class_name"] == "Policy" else value["class_name"]
    return value | {"module": _MODULES.get(kind), "class_name": name, "registered_name": None}


def _translate_call(call: Any) -> Node:
    """Translate the connections of a call, which Keras 2 writes as lists of references."""
    if isinstance(call, dict):
        return call
    if not isinstance(call, list):
        raise RefusedModelError("has a layer without a list of connections")
    single = call and not isinstance(call[0], list)
    tensors = [_translate_tensor(reference) for reference in ([call] if single else call)]
    return {"args": [tensors if len(tensors) > 1 else tensors[0]] if tensors else [], "kwargs": {}}


def _translate_tensor(reference: Any) -> Node:
    if not isinstance(reference, list) or len(reference) not in {3, 4}:
        raise RefusedModelError("has a layer without a list of connections")
    require(not (len(reference) == 4 and reference[3]), "has a layer that is called with settings")
    config = {"shape": [None], "dtype": "float32", "keras_history": reference[:3]}
    return {"class_name": "__keras_tensor__", "config": config}
