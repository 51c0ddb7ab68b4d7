"""Crash recovery: kills (SIGKILL) in a training run; `make kills` tries all of them."""

import re
from pathlib import Path

from tests.support.program import Program

# The program of the kills in place of mnistcli. It forks from a process that has imported Keras.
KILLS = """
from tests.tools import kills
sys.argv = ["kills", "--random", "0", "--step", "60"]
sys.exit(kills.main())
"""


def test_a_killed_training_is_resumed_as_if_it_was_not_killed() -> None:
    # A process of its own: a fork of one that has started TensorFlow would hang.
    program = Program(code=KILLS, stdout="stdout.txt")

    assert program.wait() == 0, program.lines
    files, *_, runs = Path("stdout.txt").read_text().splitlines()
    assert re.fullmatch(r"[1-9]\d* kills at lines of a write, 0 files lost", files)
    assert re.fullmatch(r"[1-9] kills at operations and random times, 0 runs lost", runs)
