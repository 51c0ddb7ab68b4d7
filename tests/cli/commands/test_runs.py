"""The `runs` command: the table, JSON, and directories without runs."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from mnistcli.cli import run_table
from mnistcli.recipes import resolve
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from tests.support.command_line import fail, succeed

CHANGES = "--dataset digits --epochs 20 --augment --limit 500 --seed 7"
ROW = EpochRow(epoch=1, loss=0.5, accuracy=0.9, learning_rate=0.001, seconds=2.5)


@pytest.fixture(autouse=True)
def _runs() -> None:
    settings = {"dataset": "digits", "epochs": 20, "limit": 500, "augment": True, "seed": 7}
    finished = Run.create(resolve("deep", **settings), Path("runs/20261126-144005_deep_seed7"))
    finished.write_history([ROW])
    finished.model_file.write_bytes(b"PK\5\6" + bytes(18))  # an empty zip archive
    finished.write_metrics(
        {"test_accuracy": 0.9931, "test_loss": 0.02, "seconds": 9.96, "at_chance": True}
    )
    Run.create(resolve("fast"), Path("runs/stopped")).write_history([ROW])


def test_each_run_has_one_line_without_a_terminal() -> None:
    result = succeed("runs")

    assert result.stdout == (
        "run                         accuracy  loss    seconds  recipe and changed settings\n"
        f"20261126-144005_deep_seed7  99.31 %   0.0200  10.0     deep {CHANGES} "
        "(no better than chance)\n"
        "stopped                     -         -       2.5      fast (unfinished: 1 of 1 epochs)\n"
    )
    assert result.stderr == ""


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_fits_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    console = Console(force_terminal=True, width=columns, _environ={"TERM": "xterm"})
    monkeypatch.setattr(run_table, "out", console)

    lines = succeed("runs").stdout.splitlines()

    assert max(map(len, lines)) <= columns
    settings = " ".join(line[55:].strip() for line in lines)
    assert f"deep {CHANGES}" in settings
    assert not any(line.rstrip().endswith(("--epochs", "--limit", "--seed")) for line in lines)


def test_the_settings_are_below_a_long_name(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(force_terminal=True, width=70, _environ={"TERM": "xterm"})
    monkeypatch.setattr(run_table, "out", console)

    lines = succeed("runs").stdout.splitlines()

    assert max(map(len, lines)) <= 70
    assert lines[:2] == [
        "run                         accuracy  loss    seconds",
        "    recipe and changed settings",
    ]
    assert lines[-2].startswith("stopped ")
    assert lines[-1] == "    fast (unfinished: 1 of 1 epochs)"


def test_json_holds_the_runs_and_those_that_were_skipped() -> None:
    Path("runs/bad").mkdir()
    Path("runs/bad/config.json").touch()

    result = succeed("runs", "--json")

    printed = json.loads(result.stdout)
    assert [run["run"] for run in printed["runs"]] == [
        "runs/20261126-144005_deep_seed7", "runs/stopped",
    ]  # fmt: skip
    reason = "damaged file 'runs/bad/config.json'"
    assert printed["skipped"] == [{"run": "runs/bad", "reason": reason}]
    assert result.stderr == f"skipped runs/bad: {reason}\n"


def test_runs_of_another_directory_are_listed() -> None:
    Path("runs").rename("experiments")

    assert succeed("runs", "experiments").stdout.count("\n") == 3
    empty = succeed("runs")
    assert (empty.stdout, empty.stderr) == ("", "no runs in 'runs'; mnistcli train creates one\n")


def test_a_directory_that_does_not_exist() -> None:
    assert fail("runs", "nothing") == (
        1,
        ["error: no such directory: 'nothing'", "hint: mnistcli runs"],
    )
