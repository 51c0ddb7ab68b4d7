"""Kills in a training run; `make kills` tries all of them."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OPTIONS = ("--random", "0", "--step", "60")


def test_a_killed_training_is_resumed_as_if_it_was_not_killed() -> None:
    # A process of its own: a fork of one that has started TensorFlow would hang.
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools.kills", *OPTIONS],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    files, *_, runs = done.stdout.splitlines()
    assert re.fullmatch(r"[1-9]\d* kills at lines of a write, 0 files lost", files)
    assert re.fullmatch(r"[1-9] kills at operations and random times, 0 runs lost", runs)
