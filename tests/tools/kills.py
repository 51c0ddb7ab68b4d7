"""Kill trainings at every operation on their files and at random times; resume and compare.

Usage: python -m tests.tools.kills [--random N] [--step N]
"""

import argparse
import random
import shutil
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
    parser.add_argument("--random", type=int, default=200, help="kills at random times")
    parser.add_argument("--step", type=int, default=1, help="kill at every N-th operation")
    options = parser.parse_args()
    splits = make_splits()
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.monotonic()
        whole = folder / "whole"
        wait(train_in_fork(whole, splits))
        seconds = time.monotonic() - begun
        wait(verify_in_fork(whole, splits))
        expected = (whole / "result.txt").read_text()
        landed = lost = operation = 0
        while True:
            operation += options.step
            run = folder / "run"
            if wait(train_in_fork(run, splits, kill_at=operation)) == 0:
                shutil.rmtree(run)
                break
            landed += 1
            lost += not _is_whole(run, splits, expected)
        points, missed = landed, 0
        while landed - points < options.random:
            run = folder / "run"
            hit = kill_after(train_in_fork(run, splits), rng.uniform(0, seconds))
            landed += hit
            missed += not hit
            if not hit:
                seconds *= 0.9  # the machine has become faster
            lost += not _is_whole(run, splits, expected)
    sys.stdout.write(
        f"{points} kills at operations, {landed - points} at random times ({missed} came too "
        f"late), {lost} runs lost\n"
    )
    return int(lost > 0)


def _is_whole(run: Path, splits: Splits, expected: str) -> bool:
    """Return whether a killed run can be resumed to the expected result; remove it."""
    code = wait(verify_in_fork(run, splits)) if run.exists() else 0
    result = run / "result.txt"
    whole = code == 0 and (not result.exists() or result.read_text() == expected)
    shutil.rmtree(run, ignore_errors=True)
    return whole


if __name__ == "__main__":
    sys.exit(main())
