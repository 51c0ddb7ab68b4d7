"""The whole program under a pseudo-terminal, with stdout there, on a pipe and in a file."""

import json
from pathlib import Path

import pytest

from tests.support.terminal import STDOUTS, Stdout, run_in_terminal, show_screen

CONTROL_SEQUENCE = "\x1b"
TRAIN_QUICKLY = """
import pytest
from tests.support.training import make_training_quick
make_training_quick(pytest.MonkeyPatch())
"""


@pytest.fixture(params=STDOUTS)
def stdout(request: pytest.FixtureRequest) -> Stdout:
    target: Stdout = request.param
    return target


def test_predict_shows_a_table_and_progress_apart(stdout: Stdout, image: Path) -> None:
    done = run_in_terminal("predict", image, image, "--model", "pretrained", stdout=stdout)

    assert (done.code, "Traceback" in done.terminal) == (0, False)
    assert ("2 images" in done.terminal) == (stdout != "terminal")
    screen = show_screen(done.terminal)
    table = screen[1:] if stdout == "terminal" else done.stdout.splitlines()
    assert screen[0].startswith("model: pretrained (distilled, ")
    assert [line.split()[0] for line in table] == ["digits", "7", "7"]
    if stdout != "terminal":
        assert len(screen) == 1
        assert CONTROL_SEQUENCE not in done.stdout


def test_predict_prints_json_lines(stdout: Stdout, image: Path) -> None:
    done = run_in_terminal("predict", image, "--model", "pretrained", "--json", stdout=stdout)

    assert (done.code, "Traceback" in done.terminal) == (0, False)
    screen = show_screen(done.terminal)
    (line,) = screen[1:] if stdout == "terminal" else done.stdout.splitlines()
    assert json.loads(line)["text"] == "7"


@pytest.mark.parametrize("stdout", ["terminal", "pipe"])
def test_evaluate_shows_a_spinner_and_then_metrics(stdout: Stdout, model: Path) -> None:
    done = run_in_terminal("evaluate", "--report", stdout=stdout)

    assert done.code == 0
    assert "Evaluating" in done.terminal
    screen = show_screen(done.terminal)
    lines = screen if stdout == "terminal" else done.stdout.splitlines()
    assert lines[0].split() == ["model", "runs/trained"]
    assert lines[-1] == "figure  runs/trained/plots/confusion.png"
    if stdout != "terminal":
        assert screen == []
        assert CONTROL_SEQUENCE not in done.stdout


@pytest.mark.parametrize("stdout", ["pipe"])  # each run takes long
def test_train_shows_a_progress_bar_and_a_table_of_epochs(stdout: Stdout) -> None:
    arguments = ("--dataset", "digits", "--arch", "simple", "--limit", 200, "--epochs", 2)
    done = run_in_terminal("train", *arguments, "--run-dir", "r", stdout=stdout, code=TRAIN_QUICKLY)

    assert done.code == 0
    assert "epoch 1/2  batch 0/2" in done.terminal
    assert "epoch   batch" not in done.terminal
    screen = show_screen(done.terminal)
    results = done.stdout.splitlines()
    assert screen[0] == ("training simple on digits (adam, seed 0, 2 steps per epoch); saving to r")
    assert [line.split()[0] for line in screen[1:]] == [
        "epoch",
        "1/2",
        "2/2",
        "loss",
        "val",
    ]
    names = [line.split("  ")[0] for line in results]
    assert names == ["run", "kept epoch", "validation", "test", "trained"]


@pytest.mark.parametrize("stdout", ["terminal", "file"])
def test_plot_prints_paths(stdout: Stdout, model: Path) -> None:
    done = run_in_terminal("plot", "--kind", "confusion", stdout=stdout)

    assert done.code == 0
    assert "Drawing" in done.terminal
    screen = show_screen(done.terminal)
    (path,) = screen[1:] if stdout == "terminal" else done.stdout.splitlines()
    assert screen[0].startswith("model: runs/trained (classic, trained on digits, ")
    assert path == "runs/trained/plots/confusion.png"


@pytest.mark.parametrize(
    ("variable", "start"),
    [
        (("TERM", "xterm"), "\x1b[1;31merror: \x1b[0m"),
        (("NO_COLOR", "1"), "\x1b[1merror: \x1b[0m"),
        (("TERM", "dumb"), "error: "),
    ],
)
def test_errors_are_colored_if_the_terminal_allows(variable: tuple[str, str], start: str) -> None:
    done = run_in_terminal("evaluate", "nothing", environment=[variable])

    assert done.terminal.startswith(f"{start}no such model: 'nothing'")


def test_a_dumb_terminal_shows_no_animation(image: Path) -> None:
    done = run_in_terminal(
        "predict", image, "--model", "pretrained", stdout="pipe", environment=[("TERM", "dumb")]
    )

    assert done.code == 0
    assert done.terminal.startswith("model: pretrained")
    assert CONTROL_SEQUENCE not in done.terminal
