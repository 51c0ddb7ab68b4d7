"""Child processes that run the probes in parallel and isolate their crashes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

_TIMEOUT = 180  # seconds
_ROOT = Path(__file__).parents[2]


class ProbeResult(NamedTuple):
    """Result of a probe.

    Attributes:
        values: The values that it returned, keyed by name; empty if it has failed.
        error: The reason for its failure; empty if it succeeded.
        messages: The lines that its libraries wrote to stderr.
    """

    values: dict[str, Any]
    error: str
    messages: list[str]


class ProbeProcesses:
    """Child processes, one for each probe.

    Args:
        processes: The processes, keyed by the name of the probe.
    """

    def __init__(self, processes: dict[str, subprocess.Popen[bytes]]) -> None:
        self._processes = processes

    def result(self, name: str) -> ProbeResult:
        """Wait for a probe to end and return its result."""
        process = self._processes[name]
        try:
            stdout, stderr = process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            return ProbeResult({}, f"no answer within {_TIMEOUT} seconds", [])
        messages = stderr.decode(errors="replace").splitlines()
        if process.returncode < 0:  # such as a segfault
            killed_by = signal.Signals(-process.returncode).name
            return ProbeResult({}, f"the process was killed by {killed_by}", messages)
        try:
            values = json.loads(stdout.splitlines()[-1])
        except (IndexError, ValueError):
            return ProbeResult({}, (messages or ["no answer"])[-1], messages)
        return ProbeResult(values, values.pop("error", ""), messages)


@contextmanager
def run_probes(names: Sequence[str]) -> Iterator[ProbeProcesses]:
    """Start probes in child processes, and stop those still running when the block ends.

    Args:
        names: Names in `mnistcli.diagnosis.probes.PROBES`.
    """
    paths = filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in names:
            processes[name] = subprocess.Popen(  # noqa: S603 - our own module
                _command(name),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
            )
        yield ProbeProcesses(processes)
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.kill()
                process.communicate()


def _command(name: str) -> list[str]:
    # -P: a file numpy.py in the working directory is not imported.
    return [sys.executable, "-P", "-m", "mnistcli.diagnosis.probes", name]
