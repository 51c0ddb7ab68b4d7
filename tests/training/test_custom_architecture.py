"""Custom architectures: the model that a function builds, file errors, training, resuming."""

import re
import shutil
import textwrap
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistcli.architectures import INPUT_NAME
from mnistcli.datasets import Splits
from mnistcli.errors import TrainingError
from mnistcli.evaluation import evaluate
from mnistcli.files.hashing import sha256
from mnistcli.inference import litert_files
from mnistcli.inference.classifier import Classifier
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.training import TrainResult, train
from mnistcli.training.custom_architecture import CustomArchitecture
from tests.support.training import (
    QUICK,
    RecordingCallback,
    compile_single_steps,
    hash_weights,
    skip_litert,
    train_model,
)

SOURCE = """
import keras
from keras import layers
from pathlib import Path

Path("executed").touch()

def build():
    return keras.Sequential(
        [
            layers.Conv2D(4, 5, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, "softmax"),
        ],
        name="mine",
    )
"""
ARCH = "net.py:build"
COPY = Path("run/architecture.py")
OWN = replace(QUICK, arch=ARCH, label_smoothing=0.1)
HEAD = "import keras\nfrom keras import layers\ndef build():\n"
OUTPUT = 'layers.Flatten(), layers.Dense(10, "softmax")'


def write(source: str = SOURCE, name: str = "net.py") -> Path:
    Path(name).write_text(source)
    return Path(name)


def build(body: str) -> keras.Model:
    """Build the model of a function with this body; its first line is line 4 of the file."""
    write(HEAD + textwrap.indent(body, "    "))
    return CustomArchitecture.read(ARCH, COPY).build()


def read_error(arch: str = ARCH, copy: Path = COPY) -> TrainingError:
    with pytest.raises(TrainingError) as caught:
        CustomArchitecture.read(arch, copy).build()
    assert "\n" not in caught.value.message
    return caught.value


class StopError(Exception):
    """Stands for anything that kills a process."""


class StopAfterFirst(RecordingCallback):
    """Stops the training after its first epoch."""

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        raise StopError


def test_a_sequential_model_without_an_input_gets_one() -> None:
    write()
    model = CustomArchitecture.read(ARCH, COPY).build()

    assert (model.input_shape, model.output_shape) == ((None, 28, 28, 1), (None, 10))
    assert model.inputs[0].name == INPUT_NAME
    assert (model.name, len(model.layers)) == ("mine", 4)


def test_a_functional_model_keeps_its_weights() -> None:
    model = build(
        "x = inputs = keras.Input((28, 28, 1))\n"
        "x = layers.Add()([layers.Conv2D(2, 3)(x), layers.Conv2D(2, 3)(x)])\n"
        'output = layers.Dense(10, "softmax", bias_initializer=keras.initializers.Constant(3.0))\n'
        "model = keras.Model(inputs, output(layers.Flatten()(x)))\n"
        "output.kernel.assign(output.kernel * 0)\n"
        "return model"
    )

    probabilities = model(np.ones((1, 28, 28, 1), np.float32))
    assert model.inputs[0].name == INPUT_NAME
    np.testing.assert_allclose(probabilities, 0.1)


def test_what_the_file_prints_is_not_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    build(f"print('hello')\nreturn keras.Sequential([{OUTPUT}])")

    assert capsys.readouterr() == ("", "hello\n")


def test_a_policy_of_the_file_does_not_stay() -> None:
    model = build(
        f"keras.config.set_dtype_policy('mixed_bfloat16')\nreturn keras.Sequential([{OUTPUT}])"
    )

    assert keras.config.dtype_policy().name == "float32"
    assert model.compute_dtype == "float32"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def build(:\n", "line 1: SyntaxError: invalid syntax"),
        ("\n\0", "SyntaxError: source code string cannot contain null bytes"),
        ("x = 1\nimport nothing_like_this\n", "line 2: ModuleNotFoundError: No module named "),
        ("def build():\n    x = 1\n    return x / 0\n", "line 3: ZeroDivisionError: division by "),
        ("def inner():\n    raise SystemExit(3)\ndef build():\n    inner()\n", "line 2: SystemExit: 3"),
        ("\ndef build(units): pass\n", "line 2: TypeError: build() missing 1 required "),
        ("\n\ndef build(): pass\n", "line 3: build() returns NoneType, not a Keras model"),
        (HEAD + "    return layers.Conv2D(2, 30)(keras.Input((28, 28, 1)))", "line 4: ValueError: "),
        (HEAD + f"    return keras.Sequential([layers.Conv2D(2, 30), {OUTPUT}])",
         "line 3: ValueError: "),
        (HEAD + f"    return keras.Sequential([keras.Input((32, 32, 3)), {OUTPUT}])",
         "line 3: build() returns a model that maps (None, 32, 32, 3) to (None, 10), "
         "not (None, 28, 28, 1) to (None, 10)"),
        (HEAD + "    return keras.Sequential([layers.Flatten(), layers.Dense(10)])",
         "line 3: build() returns a model whose outputs are not probabilities; end with "),
        (HEAD + f"    return keras.Sequential([layers.Lambda(lambda x: x), {OUTPUT}])",
         "line 3: build() returns a model that contains more than stock Keras layers: "),
        (HEAD + "    return keras.Model()", "line 3: build() returns Model, not a Sequential or "),
    ],
)  # fmt: skip
def test_an_error_names_file_and_line(source: str, message: str) -> None:
    write(source)

    place = "'net.py'" if message.startswith("SyntaxError") else "'net.py', "
    separator = ": " if place == "'net.py'" else ""
    assert read_error().message.startswith(f"{place}{separator}{message}")


