"""Checkpoints: save `.keras` files atomically, and check them before Keras loads them."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from mnistcli.architectures import INPUT_SHAPE
from mnistcli.config import CLASSES
from mnistcli.errors import CheckpointError
from mnistcli.files import replace_atomically
from mnistcli.model_files import OTHER_MODEL, check_model_file

# Far more than any digit classifier needs; a small zip archive can unpack to any size.
MAX_WEIGHT_BYTES = 1 << 30
# Keras layers that run code from the file.
_CODE_CARRIERS = {"Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer"}


def save(model: keras.Model, path: Path) -> None:
    """Save a model atomically: the file is always the old one or the complete new one.

    `keras.Model.save` is not atomic: if the process is killed while it writes, the file is damaged.

    Args:
        model: The model.
        path: A `.keras` file. An existing file is replaced.

    Raises:
        OSError: The file cannot be written.
    """
    with replace_atomically(path, ".keras") as temporary:
        model.save(temporary)


def load(path: Path) -> keras.Model:
    """Load the model in a `.keras` file, uncompiled.

    A model file can contain code, and a small file can ask for more memory than there is.
    Therefore the file is checked before Keras builds anything: only stock Keras classes are
    allowed, and only as many parameters as the file has weights for.

    Args:
        path: The file.

    Raises:
        CheckpointError: The file is missing, empty, damaged or of another format, contains other
            classes than those of Keras, or the model does not map (n, 28, 28, 1) to (n, 10).
    """
    check_model_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            weight_bytes = archive.getinfo("model.weights.h5").file_size
        _check_classes(path, config)
        _check_size(path, config, weight_bytes)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # zipfile and Keras raise anything on a damaged file
        # Otherwise Keras would later allocate the variables that `_check_size` created.
        keras.utils.clear_session()
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"not a Keras model, or a damaged file: {str(path)!r}", hint=OTHER_MODEL
        ) from error


def _check_classes(path: Path, node: Any) -> None:
    """Check that a model config, or a part of it, names only Keras classes that run no code."""
    if isinstance(node, dict):
        if "class_name" in node:
            module, name = str(node.get("module")), str(node["class_name"])
            is_stock = module == "keras" or module.startswith("keras.")
            if not is_stock or name in _CODE_CARRIERS:
                raise CheckpointError(
                    f"{str(path)!r} contains more than stock Keras layers: {module}.{name}",
                    hint=OTHER_MODEL,
                )
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            _check_classes(path, value)


def _check_size(path: Path, config: dict[str, Any], weight_bytes: int) -> None:
    """Check the shapes and the number of parameters of a model that is built without weights."""
    with keras.StatelessScope(initialize_variables=False):
        skeleton = keras.saving.deserialize_keras_object(config, safe_mode=True)
        input_shape, output_shape = skeleton.input_shape, skeleton.output_shape
        parameters = skeleton.count_params()
    expected = (None, *INPUT_SHAPE), (None, CLASSES)
    if (input_shape, output_shape) != expected:
        raise CheckpointError(
            f"{str(path)!r} is not a digit classifier: it maps {input_shape} to {output_shape}, "
            f"not {expected[0]} to {expected[1]}",
            hint=OTHER_MODEL,
        )
    # A weight has at least two bytes (float16).
    if weight_bytes > MAX_WEIGHT_BYTES or parameters * 2 > weight_bytes:
        raise CheckpointError(
            f"{str(path)!r} declares {parameters:,} parameters but has {weight_bytes:,} bytes of "
            "weights",
            hint=OTHER_MODEL,
        )
