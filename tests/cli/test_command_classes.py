"""The program itself: help, version, and shell completion (tab completion)."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mnistcli
from mnistcli.cli import app
from mnistcli.config import OPTIMIZERS
from mnistcli.plotting.registry import PLOT_KINDS
from mnistcli.recipes import RECIPES
from tests.support.command_line import fail, succeed

COMMANDS = (
    "train",
    "sweep",
    "evaluate",
    "predict",
    "draw",
    "plot",
    "runs",
    "compare",
    "export",
    "recipes",
    "doctor",
)


def show_help(*arguments: str, columns: int = 80) -> str:
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    runner = CliRunner(env=environment)
    result = runner.invoke(app, [*arguments, "--help"], prog_name="mnistcli")
    assert result.exit_code == 0
    return result.stdout


def test_the_help_lists_the_commands_in_the_order_of_use() -> None:
    output = show_help()

    names = re.findall(r"^│ ([a-z]+) +[A-Z][^│]+\w\.* +│$", output, re.MULTILINE)
    assert names == list(COMMANDS)
    assert "mnistcli predict photo.png" in output


def test_without_arguments_the_help_is_shown() -> None:
    for option in ("--help", "-h"):
        assert succeed(option).stdout.rstrip() == succeed().stdout.rstrip()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_fits_the_terminal(command: str, columns: int) -> None:
    lines = show_help(command, columns=columns).splitlines()

    assert max(map(len, lines)) <= columns
    examples = [line.strip() for line in lines if re.match(r" +mnistcli ", line)]
    assert len(examples) >= 2
    assert all(example.startswith(f"mnistcli {command}") for example in examples if columns >= 80)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_each_default_and_no_python_types(command: str) -> None:
    output = show_help(command, columns=300)

    assert not re.search(r"<(bool|str|list\[str\]|int|path)>", output)
    options = re.findall(r"^│ (?:\*    )?((?:--|[A-Z]).*?) *│$", output, re.MULTILINE)
    flags = r"--(json|quiet|verbose|help|report|recursive|single|save|explain|review|regions|csv|continue|tensorboard)\b"
    without = [line for line in options if "efault" not in line and not re.match(flags, line)]
    required = {"predict": ["IMAGE"], "compare": ["RUN"], "sweep": ["--vary"]}
    assert [line.split()[0] for line in without] == required.get(command, [])


def test_examples_fit_80_columns() -> None:
    for command in ((), *((name,) for name in COMMANDS)):
        examples = show_help(*command).partition("Examples:")[2].split("\n")
        assert all(line.strip().startswith("mnistcli ") for line in examples if line.strip())


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_prints_the_installed_version(option: str) -> None:
    assert succeed(option).stdout == f"mnistcli {mnistcli.__version__}\n"


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        ("mnistcli train --recipe ", RECIPES),
        ("mnistcli train --optimizer ", OPTIMIZERS),
        ("mnistcli plot --kind ", [*PLOT_KINDS, "all"]),
        ("mnistcli train --dataset ", ["mnist", "digits"]),
        ("mnistcli evaluate ", ["latest", "pretrained"]),
    ],
)
def test_completion_offers_the_choices(words: str, choices: list[str]) -> None:
    environment = {
        "_MNISTCLI_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split())),
    }

    result = CliRunner(env=environment).invoke(app, [], prog_name="mnistcli")

    assert result.stdout.split() == list(choices)


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (("--show-completion", "zsh"), "#compdef mnistcli\n"),
        (("--show-completion=fish",), "complete --command mnistcli "),
        (("--show-completion", "Bash"), "_mnistcli_completion() {"),
    ],
)
def test_completion_is_shown_for_the_shell_that_is_named(
    arguments: tuple[str, ...], start: str
) -> None:
    assert succeed(*arguments).stdout.startswith(start)


def test_completion_is_installed_for_the_shell_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    succeed("--install-completion", "zsh")

    assert (tmp_path / ".zfunc" / "_mnistcli").read_text().startswith("#compdef mnistcli\n")
    assert not (tmp_path / ".bash_completions").exists()


def test_an_unknown_shell_is_refused() -> None:
    assert fail("--show-completion", "tcsh") == (
        2,
        [
            "error: unknown shell 'tcsh': choose from bash, zsh, fish, powershell, pwsh",
            "hint: mnistcli --show-completion bash",
        ],
    )
