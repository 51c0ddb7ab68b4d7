"""End-to-end tests of the whole program: standard streams, broken pipe, full disk, signals."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mnistcli
from tests.support.program import PROGRAM

COMMAND = Path(sys.executable).with_name("mnistcli")
NO_SPACE = "error: cannot write to stdout: no space left on device\n"
CLOSED = "error: cannot write to stdout: it is closed\n"


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def run_in_shell(arguments: str, redirection: str) -> subprocess.CompletedProcess[str]:
    command = f"'{sys.executable}' -m mnistcli {arguments} {redirection}"
    return subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False, timeout=120
    )


def test_from_training_to_a_report(digit_pngs: Path) -> None:
    """The steps of the README with the bundled digits; stderr has nothing but our own lines."""
    options = ("--arch", "fast", "--optimizer", "sgd", "--epochs", "3")
    trained = run("train", "--dataset", "digits", *options)
    assert trained.returncode == 0
    assert re.fullmatch(
        r"training fast on digits \(sgd, seed 0, 11 steps per epoch\); "
        r"saving to runs/\S+_classic_seed0\n"
        r"(epoch +\d+/3  train +[\d.]+ % \(loss [\d.]+\)  val +[\d.]+ % \(loss [\d.]+\)"
        r"  [\d.]+ s(  kept)?\n){3}",
        trained.stderr,
    ), trained.stderr

    predicted = run("predict", *sorted(digit_pngs.glob("*.png")), "--json")
    assert predicted.returncode == 0
    assert predicted.stderr.startswith("model: runs/")
    texts = [json.loads(line)["text"] for line in predicted.stdout.splitlines()]
    assert sum(text == str(digit) for digit, text in enumerate(texts)) >= 8

    report = run("evaluate", "--report", COLUMNS="80")
    assert (report.returncode, report.stderr) == (0, "")
    assert max(map(len, report.stdout.splitlines())) <= 80
    figure = Path(report.stdout.split("figure  ")[1].strip())
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_the_installed_command_is_the_program() -> None:
    done = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == f"mnistcli {mnistcli.__version__}\n"


def test_forced_color_does_not_animate() -> None:
    plain = run("evaluate", "nothing", FORCE_COLOR="", NO_COLOR="")
    forced = run("evaluate", "pretrained", "--dataset", "digits", FORCE_COLOR="1", TERM="xterm")

    assert "\x1b" not in plain.stderr
    assert (forced.returncode, forced.stderr) == (0, "")


def test_a_full_disk_fails_in_one_line() -> None:
    for arguments in (
        "--help",
        "--version",
        "recipes --json",
        "evaluate pretrained --dataset digits",
    ):
        done = run_in_shell(arguments, "> /dev/full")
        assert (done.returncode, done.stderr) == (1, NO_SPACE), arguments


def test_a_closed_stdout_fails_before_the_work() -> None:
    for arguments in ("--version", "train --dataset digits --epochs 500"):
        done = run_in_shell(arguments, ">&-")
        assert (done.returncode, done.stderr) == (1, CLOSED)
    assert not Path("runs").exists()


def test_closed_stdin_and_stderr_change_no_result(digit_pngs: Path) -> None:
    expected = run("predict", digit_pngs, "--model", "pretrained").stdout

    done = run_in_shell(f"predict '{digit_pngs}' --model pretrained", "<&- 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")

    failed = run_in_shell("evaluate nothing", "2>&-")
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", "")
    stdin = run_in_shell("predict - --model pretrained", "<&-")
    assert (stdin.returncode, stdin.stdout) == (1, "")
    assert stdin.stderr.splitlines()[1].startswith("error: stdin is ")


@pytest.mark.parametrize("arguments", ["train --help", "recipes", "recipes --json"])
def test_a_closed_pipe_is_quiet(arguments: str) -> None:
    done = run_in_shell(arguments, "| head -1")

    assert done.returncode == 0
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the program so that it heeds Ctrl-C, which a shell's background job ignores."""
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.argv = ['mnistcli', *{arguments!r}]\n"
        "from mnistcli.__main__ import main\n"
        "print('started', file=sys.stderr, flush=True)\n"
        "main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == "started\n"
    return process


@pytest.mark.parametrize(
    ("seconds", "name", "code", "word"),
    [
        (0.02, "SIGTERM", 143, "terminated"),
        (0.1, "SIGINT", 130, "interrupted"),
        (0.3, "SIGTERM", 143, "terminated"),
        (1.0, "SIGINT", 130, "interrupted"),
        (2.0, "SIGTERM", 143, "terminated"),
    ],
)
def test_a_start_that_is_stopped_says_so_and_nothing_else(
    seconds: float, name: str, code: int, word: str
) -> None:
    """In the imports of the command line, of Keras, and while TensorFlow starts."""
    with start("train", "--dataset", "digits", "--epochs", "500", "--run-dir", "r") as process:
        time.sleep(seconds)
        process.send_signal(signal.Signals[name])
        _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (code, f"{word}\n")


def test_a_name_that_is_not_utf8() -> None:
    Path(os.fsdecode(b"\xff.png")).touch()

    done = subprocess.run(
        [*PROGRAM, "evaluate", b"\xff.png"], capture_output=True, check=False, text=True
    )

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
