"""Models saved as .h5 (Keras 2): translated and checked; code and path traversal are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from mnistcli import checkpoints
from mnistcli.errors import ModelError
from mnistcli.model_check import check_model


def residual() -> keras.Model:
    images = keras.Input((28, 28, 1))
    first = layers.Conv2D(2, 3, padding="same", activation="relu")(images / 255.0)
    second = layers.BatchNormalization()(layers.Conv2D(2, 3, padding="same")(first))
    return keras.Model(images, layers.Dense(10)(layers.Flatten()(layers.Add()([first, second]))))


def stack() -> keras.Model:
    inner = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(2, 3), layers.Flatten()])
    return keras.Sequential([keras.Input((28, 28, 1)), inner, layers.Dense(10)])


def change(path: Path, edit: Callable[[h5py.File], None]) -> Path:
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


def change_config(path: Path, edit: Callable[[dict[str, Any]], None]) -> Path:
    def apply(file: h5py.File) -> None:
        config = json.loads(file.attrs["model_config"])
        edit(config)
        file.attrs["model_config"] = json.dumps(config)

    return change(path, apply)


@pytest.fixture
def saved() -> Path:
    stack().save("m.h5")
    return Path("m.h5")


@pytest.mark.parametrize("build", [residual, stack])
def test_a_model_computes_the_same_after_it_was_saved_as_h5(
    build: Callable[[], keras.Model],
) -> None:
    model = build()
    model.compile("adam", "mse", metrics=["accuracy"])
    model.save("m.h5")
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)

    loaded = checkpoints.load(Path("m.h5"))

    np.testing.assert_allclose(loaded(images), model(images), atol=1e-6)


def test_a_model_of_keras_2_is_translated(saved: Path) -> None:
    """Keras 2 writes no modules, `batch_input_shape`, and connections as lists."""
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    model.save(saved)

    def edit(config: dict[str, Any]) -> None:
        entry, flatten, dense = config["config"]["layers"]
        flatten["config"] = {"name": "flatten", "batch_input_shape": entry["config"]["batch_shape"]}
        dense["config"] = {
            "name": "dense",
            "units": 10,
            "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        }
        config["config"] = {"name": "sequential", "layers": [flatten, dense]}

    loaded = checkpoints.load(change_config(saved, edit))

    for ours, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_connections_of_keras_2_are_translated(saved: Path) -> None:
    images = keras.Input((28, 28, 1), name="entry")
    flat = layers.Flatten(name="flat")(images)
    parts = [layers.Dense(10, name=name)(flat) for name in ("a", "b")]
    model = keras.Model(images, layers.Add(name="sum")(parts))
    model.save(saved)

    def edit(config: dict[str, Any]) -> None:
        before = {"entry": [], "flat": ["entry"], "a": ["flat"], "b": ["flat"], "sum": ["a", "b"]}
        config["config"]["input_layers"] = [["entry", 0, 0]]
        for layer in config["config"]["layers"]:
            names = before[layer["name"]]
            layer["inbound_nodes"] = [[[name, 0, 0, {}] for name in names]] if names else []

    loaded = checkpoints.load(change_config(saved, edit))

    batch = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    np.testing.assert_allclose(loaded(batch), model(batch), atol=1e-6)


def test_a_layer_with_code_is_refused(saved: Path) -> None:
    def edit(config: dict[str, Any]) -> None:
        config["config"]["layers"][1] = {"class_name": "Lambda", "config": {"function": "x"}}

    with pytest.raises(ModelError, match=r"more than stock Keras layers: keras\.layers\.Lambda"):
        checkpoints.load(change_config(saved, edit))


def test_weights_in_another_file_or_compressed_are_refused(saved: Path) -> None:
    def link(file: h5py.File) -> None:
        file["model_weights/other"] = h5py.ExternalLink("secret.h5", "/")

    def compress(file: h5py.File) -> None:
        file.create_dataset("model_weights/zeros", data=np.zeros(10_000), compression="gzip")

    for edit, message in ((link, "weights that are links"), (compress, "not stored as plain")):
        stack().save(saved)
        with pytest.raises(ModelError, match=message):
            check_model(change(saved, edit))


def test_nothing_but_weights_is_copied(saved: Path) -> None:
    def edit(file: h5py.File) -> None:
        file.attrs["secret"] = "x" * 1000
        file.create_dataset("model_weights/extra", data=np.zeros(10))

    with h5py.File.in_memory(check_model(change(saved, edit)).weights) as copy:
        assert "secret" not in copy.attrs
        assert "extra" not in copy


@pytest.mark.parametrize("name", ["../../model_weights", "/etc", "x" * 501, ""])
def test_names_that_are_paths_are_refused(name: str, saved: Path) -> None:
    def edit(file: h5py.File) -> None:
        file["model_weights"].attrs["layer_names"] = [name]

    with pytest.raises(ModelError):
        check_model(change(saved, edit))


def test_a_damaged_file_is_named(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:500])

    with pytest.raises(ModelError, match="not a Keras model, or a damaged file"):
        checkpoints.load(saved)
