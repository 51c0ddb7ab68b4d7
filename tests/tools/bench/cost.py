"""Measure a command: print its wall time in seconds and its peak memory in MB as a JSON object.

This is a small process of its own because the peak memory of a child starts at its parent's,
and the benchmark holds all of MNIST.

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
