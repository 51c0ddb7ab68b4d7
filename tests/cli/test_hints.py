"""Hints as commands: the option of a hint replaces the one that was typed; shell quoting."""

import shlex

import pytest
from typer.core import TyperCommand
from typer.main import get_command

from mnistcli.cli import app
from mnistcli.cli.command_classes import CommandGroup
from mnistcli.cli.hints import CommandLine, complete_hint, quote_argument


def with_option(arguments: str, hint: str) -> str | None:
    group = get_command(app)
    assert isinstance(group, CommandGroup)
    name, *rest = shlex.split(arguments)
    command = group.commands[name]
    assert isinstance(command, TyperCommand)
    return CommandLine(name, command, tuple(rest)).with_option(hint)


@pytest.mark.parametrize(
    ("arguments", "hint", "expected"),
    [
        # Appended
        ("train", "--dataset digits", "train --dataset digits"),
        ("train --json", "--augment", "train --json --augment"),
        # Replaced, in each form of an option
        ("train --epochs 0 --json", "--epochs 10", "train --epochs 10 --json"),
        ("train --epochs=0 --json", "--epochs 10", "train --epochs 10 --json"),
        ("train --lr 9 --json", "--learning-rate 0.1", "train --lr 0.1 --json"),
        ("train -o r --json", "--run-dir r-2", "train -o r-2 --json"),
        ("train -or --json", "--run-dir r-2", "train -o r-2 --json"),
        ("plot a -qo r", "--output-dir s", "plot a -q -o s"),
        ("train --no-augment", "--augment", "train --augment"),
        ("predict x --model a --model b", "--model c", "predict x --model c"),
        # Words that only look like the option
        ("train --run-dir --epochs --epochs 0", "--epochs 10", "train --run-dir --epochs --epochs 10"),
        ("predict -r -- --model", "--model c", "predict -r --model c -- --model"),
        ("predict -", "--model c", "predict - --model c"),
        # The model is positional, or --from
        ("evaluate", "--model pretrained", "evaluate pretrained"),
        ("evaluate --report", "--model pretrained", "evaluate pretrained --report"),
        ("evaluate --report a b --json", "--model c", "evaluate --report c --json"),
        ("plot -- a", "--model c", "plot -- c"),
        ("train --from a --json", "--model pretrained", "train --from pretrained --json"),
        ("train", "--model pretrained", "train --from pretrained"),
        # Values with spaces, quoted in the hint or not
        ("train", "--run-dir my run-2", "train --run-dir 'my run-2'"),
        ("train", "--run-dir 'my run-2'", "train --run-dir 'my run-2'"),
        ("train --run-dir 'a b'", "--epochs 3", "train --run-dir 'a b' --epochs 3"),
        ("train", "--run-dir it's", "train --run-dir 'it'\"'\"'s'"),
    ],
)  # fmt: skip
def test_the_option_is_added_or_replaced(arguments: str, hint: str, expected: str) -> None:
    assert with_option(arguments, hint) == f"mnistcli {expected}"


def test_a_command_without_the_option_has_no_hint() -> None:
    assert with_option("predict a.png", "--learning-rate 0.1") is None


def test_a_long_command_is_abbreviated() -> None:
    images = " ".join(f"image{number}.png" for number in range(100))

    assert with_option(f"predict {images} --json", "--recursive") == (
        "mnistcli predict ... --json --recursive"
    )


def test_other_hints_are_left_alone() -> None:
    assert complete_hint(None) is None
    assert complete_hint("unset MNISTCLI_MODEL") == "unset MNISTCLI_MODEL"


@pytest.mark.parametrize(
    ("argument", "quoted"),
    [
        ("a.png", "a.png"),
        ("my run", "'my run'"),
        ("", "''"),
        ("a\x1b[31m", r"$'a\x1b[31m'"),
        ("it's\n", r"$'it\x27s\x0a'"),
        ("\udcff.png", r"$'\xff.png'"),
    ],
)
def test_arguments_are_quoted_for_a_shell(argument: str, quoted: str) -> None:
    assert quote_argument(argument) == quoted
