"""The check of a whole file: no arbitrary code runs, no large allocation, and no TensorFlow.

The file is not read again after the check (no TOCTOU race).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from mnistcli import checkpoints
from mnistcli.errors import ModelError
from mnistcli.inference.classifier import Classifier
from mnistcli.model_check import check_model
from tests.support.model_files import change_config, layer, model_file, sequential

STACK = (layer("Flatten"), layer("Dense", units=10))


class Marked(keras.layers.Layer):
    """Writes a marker file when it is created."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        Path("marker").touch()

    def call(self, inputs: object) -> object:
        return inputs


@pytest.mark.parametrize("place", ["layer", "activation", "initializer"])
def test_a_class_that_the_program_has_registered_is_not_made(place: str, tmp_path: Path) -> None:
    with keras.saving.custom_object_scope({"tests>Marked": Marked}):
        marked = layer("Marked", module="tests") | {"registered_name": "tests>Marked"}
        dense = layer("Dense", units=10)
        if place != "layer":
            dense["config"][place if place == "activation" else "kernel_initializer"] = marked
        stack = [marked] if place == "layer" else []
        path = model_file(tmp_path / "m.keras", sequential(*stack, layer("Flatten"), dense))

        with pytest.raises(ModelError, match="more than stock Keras layers"):
            checkpoints.load(path)

    assert not Path("marker").exists()


def test_the_name_of_a_registered_class_on_a_stock_layer_is_dropped(tmp_path: Path) -> None:
    """Keras would prefer the registered class to the one that module and class name."""
    flatten = layer("Flatten") | {"registered_name": "tests>Marked"}
    path = model_file(tmp_path / "m.keras", sequential(flatten, STACK[1]))

    with keras.saving.custom_object_scope({"tests>Marked": Marked}):
        assert "Marked" not in json.dumps(check_model(path).config)


def test_what_is_loaded_is_what_was_checked(tmp_path: Path) -> None:
    """The file is not read again: it can be replaced between the check and the loading."""
    path = tmp_path / "m.keras"
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10))
    model.save(path)
    checked = check_model(path)
    path.write_bytes(b"replaced")

    assert checkpoints.load_checked(checked).count_params() == 7850


def test_a_pipe_and_a_device_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    (tmp_path / "zero.keras").symlink_to("/dev/zero")

    for name in ("pipe.keras", "zero.keras"):
        with pytest.raises(ModelError, match="not a model file"):
            Classifier.load(tmp_path / name)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = model_file(tmp_path / "m.keras", sequential(*STACK))
    os.truncate(path, 30 << 30)  # sparse: takes no space on the disk

    with pytest.raises(ModelError, match="is too large for a digit classifier"):
        Classifier.load(path)


@pytest.mark.parametrize(
    "stack",
    [
        (layer("Resizing", height=20_000, width=20_000), layer("GlobalMaxPooling2D"), STACK[1]),
        (layer("Flatten"), layer("Dense", units=450_000_000), STACK[1]),
        (layer("Lambda", module="keras.layers"), *STACK),
        (layer("ReLU"),) * 3000,
    ],
    ids=["resizing", "units", "lambda", "layers"],
)
def test_a_crafted_file_is_refused_without_tensorflow_and_memory(
    stack: tuple[dict[str, object], ...], tmp_path: Path
) -> None:
    path = model_file(tmp_path / "m.keras", sequential(*stack))
    code = (
        "import re, sys, time\n"
        "sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from mnistcli.errors import ModelError\n"
        "from mnistcli.inference.classifier import Classifier\n"
        "try: Classifier.load(sys.argv[1])\n"
        "except ModelError as error: print(error.message)\n"
        "status = open('/proc/self/status').read()\n"
        "assert int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) < 300_000, status\n"
        "assert time.process_time() < 3, time.process_time()\n"  # mostly imports
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(repr(str(path)))


def test_a_compiled_model_with_an_unknown_optimizer_is_loaded(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10))
    model.compile("adam", "mse")
    model.save(tmp_path / "m.keras")

    def change(config: dict[str, object]) -> None:
        config["compile_config"] = {"optimizer": {"module": "lib", "class_name": "Special"}}

    path = change_config(tmp_path / "m.keras", tmp_path / "n.keras", change)

    assert checkpoints.load(path).count_params() == 7850
