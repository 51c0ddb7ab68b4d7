"""Processor time and peak memory of one run of the program."""

import json
import subprocess
import sys
from typing import NamedTuple

from tests.support.program import PROGRAM

# A small process between: the peak of a child includes the peak of the process that has started it.
_CODE = """
import json, resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10]))
"""


class Measured(NamedTuple):
    """A finished program: exit code, processor time in seconds, and peak of memory in bytes."""

    code: int
    seconds: float
    memory: int


def measure(*arguments: str) -> Measured:
    """Run the program without its output, and measure it."""
    command = [sys.executable, "-c", _CODE, *PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measured(*json.loads(done.stdout))
