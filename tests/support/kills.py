"""SIGKILL in the middle of a training run, and a new process that resumes it.

Each training run is a fork of this process, which has imported Keras but has not started TensorFlow, so
that a kill costs a second instead of ten.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from mnistcli import architectures, checkpoints
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.errors import RunError
from mnistcli.inference import litert_conversion
from mnistcli.model_lookup import find_model
from mnistcli.runs.run import Run
from mnistcli.training import train
from tests.support.training import TINY_ARCHITECTURES, hash_weights

CONFIG = TrainConfig(arch="simple", epochs=3, batch_size=32, dropout=0.25, label_smoothing=0.1)
# Audit events of operations that change files.
_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove"}


def train_in_fork(run: Path, splits: Splits, config: TrainConfig = CONFIG, kill_at: int = 0) -> int:
    """Start a training run, or resume one, in a new process.

    A run that ends writes the number of its operations on files to ``operations.txt``.

    Args:
        run: The run directory.
        splits: The images.
        config: The config.
        kill_at: Number of the operation on files of the run at which the process is killed; 0 for
            none.

    Returns:
        The process ID.
    """

    def work() -> None:
        operations = _count_operations(run, kill_at)
        _train_quickly()
        resume = run.exists()
        train(config, splits, Run(run) if resume else Run.create(config, run), resume=resume)
        (run / "operations.txt").write_text(str(len(operations)))

    return fork(work)


def verify_in_fork(run: Path, splits: Splits, config: TrainConfig = CONFIG) -> int:
    """Load every file of a stopped run in a new process, resume the run, and write its hashes."""

    def work() -> None:
        found = Run(run)
        if not found.has_config or not (run / "config.json").stat().st_size:
            return  # nothing was trained
        for file in run.rglob("[!.]*.keras"):  # a temporary file may be torn
            checkpoints.load(file)
        if (run / "history.csv").exists():
            found.read_history()
        if found.model_files:
            find_model(str(run))
        _train_quickly()
        # A finished run, which has nothing but a state to lose, is refused.
        with suppress(RunError) if found.is_finished else nullcontext():
            train(config, splits, found, resume=True)
        runs = [Run(file.parent) for file in sorted(run.rglob("model.keras"))]
        histories = [
            [(row.epoch, row.loss, row.val_loss) for row in one.read_history()] for one in runs
        ]
        hashes = [hash_weights(file) for file in sorted(run.rglob("*.keras"))]
        found_files = {str(path.relative_to(run)) for path in run.rglob("*")}
        names = sorted(found_files - {"operations.txt"})
        (run / "result.txt").write_text(f"{histories} {hashes} {names}")

    return fork(work)


def wait(pid: int) -> int:
    """Wait for a process; return its exit code, negative for the signal that terminated it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_after(pid: int, seconds: float) -> bool:
    """Kill a process after a time; return whether the kill terminated it."""
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    return wait(pid) == -signal.SIGKILL


def fork(work: Callable[[], None]) -> int:
    """Do some work in a new process, and return its process ID."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:  # noqa: BLE001 - the exit code tells it to the parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _train_quickly() -> None:
    litert_conversion.to_litert = lambda model: None
    architectures.ARCHITECTURES = TINY_ARCHITECTURES


def _count_operations(folder: Path, kill_at: int) -> list[str]:
    """Return a list that grows with each operation on files in a directory; kill at one of them."""
    inside = str(folder.resolve())
    operations: list[str] = []

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS and str(Path(str(arguments[0])).absolute()).startswith(inside):
            operations.append(event)
            if len(operations) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    return operations
