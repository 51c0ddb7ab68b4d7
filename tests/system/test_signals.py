"""Real signals to the program in each phase of its commands: SIGINT, SIGTERM, a second Ctrl-C."""

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mnistcli.runs.run import Run
from tests.support.command_line import succeed
from tests.support.program import Program
from tests.support.strokes import make_splits
from tests.support.training import hash_weights

# Each makes a phase last: a line "here" on stderr, then a wait that a signal interrupts.
PRELUDE = """
import hashlib, sys, threading, time
from mnistcli import architectures
from mnistcli.inference import litert_conversion
from tests.support.training import TINY_ARCHITECTURES
architectures.ARCHITECTURES = TINY_ARCHITECTURES
litert_conversion.to_litert = lambda model: None
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
"""
LOADING = "from mnistcli import datasets; datasets.load = wait"
TRAINING = """
from mnistcli.cli.training.training_progress import TrainingProgress
TrainingProgress.on_train_batch_end = wait_after(1)
"""
SAVING = """
import keras
keras.Model.save = wait_after(4, keras.Model.save)  # the second epoch saves the fourth file
"""
EVALUATING = "from mnistcli.training import model_trainer; model_trainer.evaluate = wait"
EVALUATE = "from mnistcli import evaluation; evaluation.evaluate = wait"
PREDICT = "from mnistcli.prediction import preparation; preparation.open_image = wait"
PLOT = "from matplotlib.figure import Figure; Figure.savefig = wait"


def compute(seconds: float) -> str:
    """Return a phase that stands for a step of TensorFlow: Python runs no signal handler."""
    return f"""
from mnistcli import datasets
def compute(*_, **__):
    begun = time.monotonic()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**5)
    rounds = int(10**5 * {seconds} / (time.monotonic() - begun))
    threading.Timer(0.2, report).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)
datasets.load = compute
"""


def start(phase: str, *arguments: str) -> Program:
    """Start the program, and return when it has reached a phase."""
    program = Program(*arguments, code=f"{PRELUDE}\n{phase}")
    program.wait_for_line("here")
    return program


@dataclass(frozen=True)
class Stopped:
    """A program that signals have stopped: exit code, lines on stderr, seconds until the end."""

    code: int
    lines: list[str]
    seconds: float


def stop(program: Program, *names: str) -> Stopped:
    """Send signals, and wait for the end."""
    begun = time.monotonic()
    for name in names:
        program.send(signal.Signals[name])
        time.sleep(0.1)
    code = program.wait()
    lines = program.lines
    assert "Traceback (most recent call last):" not in lines
    return Stopped(code, lines[lines.index("here") + 1 :], time.monotonic() - begun)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = make_splits(100, 20)
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    np.savez(
        path,
        x_train=splits.train.images,
        y_train=splits.train.labels,
        x_test=splits.test.images,
        y_test=splits.test.labels,
    )
    return path


def training(data: Path, run: str = "r") -> tuple[str, ...]:
    """Return the command line of a small training."""
    options = ("--arch", "simple", "--batch-size", "32", "--epochs", "3", "--run-dir", run)
    return ("train", "--dataset", str(data), *options)


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated"), ("SIGHUP", 129, "terminated")],
)
def test_nothing_is_left_of_a_run_that_is_stopped_while_loading(
    name: str, code: int, word: str
) -> None:
    stopped = stop(start(LOADING, "train", "--run-dir", "r"), name)

    assert (stopped.code, stopped.lines) == (code, [word])
    assert not Path("r").exists()


