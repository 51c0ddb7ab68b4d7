"""Checkpoints: save `.keras` files atomically, and load those that have been checked."""

import json
import tempfile
import zipfile
from pathlib import Path

import keras

from mnistcli.architectures import INPUT_SHAPE
from mnistcli.config import CLASSES
from mnistcli.errors import CheckpointError
from mnistcli.files import replace_atomically
from mnistcli.model_check import CheckedModel, check_model
from mnistcli.model_check.check import damaged


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

    Args:
        path: The file. It is checked before Keras sees it, see `mnistcli.model_check`.

    Raises:
        CheckpointError: The file is missing, damaged, of another format or not acceptable, or the
            model does not map (n, 28, 28, 1) to (n, 10).
    """
    return load_checked(check_model(path))


def load_checked(checked: CheckedModel) -> keras.Model:
    """Load a model that has been checked, uncompiled.

    Args:
        checked: The parts of the file. The file itself is not read again.

    Raises:
        CheckpointError: Keras cannot build the model or does not find its weights.
        OSError: There is no temporary directory.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        _write(checked, path)
        try:
            _check_shapes(checked)
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises anything on a configuration that it cannot build
            # Otherwise Keras would later allocate the variables that `_check_shapes` created.
            keras.utils.clear_session()
            if isinstance(error, CheckpointError):
                raise
            raise damaged(checked.path) from error


def _write(checked: CheckedModel, path: Path) -> None:
    """Write the checked parts as a `.keras` file, the form in which Keras takes them."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
        archive.writestr("config.json", json.dumps(checked.config))
        archive.writestr("model.weights.h5", checked.weights)


def _check_shapes(checked: CheckedModel) -> None:
    """Build the model without weights and check what the rules of the check have computed."""
    with keras.StatelessScope(initialize_variables=False):
        skeleton = keras.saving.deserialize_keras_object(checked.config, safe_mode=True)
        shapes = skeleton.input_shape, skeleton.output_shape
        parameters = skeleton.count_params()
    if shapes != ((None, *INPUT_SHAPE), (None, CLASSES)) or parameters > len(checked.weights):
        raise damaged(checked.path)
