"""Errors on the command line: one line, one hint that can be typed, and the exit code."""

import json
from pathlib import Path

import pytest

from mnistcli.cli.errors import print_failure
from mnistcli.errors import ImageError
from tests.support.command_line import fail, invoke


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        # The command
        ("trian --epochs 3", ["unknown command 'trian'; did you mean 'train'?", "mnistcli train --epochs 3"]),
        ("deploy", ["unknown command 'deploy': choose from train, sweep, evaluate, predict, draw, plot, runs, compare, export, recipes, doctor", "mnistcli --help"]),
        ("--json predict", ["unknown option '--json'", "mnistcli --help"]),
        # The name of an option
        ("train --epoch=3 --seed 1", ["unknown option '--epoch'; did you mean '--epochs'?", "mnistcli train --epochs=3 --seed 1"]),
        ("train --batch 3", ["unknown option '--batch'; did you mean '--batch-size'?", "mnistcli train --batch-size 3"]),
        ("train --logdir x", ["unknown option '--logdir'", "mnistcli train --help"]),
        ("train --confg x", ["unknown option '--confg'; did you mean '--config'?", "mnistcli train --config x"]),
        ("predict a.png --xyz x", ["unknown option '--xyz'", "mnistcli predict --help"]),
        # Its value
        ("train --epochs", ["--epochs requires a value", "mnistcli train --help"]),
        ("train --json=1", ["--json does not take a value", "mnistcli train --help"]),
        ("train --epochs many", ["--epochs must be a whole number, not 'many'", "mnistcli train --help"]),
        ("train --dropout half", ["--dropout must be a number, not 'half'", "mnistcli train --help"]),
        ("plot --count 500", ["--count must be at least 1 and at most 400, not 500", "mnistcli plot --help"]),
        ("evaluate --batch-size 0", ["--batch-size must be at least 1, not 0", "mnistcli evaluate --help"]),
        ("train --epochs 0", ["--epochs must be at least 1, not 0", "mnistcli train --epochs 10"]),
        ("train --lr -1 --seed 3", ["--learning-rate must be above 0, not -1.0", "mnistcli train --lr 0.001 --seed 3"]),
        ("train --validation-split 1", ["--validation-split must be at least 0 and below 1, not 1.0", "mnistcli train --validation-split 0.1"]),
        ("train --recipe depp", ["unknown recipe 'depp'; did you mean 'deep'?", "mnistcli train --recipe deep"]),
        (
            "train --dataset digits --recipe deep --epochs 50 --optimizer sdg",
            ["unknown optimizer 'sdg'; did you mean 'sgd'?", "mnistcli train --dataset digits --recipe deep --epochs 50 --optimizer sgd"],
        ),
        ("evaluate pretrained --dataset digts", ["unknown dataset 'digts'; did you mean 'digits'?", "mnistcli evaluate pretrained --dataset digits"]),
        # The arguments
        ("predict", ["missing argument IMAGE", "mnistcli predict --help"]),
        ("train deep", ["unexpected argument: deep", "mnistcli train --help"]),
    ],
)  # fmt: skip
def test_a_usage_error_has_a_hint_to_type(arguments: str, lines: list[str]) -> None:
    message, hint = lines
    assert fail(*arguments.split()) == (2, [f"error: {message}", f"hint: {hint}"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--run-dir", ""),
        ("train", "--from="),
        ("evaluate", "a", "--output-dir", ""),
        ("predict", "a.png", "--model", ""),
        ("predict", "a.png", "--save", ""),
        ("plot", "-o", "", "a"),
    ],
)
def test_an_empty_value_is_not_the_current_directory(arguments: tuple[str, ...]) -> None:
    option = next(word for word in arguments if word.startswith("-")).removesuffix("=")
    assert fail(*arguments) == (
        2,
        [
            f"error: {option} is empty; is a shell variable not set?",
            f"hint: mnistcli {arguments[0]} --help",
        ],
    )


@pytest.mark.parametrize("command", ["evaluate", "plot"])
def test_an_empty_model_name_is_not_the_current_directory(command: str) -> None:
    assert fail(command, "") == (
        1,
        ["error: the name of the model is empty", f"hint: mnistcli {command} pretrained"],
    )


def test_paths_in_hints_are_quoted() -> None:
    for name in ("my run", "r\x1b[31mx"):
        Path(name).mkdir()
        Path(name, "file").touch()

    assert fail("train", "--dataset", "digits", "--run-dir", "my run")[1][1] == (
        "hint: mnistcli train --dataset digits --run-dir 'my run-2'"
    )
    assert fail("train", "--dataset", "digits", "--run-dir", "r\x1b[31mx") == (
        1,
        [
            r"error: run directory 'r\x1b[31mx' exists and is not empty",
            r"hint: mnistcli train --dataset digits --run-dir $'r\x1b[31mx-2'",
        ],
    )


def test_a_bad_model_file_is_an_error_with_a_hint(image: Path) -> None:
    Path("bad.keras").write_bytes(b"no model")

    code, lines = fail("predict", image, "--model", "bad.keras", "--json")

    assert code == 1
    assert lines[-1] == "hint: mnistcli predict seven.png --model pretrained --json"
    assert "bad.keras" in lines[-2]


def test_outside_a_command_a_hint_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure(ImageError("no such file: 'a.png'", hint="--recursive"))

    assert capsys.readouterr().err == "error: no such file: 'a.png'\nhint: --recursive\n"


def test_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(json, "dumps", fail)

    assert isinstance(invoke("recipes", "--json").exception, ZeroDivisionError)
