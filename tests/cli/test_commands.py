"""The commands in this process: what they print, where, and with which exit code."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from typer.testing import CliRunner, Result

from mnistcli import runs
from mnistcli.cli import app, streams
from mnistcli.config import OPTIMIZERS
from mnistcli.plotting.registry import PLOT_KINDS
from mnistcli.recipes import RECIPES
from mnistcli.runs import Run
from mnistcli.training import ensembles
from tests.support.strokes import draw_digit


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="mnistcli")


def failure(*arguments: object) -> tuple[int, list[str]]:
    """Run a command that must fail cleanly; return its exit code and its lines on stderr."""
    result = invoke(*arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.stderr
    return result.exit_code, result.stderr.splitlines()


def width(path: Path) -> int:
    with Image.open(path) as picture:
        return picture.width


@pytest.fixture
def model(trained_run: Path, tmp_path: Path) -> Path:
    """A copy of the trained run that a test may write into, found without an argument."""
    return Path(shutil.copytree(trained_run, tmp_path / "runs" / "trained"))


@pytest.fixture
def picture() -> Path:
    draw_digit(7).save("seven.png")
    return Path("seven.png")


def test_without_arguments_the_help_is_shown() -> None:
    result = invoke()

    assert result.exit_code == 0
    assert "train     Train a network" in result.stdout


def test_version() -> None:
    assert invoke("--version").stdout == "mnistcli 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["trian"], ["error: No such command 'trian'. Did you mean 'train'?", "hint: mnistcli --help"]),
        (["predict"], ["error: Missing argument 'IMAGE'", "hint: mnistcli predict --help"]),
        (
            ["train", "--epochs", "many"],
            [
                "error: Invalid value for '--epochs': Input should be a valid integer, unable to "
                "parse string as an integer",
                "hint: mnistcli train --help",
            ],
        ),
        (["train", "--epochs", "0"], ["error: --epochs must be at least 1, not 0", "hint: mnistcli train --epochs 10"]),
        (["train", "--learning-rate", "-1"], ["error: --learning-rate must be above 0, not -1.0", "hint: mnistcli train --learning-rate 0.001"]),
        (["train", "--batch-size", "0"], ["error: --batch-size must be at least 1, not 0", "hint: mnistcli train --batch-size 128"]),
        (["train", "--validation-split", "1"], ["error: --validation-split must be at least 0 and below 1, not 1.0", "hint: mnistcli train --validation-split 0.1"]),
        (["train", "--recipe", "depp"], ["error: unknown recipe 'depp'; did you mean 'deep'?", "hint: mnistcli train --recipe deep"]),
        (["train", "--optimizer", "sdg"], ["error: unknown optimizer 'sdg'; did you mean 'sgd'?", "hint: mnistcli train --optimizer sgd"]),
        (["train", "--dataset", "digit"], ["error: unknown dataset 'digit'; did you mean 'digits'?", "hint: mnistcli train --dataset digits"]),
        (["plot", "--kind", "filter"], ["error: unknown kind 'filter'; did you mean 'filters'?", "hint: mnistcli plot --kind filters"]),
    ],
)  # fmt: skip
def test_a_command_that_was_called_wrongly(arguments: list[str], lines: list[str]) -> None:
    assert failure(*arguments) == (2, lines)


def test_train_prints_a_line_an_epoch_and_the_result() -> None:
    result = invoke("train", "--dataset", "digits", "--limit", 300, "--epochs", 2, "--run-dir", "r")

    assert result.exit_code == 0
    assert result.stderr.splitlines()[0] == (
        "training classic on digits with adam, seed 0, 3 steps an epoch, in r"
    )
    assert [line[:9] for line in result.stderr.splitlines()[1:]] == ["epoch 1/2", "epoch 2/2"]
    names = [line.split("  ")[0] for line in result.stdout.splitlines()]
    assert names == ["run", "best epoch", "validation", "test", "trained"]
    assert Run(Path("r")).finished


def test_train_prints_one_object_as_json() -> None:
    result = invoke(
        *("train", "--optimizer", "sgd", "--dataset", "digits", "--limit", 300, "--epochs", 1),
        *("--validation-split", 0, "--run-dir", "r", "--json"),
    )

    printed = json.loads(result.stdout)
    assert printed == Run(Path("r")).read_metrics()
    assert (printed["run"], printed["epochs"], printed["val_loss"]) == ("r", 1, None)
    assert Run(Path("r")).read_config().optimizer == "sgd"


def test_every_flag_of_train_reaches_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "--arch": "deep", "--optimizer": "rmsprop", "--learning-rate": "0.5", "--loss": "sparse",
        "--epochs": "3", "--batch-size": "9", "--dropout": "0.25", "--validation-split": "0.5",
        "--early-stopping": "4", "--reduce-lr": "5", "--limit": "600", "--seed": "6", "--ensemble": "1", "--weight-decay": "0.5",
        "--device": "cpu", "--schedule": "constant", "--label-smoothing": "0.0", "--recipe": "sgd", "--dataset": "digits",
    }  # fmt: skip
    seen = []

    def stop(config: object, *_: object, **__: object) -> None:
        seen.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr(ensembles, "train", stop)
    flat = [part for pair in values.items() for part in pair]
    result = invoke("train", *flat, "--augment")

    assert (result.exit_code, result.stderr) == (130, "interrupted\n")
    (config,) = seen
    shown = {f"--{name.replace('_', '-')}": str(value) for name, value in vars(config).items()}
    assert {name: shown[name] for name in values} == values
    assert config.augment is True


def test_an_ensemble_is_trained_measured_used_and_drawn(digit_pngs: Path) -> None:
    trained = invoke(
        *("train", "--dataset", "digits", "--recipe", "fast", "--limit", 500, "--epochs", 2),
        *("--batch-size", 32, "--ensemble", 2, "--run-dir", "runs/two"),
    )
    assert trained.exit_code == 0
    names = [line.split("  ")[0] for line in trained.stdout.splitlines()]
    assert names == ["run", "members", "test", "trained"]

    measured = invoke("evaluate", "--json")
    printed = json.loads(measured.stdout)
    assert (printed["model"], len(printed["members"])) == ("runs/two", 2)
    assert "members      mean " in invoke("evaluate", "runs/two").stdout

    several = invoke("evaluate", "runs/two/member-1", "runs/two/member-2", "--json", "--report")
    assert json.loads(several.stdout) == printed | {
        "model": "runs/two/member-1 + runs/two/member-2"
    }
    assert width(Path("runs/two/member-1_and_1_more_plots/confusion.png")) > 600

    by_members = ("--model", "runs/two/member-1", "--model", "runs/two/member-2")
    answers = [invoke("predict", digit_pngs, "--json", *model).stdout for model in ((), by_members)]
    assert answers[0] == answers[1]
    assert len(answers[0].splitlines()) == 10

    assert invoke("plot", "--count", 4).stdout.splitlines() == [
        f"runs/two/plots/{kind}.png" for kind in ("confusion", "samples", "mistakes")
    ]
    assert failure("plot", "--kind", "history") == (
        1,
        [
            "error: no history: 'runs/two' is an ensemble",
            "hint: mnistcli plot runs/two/member-1 --kind history",
        ],
    )


def test_train_leaves_a_run_that_is_there_alone() -> None:
    Path("r").mkdir()
    Path("r/mine").write_text("keep")

    code, lines = failure("train", "--dataset", "digits", "--run-dir", "r")

    assert code == 1
    assert lines == [
        "error: run directory 'r' exists and is not empty",
        "hint: mnistcli train --run-dir r-2",
    ]


def test_train_cannot_write_where_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    Path("r").mkdir()
    monkeypatch.setattr(runs, "write_atomically", refuse)

    assert failure("train", "--dataset", "digits", "--run-dir", "r") == (
        1,
        [
            "error: cannot make run directory 'r': Permission denied",
            "hint: mnistcli train --run-dir DIR",
        ],
    )


def test_train_without_data_names_both_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from mnistcli.datasets import mnist

    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))
    code, lines = failure("train")

    assert code == 1
    assert lines == [
        "error: cannot download 'train-images-idx3-ubyte.gz' (127.0.0.1:9: no connection)",
        "hint: mnistcli train --data-dir DIR, or mnistcli train --dataset digits",
    ]


@pytest.mark.skipif(bool(keras.distribution.list_devices("gpu")), reason="there is a GPU here")
def test_train_without_the_gpu_that_was_asked_for() -> None:
    assert failure("train", "--dataset", "digits", "--device", "gpu") == (
        1,
        ["error: no GPU found by the installed packages", "hint: mnistcli train --device cpu"],
    )


def test_evaluate_takes_the_newest_run(model: Path) -> None:
    result = invoke("evaluate")

    assert result.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert lines["model"] == "runs/trained"
    assert lines["data"] == "digits, 360 images"
    assert float(lines["accuracy"].rstrip(" %")) > 90


def test_evaluate_report_has_scores_matrix_and_picture(model: Path) -> None:
    result = invoke("evaluate", "--report")

    assert result.exit_code == 0
    assert "precision" in result.stdout
    assert "weighted" in result.stdout
    assert "true \\ read" in result.stdout
    assert " read as " in result.stdout
    assert result.stdout.endswith("picture  runs/trained/plots/confusion.png\n")
    assert width(model / "plots" / "confusion.png") > 500
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_evaluate_json_is_one_object(model: Path) -> None:
    result = invoke("evaluate", model, "--json", "--batch-size", 7)

    printed = json.loads(result.stdout)
    assert {"model", "dataset", "samples", "accuracy", "loss", "macro_f1", "weighted_f1"} < set(
        printed
    )
    assert np.sum(printed["confusion_matrix"]) == printed["samples"] == 360
    assert [row["digit"] for row in printed["per_class"]] == list(range(10))
    assert result.stderr == f"model: {model}\n"


def test_evaluate_on_pictures_uses_all_of_them(model: Path, digit_pngs: Path) -> None:
    for digit in range(10):
        Path(f"mine/{digit}").mkdir(parents=True)
        for copy in range(2):
            shutil.copy(digit_pngs / f"{digit}.png", f"mine/{digit}/{copy}.png")

    printed = json.loads(invoke("evaluate", "--dataset", "mine", "--json").stdout)

    assert printed["samples"] == 20
    assert printed["accuracy"] >= 0.8


def test_plot_draws_all_that_the_run_allows(model: Path) -> None:
    result = invoke("plot")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"runs/trained/plots/{kind}.png" for kind in PLOT_KINDS]
    for kind in PLOT_KINDS:
        assert width(model / "plots" / f"{kind}.png") > 500


def test_plot_draws_what_is_asked_for(model: Path) -> None:
    result = invoke("plot", model, "--kind", "samples", "--output-dir", "o", "--count", 4)

    assert result.stdout == "o/samples.png\n"


def test_plot_of_a_file_on_its_own_has_no_history(model: Path) -> None:
    shutil.copy(model / "model.keras", "alone.keras")

    result = invoke("plot", "alone.keras", "--dataset", "digits")
    assert result.stdout.splitlines() == [f"alone_plots/digits/{kind}.png" for kind in list(PLOT_KINDS)[1:]]

    code, lines = failure("plot", "alone.keras", "--dataset", "digits", "--kind", "history")
    assert (code, lines) == (
        1,
        [
            "error: no history: 'alone.keras' is a file on its own, not a run",
            "hint: mnistcli plot --kind confusion",
        ],
    )


def test_plot_of_a_network_without_convolution(tmp_path: Path) -> None:
    dense = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, "softmax")]
    )
    dense.save("dense.keras")

    assert invoke("plot", "dense.keras", "--dataset", "digits").stdout.splitlines() == [
        f"dense_plots/digits/{kind}.png" for kind in ("confusion", "samples", "mistakes")
    ]
    code, lines = failure("plot", "dense.keras", "--dataset", "digits", "--kind", "filters")
    assert (code, lines[0]) == (1, "error: no filters: the network has no convolution")


@pytest.mark.parametrize("command", ["evaluate", "plot"])
def test_no_such_model(command: str) -> None:
    assert failure(command, "nothing") == (
        1,
        ["error: no such model: 'nothing'", "hint: mnistcli train"],
    )


def test_a_bad_model_file(picture: Path) -> None:
    Path("bad.keras").write_bytes(b"no model")

    assert failure("predict", picture, "--model", "bad.keras") == (
        1,
        ["error: not a model file, or a damaged one: 'bad.keras'", "hint: mnistcli train"],
    )


def test_completion_offers_the_choices() -> None:
    for words, choices in {
        "mnistcli train --recipe ": RECIPES,
        "mnistcli train --optimizer ": OPTIMIZERS,
        "mnistcli plot --kind ": PLOT_KINDS,
        "mnistcli train --dataset ": ("mnist", "digits"),
    }.items():
        result = CliRunner().invoke(
            app,
            [],
            prog_name="mnistcli",
            env={
                "_MNISTCLI_COMPLETE": "complete_bash",
                "COMP_WORDS": words,
                "COMP_CWORD": str(len(words.split())),
            },
        )
        assert result.stdout.split() == list(choices)


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(streams, "print_line", bug)

    assert isinstance(invoke("--version").exception, ZeroDivisionError)
