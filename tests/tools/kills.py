"""Crash consistency: kill processes that write files, and look at what is left.

A process that writes one file is killed at every line of the code. Training runs are killed at every
operation on their files and at random times; then they are resumed and compared with one that was
not killed.

Usage: python -m tests.tools.kills [--random N] [--step N] [--seed N]
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from mnistcli.datasets import Splits
from mnistcli.files import atomic
from tests.support.kills import fork, kill_after, train_in_fork, verify_in_fork, wait
from tests.support.strokes import make_splits


def main() -> int:
    """Run all kills; return 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=440, help="kills at random times")
    parser.add_argument("--step", type=int, default=1, help="kill at every N-th operation")
    parser.add_argument("--seed", type=int, default=0, help="of the random times")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lines, lost_files = _kill_writes(Path(name, "files"), options.step)
        print(f"{lines} kills at lines of a write, {lost_files} files lost", flush=True)
        splits = make_splits(100, 20)
        whole = Path(name, "whole")
        begun = time.monotonic()
        assert wait(train_in_fork(whole, splits)) == 0
        seconds = time.monotonic() - begun
        assert wait(verify_in_fork(whole, splits)) == 0
        kills = _Kills(Path(name, "run"), splits, (whole / "result.txt").read_text())
        operations = int((whole / "operations.txt").read_text())
        for number in range(options.step, operations + 1, options.step):
            kills.kill_at(number)
        print(f"{kills.landed} kills at operations of a run, {kills.lost} runs lost", flush=True)
        kills.kill_at_random_times(options.random, seconds, options.seed)
        print(
            f"{kills.landed} kills at operations and random times, {kills.lost} runs lost",
            flush=True,
        )
    return int(kills.lost + lost_files > 0)


def _kill_writes(folder: Path, step: int) -> tuple[int, int]:
    """Kill a process at each line of an atomic write; return the numbers of kills and of losses."""
    folder.mkdir()
    path = folder / "file"
    path.write_bytes(b"old")
    landed = lost = 0
    for number in count(1, step):
        code = wait(fork(lambda: _write(path, number)))  # noqa: B023 - it is called immediately
        lost += path.read_bytes() not in {b"old", b"new"}
        if code == 0:
            break
        assert code == -signal.SIGKILL
        landed += 1
    # The last process, which was not killed, has removed what the others left.
    lost += path.read_bytes() != b"new" or len(list(folder.iterdir())) != 1
    return landed, lost


def _write(path: Path, number: int) -> None:
    """Write a file; the process is killed at a line of Python code."""
    lines = 0

    def trace(*_: object) -> Callable[..., Any]:
        nonlocal lines
        lines += 1
        if lines == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    atomic.write_atomically(path, b"new")
    sys.settrace(None)


class _Kills:
    """Kills training runs, and counts those that cannot be resumed to the expected result."""

    def __init__(self, run: Path, splits: Splits, expected: str) -> None:
        self.landed = 0
        self.lost = 0
        self._run = run
        self._splits = splits
        self._expected = expected

    def kill_at(self, operation: int) -> None:
        """Kill a run at an operation on its files."""
        process = train_in_fork(self._run, self._splits, kill_at=operation)
        assert wait(process) == -signal.SIGKILL
        self._verify()

    def kill_at_random_times(self, count: int, seconds: float, seed: int) -> None:
        """Kill runs until `count` kills have landed before the end.

        Args:
            count: Number of kills.
            seconds: Duration of a run.
            seed: Seed of the times.
        """
        rng = random.Random(seed)
        last = self.landed + count
        while self.landed < last:
            process = train_in_fork(self._run, self._splits)
            if kill_after(process, rng.uniform(0, seconds)):
                self._verify()
            else:
                seconds *= 0.9  # the machine has become faster
                shutil.rmtree(self._run)

    def _verify(self) -> None:
        """Count the run as lost if it cannot be resumed to the expected result, and remove it."""
        self.landed += 1
        code = wait(verify_in_fork(self._run, self._splits)) if self._run.exists() else 0
        result = self._run / "result.txt"
        self.lost += code != 0 or (result.exists() and result.read_text() != self._expected)
        shutil.rmtree(self._run, ignore_errors=True)
        if self.landed % 20 == 0:
            print(f"{self.landed} kills of runs so far, {self.lost} runs lost", flush=True)


if __name__ == "__main__":
    sys.exit(main())
