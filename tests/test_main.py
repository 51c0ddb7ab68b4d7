"""The whole program, in a process of its own, as a person starts it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnistcli import checkpoints

PROGRAM = [sys.executable, "-m", "mnistcli"]
COMMAND = Path(sys.executable).with_name("mnistcli")


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_from_nothing_to_a_report(digit_pngs: Path) -> None:
    """The lines of the README, with the embedded digits, and nothing on stderr but our own."""
    trained = run("train", "--dataset", "digits", "--optimizer", "sgd", "--epochs", "10")
    assert trained.returncode == 0
    assert re.fullmatch(
        r"training classic on digits with sgd, seed 0, 11 steps an epoch, in runs/\S+_classic_seed0\n"
        r"(epoch +\d+/10  train +[\d.]+ % \(loss [\d.]+\)  val +[\d.]+ % \(loss [\d.]+\)"
        r"  [\d.]+ s( best)?\n){10}",
        trained.stderr,
    ), trained.stderr

    predicted = run("predict", *sorted(digit_pngs.glob("*.png")), "--json")
    assert predicted.returncode == 0
    assert predicted.stderr.startswith("model: runs/")
    assert len(predicted.stderr.splitlines()) == 1
    texts = [json.loads(line)["text"] for line in predicted.stdout.splitlines()]
    assert sum(text == str(digit) for digit, text in enumerate(texts)) >= 8

    report = run("evaluate", "--report", COLUMNS="80")
    assert (report.returncode, report.stderr) == (0, "")
    assert max(map(len, report.stdout.splitlines())) <= 80
    picture = Path(report.stdout.split("picture  ")[1].strip())
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_installed_command_is_the_program() -> None:
    done = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == "mnistcli 0.1.0\n"


def test_colour_is_for_terminals_only() -> None:
    assert "\x1b" not in run("evaluate").stderr
    assert "\x1b[1;31merror: " in run("evaluate", FORCE_COLOR="1", TERM="xterm").stderr
    assert "\x1b[31m" not in run("evaluate", NO_COLOR="1", FORCE_COLOR="1", TERM="xterm").stderr


@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "")]
)
def test_a_training_that_is_stopped_keeps_its_best_model(name: str, code: int, said: str) -> None:
    arguments = ["train", "--dataset", "digits", "--epochs", "500", "--run-dir", "r"]
    # A shell that started the tests in the background has them ignore Ctrl-C; we heed it.
    code_of_program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.argv = ['mnistcli', *{arguments!r}]\n"
        "from mnistcli.__main__ import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", code_of_program]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not Path("r/model.keras").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.Signals[name])
        _, errors = process.communicate(timeout=60)

    assert process.returncode == code
    assert "Traceback" not in errors
    if said:
        assert errors.splitlines()[-2:] == ["the best model so far is in r", said]
    names = {path.name for path in Path("r").iterdir()}
    assert names <= {"config.json", "environment.json", "history.csv", "model.keras", "last.keras"}
    assert checkpoints.load(Path("r/model.keras")).name == "classic"


def test_a_name_that_is_not_utf8() -> None:
    Path(os.fsdecode(b"\xff.png")).touch()

    done = subprocess.run(
        [*PROGRAM, "evaluate", b"\xff.png"], capture_output=True, check=False, text=True
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_no_failure_to_explain() -> None:
    done = subprocess.run(
        f"{sys.executable} -m mnistcli train --help | head -1",
        shell=True, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "Traceback" not in done.stderr
