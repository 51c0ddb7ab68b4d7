"""Model files for tests: saved by Keras, with harmless changes that a crafted file could have."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"

Node = dict[str, Any]


def read_members(path: Path) -> dict[str, bytes]:
    """Return the members of a `.keras` file, keyed by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_members(
    path: Path, members: dict[str, bytes], *, compression: int = zipfile.ZIP_STORED
) -> Path:
    """Write a `.keras` file."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def change_config(source: Path, target: Path, change: Callable[[Node], None]) -> Path:
    """Copy a `.keras` file with its configuration changed in place by a function."""
    members = read_members(source)
    config = json.loads(members[CONFIG])
    change(config)
    return write_members(target, members | {CONFIG: json.dumps(config).encode()})


def change_weights(source: Path, target: Path, change: Callable[[h5py.File], None]) -> Path:
    """Copy a `.keras` file with its weights changed in place by a function."""
    members = read_members(source)
    stream = io.BytesIO(members[WEIGHTS])
    with h5py.File(stream, "r+") as file:
        change(file)
    return write_members(target, members | {WEIGHTS: stream.getvalue()})


def layer(name: str, *, module: str = "keras.layers", **settings: Any) -> Node:
    """Return the configuration of a layer."""
    return {
        "module": module,
        "class_name": name,
        "config": {"name": name.lower(), **settings},
        "registered_name": None,
    }


def sequential(*layers: Node) -> Node:
    """Return the configuration of a Sequential model of MNIST images and these layers."""
    entry = layer("InputLayer", batch_shape=[None, 28, 28, 1], dtype="float32")
    return layer("Sequential", module="keras", layers=[entry, *layers])


def tensor(name: str, shape: list[int | None], call: int = 0) -> Node:
    """Return a reference to the output of a layer in a functional model."""
    config = {"shape": shape, "dtype": "float32", "keras_history": [name, call, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def weights_file(count: int, *, padding: int = 0) -> bytes:
    """Return an HDF5 file with a number of zeros, and others after it."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=np.zeros(count, np.float32))
        if padding:
            file.create_dataset("padding", data=np.zeros(padding, np.float32))
    return stream.getvalue()


def model_file(path: Path, config: Any, weights: bytes | None = None) -> Path:
    """Write a `.keras` file from the parts."""
    members = {
        "metadata.json": b'{"keras_version": "3.15.1"}',
        CONFIG: config if isinstance(config, bytes) else json.dumps(config).encode(),
        WEIGHTS: weights_file(10_000) if weights is None else weights,
    }
    return write_members(path, members)


def legacy_model(config: Node) -> bytes:
    """Return an `.h5` file of a model whose only weights belong to a `Dense` from 784 to 10.

    Args:
        config: The configuration; a layer ``dense`` has the weights.
    """
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "3.0.0"
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = ["dense"]
        dense = root.create_group("dense")
        dense.attrs["weight_names"] = ["dense/kernel", "dense/bias"]
        dense["dense/kernel"] = np.zeros((784, 10), np.float32)
        dense["dense/bias"] = np.zeros(10, np.float32)
    return stream.getvalue()
