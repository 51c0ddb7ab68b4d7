"""Saving `.keras` files so that no half file is left, and loading them so that none does harm."""

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import keras

from mnistcli.architectures import INPUT_SHAPE
from mnistcli.config import CLASSES
from mnistcli.errors import CheckpointError

# No network for 28x28 digits needs more; a small zip file can unpack to any size.
MAX_WEIGHT_BYTES = 1 << 30
_CODE_CARRIERS = {"Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer"}
_RETRAIN = "mnistcli train"


def save(model: keras.Model, path: Path) -> None:
    """Write the model so that the file is, at any time, the old one or the whole new one.

    Keras's own saving is not atomic: a kill in the middle leaves a file that cannot be read.

    Args:
        model: The network.
        path: A `.keras` file; one that exists is replaced.
    """
    with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        model.save(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)


def load(path: Path) -> keras.Model:
    """Return the network in a `.keras` file, uncompiled.

    The file is checked before Keras builds anything, for a model file can carry code and a small
    one can ask for more memory than there is: only stock Keras classes are let in, and only as
    many parameters as the file has weights for.

    Args:
        path: The file.

    Raises:
        CheckpointError: It is missing, empty, damaged, of other classes than Keras's own, or its
            network does not take (n, 28, 28, 1) and give (n, 10).
    """
    if not path.is_file():
        raise CheckpointError(f"no such model: {str(path)!r}", hint=_RETRAIN)
    if path.stat().st_size == 0:
        raise CheckpointError(f"empty model file {str(path)!r}", hint=_RETRAIN)
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            weight_bytes = archive.getinfo("model.weights.h5").file_size
        _check_classes(path, config)
        _check_size(path, config, weight_bytes)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # zipfile and Keras raise anything on a damaged file
        # Keras would still give memory to the variables of `_check_size` when it next can.
        keras.utils.clear_session()
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"not a model file, or a damaged one: {str(path)!r}", hint=_RETRAIN
        ) from error


def _check_classes(path: Path, node: Any) -> None:
    """Let in only what Keras itself brings, and nothing that runs code from the file."""
    if isinstance(node, dict):
        if "class_name" in node:
            module, name = str(node.get("module")), str(node["class_name"])
            stock = module == "keras" or module.startswith("keras.")
            if not stock or name in _CODE_CARRIERS:
                raise CheckpointError(
                    f"{str(path)!r} holds more than stock Keras layers: {module}.{name}",
                    hint=_RETRAIN,
                )
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            _check_classes(path, value)


def _check_size(path: Path, config: dict[str, Any], weight_bytes: int) -> None:
    """Build the network without memory for its weights, and compare it with what we can use."""
    with keras.StatelessScope(initialize_variables=False):
        skeleton = keras.saving.deserialize_keras_object(config, safe_mode=True)
        taken, given = skeleton.input_shape, skeleton.output_shape
        parameters = skeleton.count_params()
    if taken != (None, *INPUT_SHAPE) or given != (None, CLASSES):
        raise CheckpointError(
            f"{str(path)!r} is a network for something else: it takes {taken} and gives {given}, "
            f"not {(None, *INPUT_SHAPE)} and {(None, CLASSES)}",
            hint=_RETRAIN,
        )
    # float16 is the smallest kind of weight there is.
    if weight_bytes > MAX_WEIGHT_BYTES or parameters * 2 > weight_bytes:
        raise CheckpointError(
            f"{str(path)!r} asks for {parameters:,} parameters and brings {weight_bytes:,} bytes",
            hint=_RETRAIN,
        )
