"""What a command costs. Prints a JSON object: wall seconds, and the peak of its memory in MB.

A process of its own, and a small one: the peak of a child's memory starts at its parent's, and the
benchmark has all of MNIST in its own.

Usage: python cost.py COMMAND...
"""

import json
import os
import subprocess
import sys
import time

start = time.perf_counter()
with subprocess.Popen(
    sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
) as process:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
seconds = time.perf_counter() - start
if process.returncode:
    sys.exit(f"{sys.argv[1:]} ended with {process.returncode}")
print(json.dumps({"seconds": seconds, "megabytes": usage.ru_maxrss / 1024}))
