"""Real signals to the program in each phase of a training."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnistcli.runs import Run
from tests.support.command_line import succeed
from tests.support.training import hash_weights

TRAIN = ("train", "--dataset", "digits", "--arch", "simple", "--epochs", "3", "--run-dir", "r")
BEST = "the best model so far is in r"
CONTINUE = "continue with: mnistcli train --resume r"

# Each makes a phase last: a line "here" on stderr, then a wait that a signal interrupts.
LOADING = "from mnistcli import datasets; datasets.load = wait"
TRAINING = """
from mnistcli.cli.progress import TrainingProgress
TrainingProgress.on_train_batch_end = wait_after(1)
"""
SAVING = """
import keras
keras.Model.save = wait_after(4, keras.Model.save)  # the second epoch saves the fourth file
"""
EVALUATING = "from mnistcli.training import single_model; single_model.evaluate = wait"
# Stands for a step of TensorFlow, during which Python runs no signal handler.
COMPUTING = """
import hashlib, threading
from mnistcli.cli.progress import TrainingProgress
def compute(*_, **__):
    threading.Timer(0.2, report).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2 * 10**7)
TrainingProgress.on_train_batch_end = compute
"""
PRELUDE = """
import signal, sys, time
def report():
    print("here", file=sys.stderr, flush=True)
def wait(*arguments, **options):
    report()
    time.sleep(60)
def wait_after(count, function=lambda *_, **__: None):
    calls = []
    def call(*arguments, **options):
        calls.append(1)
        if len(calls) == count:
            wait()
        return function(*arguments, **options)
    return call
signal.signal(signal.SIGINT, signal.default_int_handler)
"""


def start(phase: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the program, and return when it has reached a phase."""
    end = f"sys.argv = {['mnistcli', *arguments]!r}\nfrom mnistcli.__main__ import main\nmain()\n"
    command = [sys.executable, "-c", f"{PRELUDE}\n{phase}\n{end}"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while process.stderr.readline() != "here\n":
        assert process.poll() is None
    return process


def stop(process: subprocess.Popen[str], *names: str) -> tuple[int, list[str], float]:
    """Send signals; return the exit code, the lines on stderr, and the seconds until the end."""
    begun = time.monotonic()
    with process:
        for name in names:
            process.send_signal(signal.Signals[name])
            time.sleep(0.1)
        _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    return process.returncode, errors.splitlines(), time.monotonic() - begun


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated"), ("SIGHUP", 129, "terminated")],
)
def test_nothing_is_left_of_a_training_that_is_stopped_while_loading(
    name: str, code: int, word: str
) -> None:
    assert stop(start(LOADING, *TRAIN), name)[:2] == (code, [word])
    assert not Path("r").exists()


def test_nothing_is_left_of_a_training_that_is_stopped_in_its_first_epoch() -> None:
    assert stop(start(TRAINING, *TRAIN), "SIGTERM")[:2] == (143, ["terminated"])
    assert not Path("r").exists()


def test_a_training_that_is_stopped_while_saving_is_resumed_as_if_it_was_not() -> None:
    code, lines, seconds = stop(start(SAVING, *TRAIN), "SIGINT")

    assert code == 130
    assert lines[-3:] == [BEST, CONTINUE, "interrupted"]
    assert seconds < 5
    assert not [path for path in Path("r").iterdir() if path.name.startswith(".")]
    resumed = succeed("train", "--resume", "r")
    assert "resumed after epoch 2 of 3\nepoch 3/3" in resumed.stderr
    succeed(*TRAIN[:-1], "whole")
    for file in ("model.keras", "last.keras"):
        assert hash_weights(Path("r", file)) == hash_weights(Path("whole", file))


def test_a_training_that_is_stopped_while_evaluating_is_finished_later() -> None:
    code, lines, _ = stop(start(EVALUATING, *TRAIN), "SIGTERM")

    assert (code, lines[-3:]) == (143, [BEST, CONTINUE, "terminated"])
    assert "epoch" not in succeed("train", "--resume", "r").stderr
    assert Run(Path("r")).finished
    assert not Path("r/resume.npz").exists()


def test_a_message_comes_within_a_second_although_a_step_takes_longer() -> None:
    process = start(COMPUTING, *TRAIN)
    assert process.stderr is not None
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)

    assert process.stderr.readline() == "interrupted\n"
    assert time.monotonic() - begun < 1.5  # one second, and the load of the tests
    code, lines, _ = stop(process)

    assert (code, lines) == (130, [])


@pytest.mark.parametrize(
    ("names", "code"), [(["SIGINT", "SIGINT"], 130), (["SIGINT", "SIGTERM"], 143)]
)
def test_a_second_signal_ends_the_process_at_once(names: list[str], code: int) -> None:
    returned, _, seconds = stop(start(COMPUTING, *TRAIN), *names)

    assert returned == code
    assert seconds < 2


def test_a_signal_that_was_ignored_at_the_start_stays_ignored() -> None:
    """As after ``nohup``."""
    ignore = "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    process = start(ignore + LOADING, *TRAIN)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None

    assert stop(process, "SIGTERM")[0] == 143


def test_a_library_that_turns_a_signal_into_an_error_of_its_own() -> None:
    """The import of optree does, in the middle of TensorFlow's."""
    phase = """
from mnistcli import datasets
def load(*_, **__):
    try:
        wait()
    except BaseException as error:
        raise ImportError("damaged") from error
datasets.load = load
"""
    assert stop(start(phase, *TRAIN), "SIGTERM")[:2] == (143, ["terminated"])