@pytest.mark.parametrize(
    ("name", "code", "word"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")]
)
def test_a_signal_during_the_import_of_the_command_line_shows_no_traceback(
    name: str, code: int, word: str
) -> None:
    phase = """
class Finder:
    def find_spec(self, name, *_):
        if name == "mnistcli.cli":
            print("here", file=sys.stderr, flush=True)
            time.sleep(60)
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Finder())
from mnistcli.__main__ import main
main()
"""
    command = [sys.executable, "-c", phase]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "here\n"
        process.send_signal(signal.Signals[name])
        _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (code, f"{word}\n")


def test_nothing_is_left_of_a_run_that_is_stopped_in_its_first_epoch(data: Path) -> None:
    stopped = stop(start(TRAINING, *training(data)), "SIGTERM")

    assert (stopped.code, stopped.lines[-1]) == (143, "terminated")
    assert not Path("r").exists()


@pytest.mark.usefixtures("quick_training")
def test_a_run_that_is_stopped_while_saving_and_while_evaluating_is_resumed(
    data: Path,
) -> None:
    continues = ["the kept model so far is in r", "continue with: mnistcli train --resume r"]

    stopped = stop(start(SAVING, *training(data)), "SIGINT")

    assert stopped.code == 130
    assert sorted(stopped.lines[-3:]) == sorted([*continues, "interrupted"])
    assert stopped.seconds < 5
    assert not [path for path in Path("r").iterdir() if path.name.startswith(".")]

    resumed = start(EVALUATING, "train", "--resume", "r")
    assert "resumed after epoch 2 of 3" in resumed.lines
    stopped = stop(resumed, "SIGTERM")

    assert stopped.code == 143
    assert stopped.seconds < 5, stopped.lines
    assert sorted(stopped.lines[-3:]) == sorted([*continues, "terminated"])

    assert "epoch" not in succeed("train", "--resume", "r").stderr
    assert Run(Path("r")).is_finished
    assert not Path("r/resume.npz").exists()
    succeed(*training(data, "whole"))
    for file in ("model.keras", "last.keras"):
        assert hash_weights(Path("r", file)) == hash_weights(Path("whole", file))


@pytest.mark.parametrize(
    ("phase", "arguments"),
    [
        (EVALUATE, ["evaluate", "pretrained", "--dataset", "digits"]),
        (PREDICT, ["predict", "images", "--model", "pretrained"]),
        (PLOT, ["plot", "pretrained", "--dataset", "digits", "--output-dir", "plots"]),
    ],
)
def test_other_commands_stop_at_once(phase: str, arguments: list[str], digit_pngs: Path) -> None:
    Path("images").symlink_to(digit_pngs)

    stopped = stop(start(phase, *arguments), "SIGTERM")

    assert (stopped.code, stopped.lines[-1]) == (143, "terminated")
    assert stopped.seconds < 2
    assert not list(Path().glob("plots/*"))


def test_a_message_comes_within_a_second_although_a_step_takes_longer() -> None:
    program = start(compute(2), "train")
    begun = time.monotonic()
    program.send(signal.SIGINT)
    program.wait_for_line("interrupted")

    assert time.monotonic() - begun < 1.5  # one second, and the load of the tests
    stopped = stop(program)
    assert (stopped.code, stopped.lines) == (130, ["interrupted"])


@pytest.mark.parametrize(
    ("names", "code"), [(["SIGINT", "SIGINT"], 130), (["SIGINT", "SIGTERM"], 143)]
)
def test_a_second_signal_ends_the_process_at_once(names: list[str], code: int) -> None:
    stopped = stop(start(compute(10), "train"), *names)

    assert stopped.code == code
    assert stopped.seconds < 2


def test_a_signal_that_was_ignored_at_the_start_stays_ignored() -> None:
    """As after ``nohup``."""
    program = start(f"signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{LOADING}", "train")
    program.send(signal.SIGHUP)
    time.sleep(0.3)
    assert program.running

    assert stop(program, "SIGTERM").code == 143


def test_a_signal_that_a_library_turns_into_an_error_still_stops_the_program() -> None:
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
    stopped = stop(start(phase, "train"), "SIGTERM")

    assert (stopped.code, stopped.lines) == (143, ["terminated"])


def test_a_signal_that_a_library_swallows_still_stops_the_program() -> None:
    """TensorFlow's import did: the training went on for twenty seconds."""
    phase = """
from mnistcli.cli import dataset_loading
def load(*_, **__):
    try:
        wait()
    except BaseException:
        pass
    return digits("digits", None)
digits = dataset_loading.load_splits
dataset_loading.load_splits = load
"""
    arguments = ("--dataset", "digits", "--epochs", "500", "--run-dir", "r")
    stopped = stop(start(phase, "train", *arguments), "SIGTERM")

    assert (stopped.code, stopped.lines) == (143, ["terminated"])
    assert stopped.seconds < 15
    assert not Path("r").exists()


def test_a_signal_during_a_callback_of_the_garbage_collector_stops_the_program() -> None:
    """Python ignores exceptions of such callbacks; JAX registers one."""
    phase = """
import gc
from mnistcli import datasets
def load(*_, **__):
    gc.callbacks.append(wait)
    gc.collect()
    gc.callbacks.clear()
    time.sleep(60)
datasets.load = load
"""
    stopped = stop(start(phase, "train"), "SIGTERM")

    assert (stopped.code, stopped.lines) == (143, ["terminated"])
    assert stopped.seconds < 2
