"""Kill trainings at every operation on their files and at random times; resume and compare.

Usage: python -m tests.tools.kills [--random N] [--step N]
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from mnistcli.datasets import Splits
from tests.support.kills import kill_after, train_in_fork, verify_in_fork, wait
from tests.support.strokes import make_splits


def main() -> int:
    """Run all kills; return 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=440, help="kills at random times")
    parser.add_argument("--step", type=int, default=1, help="kill at every N-th operation")
    options = parser.parse_args()
    splits = make_splits(100, 20)
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name, "whole")
        begun = time.monotonic()
        assert wait(train_in_fork(whole, splits)) == 0
        seconds = time.monotonic() - begun
        assert wait(verify_in_fork(whole, splits)) == 0
        kills = _Kills(Path(name, "run"), splits, (whole / "result.txt").read_text())
        operations = int((whole / "operations.txt").read_text())
        points = range(options.step, operations + 1, options.step)
        for number in points:
            kills.kill_at(number)
        missed = kills.kill_at_random_times(options.random, seconds)
    sys.stdout.write(
        f"{len(points)} kills at operations, {options.random} at random times ({missed} more came "
        f"too late), {kills.lost} runs lost\n"
    )
    return int(kills.lost > 0)


class _Kills:
    """Kills trainings, and counts those that cannot be resumed to the expected result."""

    def __init__(self, run: Path, splits: Splits, expected: str) -> None:
        self.lost = 0
        self._run = run
        self._splits = splits
        self._expected = expected

    def kill_at(self, operation: int) -> None:
        """Kill a training at an operation on its files."""
        process = train_in_fork(self._run, self._splits, kill_at=operation)
        assert wait(process) == -signal.SIGKILL
        self._verify()

    def kill_at_random_times(self, count: int, seconds: float) -> int:
        """Kill trainings until `count` kills have landed; return how many came too late.

        Args:
            count: Number of kills.
            seconds: Duration of a training.
        """
        rng = random.Random(0)
        landed = missed = 0
        while landed < count:
            process = train_in_fork(self._run, self._splits)
            if kill_after(process, rng.uniform(0, seconds)):
                landed += 1
                self._verify()
            else:
                missed += 1
                seconds *= 0.9  # the machine has become faster
                shutil.rmtree(self._run)
        return missed

    def _verify(self) -> None:
        """Count the run if it cannot be resumed to the expected result, and remove it."""
        code = wait(verify_in_fork(self._run, self._splits)) if self._run.exists() else 0
        result = self._run / "result.txt"
        self.lost += code != 0 or (result.exists() and result.read_text() != self._expected)
        shutil.rmtree(self._run, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
