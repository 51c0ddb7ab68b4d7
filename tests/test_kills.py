"""Kills in a training; `make kills` tries all of them."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OPTIONS = ("--random", "1", "--step", "60")


def test_a_killed_training_is_resumed_as_if_it_was_not_killed() -> None:
    # A process of its own: a fork of one that has started TensorFlow would hang.
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools.kills", *OPTIONS],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    counts = re.match(r"(\d+) kills at operations, (\d+) at random times", done.stdout)
    assert counts is not None
    assert min(int(count) for count in counts.groups()) >= 1
    assert done.stdout.endswith(", 0 runs lost\n")