def test_a_long_message_is_shortened() -> None:
    write("raise ValueError('many words ' * 1000)")

    assert len(read_error().message) < 350


@pytest.mark.parametrize(
    ("arch", "message", "hint"),
    [
        ("net.py:buld", "no function 'buld' in 'net.py'; did you mean 'build'?", "net.py:build"),
        ("net.py:keras", "no function 'keras' in 'net.py'", "net.py:build"),
        ("net.py", "'net.py' requires the name of a function", "net.py:build"),
        ("net.py:", "'net.py' requires the name of a function", "net.py:build"),
        ("nothing.py:build", "no such file: 'nothing.py'", "classic"),
        ("folder.py:build", "not a Python file: 'folder.py'", "classic"),
    ],
)
def test_a_name_without_a_function(arch: str, message: str, hint: str) -> None:
    write()
    Path("folder.py").mkdir()

    error = read_error(arch)

    assert (error.message, error.hint) == (message, f"--arch {hint}")


def test_a_lost_file_has_a_copy_in_the_run() -> None:
    copy = write(name="my copy.py")

    assert read_error(copy=copy).hint == "--arch 'my copy.py:build'"


@pytest.mark.parametrize(("seed", "is_same"), [(1, True), (2, False)])
def test_the_seed_decides_the_weights(seed: int, is_same: bool) -> None:
    write()
    weights = []
    for number in (1, seed):
        keras.utils.set_random_seed(number)
        weights.append(CustomArchitecture.read(ARCH, COPY).build().get_weights()[0])

    assert np.array_equal(*weights) == is_same


@pytest.fixture(scope="module")
def trained(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A trained model of a custom architecture, calibrated and converted."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        compile_single_steps(patch)
        write()
        return train_model(OWN, splits, str(folder / "run"))


def test_a_trained_model_is_like_any_other(trained: TrainResult, splits: Splits) -> None:
    run, folder = trained.run, trained.run.path.parent

    config = run.read_config()
    assert config.arch == f"{folder}/net.py:build"
    assert config.arch_sha256 == sha256(SOURCE.encode())
    assert run.architecture_file.read_text() == SOURCE
    assert litert_files.sidecar_path(run.model_file).is_file()
    # Neither loading nor converting a model executes the code, whoever has changed it.
    copy = Run(Path(shutil.copytree(run.path, "copy")))
    for file in (folder / "executed", litert_files.sidecar_path(copy.model_file)):
        file.unlink()
    copy.architecture_file.write_text("raise SystemExit\n")
    loaded = evaluate(Classifier.load(copy.model_file), splits.test)
    np.testing.assert_allclose(loaded.probabilities, trained.test.probabilities, atol=1e-5)
    assert not (folder / "executed").exists()
    assert not Path("executed").exists()


def test_a_resumed_run_equals_one_that_was_not_stopped(
    trained: TrainResult, splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    skip_litert(monkeypatch)
    compile_single_steps(monkeypatch)
    run = Run.create(OWN, Path("run"))
    with pytest.raises(StopError):
        train(OWN, splits, run, callback=StopAfterFirst())

    Path("net.py").rename("moved.py")
    train(replace(run.read_config(), arch="moved.py:build"), splits, run, resume=True)

    assert hash_weights(run.model_file) == hash_weights(trained.run.model_file)


def test_a_changed_file_cannot_be_resumed(splits: Splits) -> None:
    write(SOURCE + "# changed\n")
    run = Run.create(replace(OWN, arch_sha256=sha256(SOURCE.encode())), Path("run"))
    run.write_architecture(SOURCE.encode())

    with pytest.raises(TrainingError, match=r"'net\.py' has changed since the run started") as e:
        train(run.read_config(), splits, run, resume=True)
    assert e.value.hint == "--arch run/architecture.py:build"


def test_a_run_whose_file_fails_leaves_nothing(splits: Splits) -> None:
    write("1 / 0")
    run = Run.create(replace(OWN, ensemble=2), Path("run"))

    with pytest.raises(TrainingError, match=re.escape("net.py', line 1: ZeroDivisionError")):
        train(run.read_config(), splits, run)

    assert not Path("run").exists()
