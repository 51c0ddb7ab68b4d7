"""Checkpoints: save `.keras` files atomically, and load model files that have been checked."""

import copy
import json
import zipfile
from pathlib import Path

import keras

from mnistcli.errors import ModelError
from mnistcli.files.atomic import replace_atomically, temporary_directory
from mnistcli.mnist_format import NUM_CLASSES
from mnistcli.model_check import CheckedModel, check_model
from mnistcli.model_check.check import damaged_error
from mnistcli.model_check.input_shapes import find_image_shape


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


def compile_for_evaluation(model: keras.Model) -> None:
    """Compile a model, so that other programs can call `evaluate` and `fit` when they load it.

    The optimizer is one without moments, which would double the size of the file.
    """
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])


def load(path: Path) -> keras.Model:
    """Load the model in a `.keras` or `.h5` file, uncompiled.

    Args:
        path: The file. It is checked before Keras sees it, see `mnistcli.model_check`.

    Raises:
        ModelError: The file is missing, damaged, of another format or not acceptable, or the
            model does not map images to (n, 10).
    """
    return load_checked(check_model(path))


def load_checked(checked: CheckedModel) -> keras.Model:
    """Load a model that has been checked, uncompiled.

    Args:
        checked: The parts of the file. The file itself is not read again.

    Raises:
        ModelError: Keras cannot build the model or does not find its weights.
        OSError: There is no temporary directory.
    """
    with temporary_directory() as directory:
        try:
            _check_shapes(checked)
            return _build(checked, directory)
        except Exception as error:  # Keras can raise any exception when it builds a model
            # Otherwise Keras would later allocate the variables that `_check_shapes` created.
            keras.utils.clear_session()
            if isinstance(error, ModelError):
                raise
            raise damaged_error(checked.path) from error


def _build(checked: CheckedModel, directory: Path) -> keras.Model:
    """Build the model from the checked parts, written in a format that Keras loads."""
    if checked.is_legacy:
        path = directory / "model.h5"
        path.write_bytes(checked.weights)
        config = copy.deepcopy(checked.config)
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        model.load_weights(path)
        return model
    path = directory / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
        archive.writestr("config.json", json.dumps(checked.config))
        archive.writestr("model.weights.h5", checked.weights)
    return keras.saving.load_model(path, compile=False, safe_mode=True)


def _check_shapes(checked: CheckedModel) -> None:
    """Build the model without weights, and compare its shapes with those of the check."""
    with keras.StatelessScope(initialize_variables=False):
        # Keras empties the configuration of a functional model.
        config = copy.deepcopy(checked.config)
        skeleton = keras.saving.deserialize_keras_object(config, safe_mode=True)
        input_shape, output_shape = skeleton.input_shape, skeleton.output_shape
        parameters = skeleton.count_params()
    if (
        find_image_shape(input_shape[1:]) != checked.image_shape
        or output_shape != (None, NUM_CLASSES)
        or parameters > len(checked.weights)
    ):
        raise damaged_error(checked.path)
