"""The `train` command: output, exit code and the settings that it passes on."""

import json
import re
from pathlib import Path

import keras
import pytest

from mnistcli import training
from mnistcli.datasets import mnist
from mnistcli.runs import json_files
from mnistcli.runs.run import Run
from tests.support.command_line import fail, invoke, succeed

SMALL = ("--dataset", "digits", "--arch", "simple", "--limit", 300, "--epochs", 2)

pytestmark = pytest.mark.usefixtures("quick_training")


def test_each_epoch_is_a_line_and_the_result_follows() -> None:
    result = succeed("train", *SMALL, "--run-dir", "r")

    number = r"\d+\.\d+"
    assert re.fullmatch(
        "training simple on digits \\(adam, seed 0, 3 steps per epoch\\); saving to r\n"
        f"(epoch [12]/2  train {number} % \\(loss {number}\\)  val {number} % \\(loss {number}\\)"
        f"  {number} s(  kept)?\n){{2}}",
        result.stderr,
    ), result.stderr
    assert re.fullmatch(
        "run         r\n"
        "kept epoch  [12] of 2\n"
        f"validation  {number} % accuracy, loss {number} \\(30 held-out images\\)\n"
        f"test        {number} % accuracy, loss {number} \\(360 images\\)\n"
        f"trained     [\\d,]+ parameters on 270 images in {number} s\n",
        result.stdout,
    ), result.stdout
    assert Run(Path("r")).is_finished


def test_a_run_that_ends_at_chance_is_an_error_with_a_lower_rate() -> None:
    options = ("--arch", "classic", "--learning-rate", 1, "--batch-size", 16, "--epochs", 1)

    code, lines = fail("train", *SMALL, *options, "--run-dir", "r", "--quiet")

    assert code == 1
    assert lines[-2].startswith("error: the model is no better than chance: ")
    assert "--learning-rate 0.0001 " in lines[-1]
    assert Run(Path("r")).is_at_chance


def test_json_is_one_object_with_the_metrics_of_the_run() -> None:
    result = succeed(
        *("train", *SMALL, "--optimizer", "SGD", "--epochs", 1),
        *("--validation-split", 0, "--batch-size", 16, "-o", "r", "--json", "--quiet"),
    )

    printed = json.loads(result.stdout)
    assert printed == Run(Path("r")).read_metrics()
    assert (printed["run"], printed["epochs"], printed["val_loss"]) == ("r", 1, None)
    assert Run(Path("r")).read_config().optimizer == "sgd"
    assert result.stderr == ""


def test_fine_tuning_shows_the_accuracy_before_and_after(model: Path) -> None:
    result = succeed(
        *("train", "--from", model, "--dataset", "digits", "--limit", 200, "--epochs", 1),
        *("--run-dir", "tuned"),
    )

    assert result.stderr.startswith(
        f"fine-tuning {model} on digits (adam, seed 0, 5 steps per epoch); saving to tuned\n"
    )
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in result.stdout.splitlines())
    assert list(rows) == ["run", "kept epoch", "before", "after", "test", "trained"]
    images = "(40 held-out images"
    assert rows["before"].endswith(f" {images}, which the base model was trained on)")
    assert rows["after"].endswith(f" {images})")
    assert re.fullmatch(r"[\d,]+ of [\d,]+ parameters on 160 images in [\d.]+ s", rows["trained"])


def test_every_setting_reaches_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "--arch": "deep", "--optimizer": "rmsprop", "--learning-rate": "0.5", "--loss": "sparse",
        "--epochs": "3", "--batch-size": "9", "--dropout": "0.25", "--validation-split": "0.5",
        "--early-stopping": "4", "--reduce-lr": "5", "--limit": "600", "--seed": "6", "--ensemble": "1",
        "--device": "cpu", "--schedule": "constant", "--label-smoothing": "0.0", "--recipe": "sgd", "--dataset": "digits",
    }  # fmt: skip
    seen = []

    def stop(config: object, *_: object, **__: object) -> None:
        seen.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", stop)
    options = [word for pair in values.items() for word in pair]
    result = invoke("train", *options, "--augment")

    assert (result.exit_code, result.stderr) == (130, "interrupted\n")
    (config,) = seen
    settings = {f"--{name.replace('_', '-')}": str(value) for name, value in vars(config).items()}
    assert {name: settings[name] for name in values} == values
    assert settings["--augment"] == "True"


def test_an_existing_directory_is_left_alone() -> None:
    Path("r").mkdir()
    Path("r/mine").write_text("keep")

    assert fail("train", "--dataset", "digits", "--run-dir", "r", "--epochs", "3") == (
        1,
        [
            "error: run directory 'r' exists and is not empty",
            "hint: mnistcli train --dataset digits --run-dir r-2 --epochs 3",
        ],
    )


def test_an_unwritable_run_directory_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(json_files, "write_atomically", refuse)

    assert fail("train", "--dataset", "digits", "--run-dir", "r") == (
        1,
        [
            "error: cannot create run directory 'r': permission denied",
            "hint: mnistcli train --dataset digits --run-dir DIR",
        ],
    )


@pytest.mark.skipif(bool(keras.distribution.list_devices("gpu")), reason="there is a GPU here")
@pytest.mark.parametrize("device", ["gpu", "all"])
def test_a_missing_gpu_is_an_error_with_the_way_to_install_it(device: str) -> None:
    assert fail("train", "--dataset", "digits", "--device", device) == (
        1,
        [
            "error: no GPU found; for NVIDIA: pip install 'mnistcli[gpu]'",
            "hint: mnistcli train --dataset digits --device cpu",
        ],
    )


def test_an_error_in_a_custom_architecture_is_one_line() -> None:
    Path("net.py").write_text("import keras\ndef build(:\n")

    assert fail("train", "--dataset", "digits", "--arch", "net.py:build", "-q") == (
        1, ["error: 'net.py', line 2: SyntaxError: invalid syntax"],
    )  # fmt: skip
    assert not Path("runs").exists()


def test_without_a_network_another_dataset_is_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))

    code, lines = fail("train", "--epochs", "3")

    assert code == 1
    assert lines == [
        "downloading train-images-idx3-ubyte.gz",
        "error: cannot download 'train-images-idx3-ubyte.gz' (127.0.0.1:9: no connection); "
        "--data-dir takes a directory with the files",
        "hint: mnistcli train --epochs 3 --dataset digits",
    ]
    assert not Path("runs").exists()
