"""The program in a process of its own, for tests that stop it with signals.

Its process is a fork of one that has imported the libraries: TensorFlow takes seconds to import.
"""

import multiprocessing
import os
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["mnistcli.api", "mnistcli.training", "mnistcli.plotting.registry"])
_SECONDS = 120
_START = """
import signal, sys
from mnistcli.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)
"""


class Program:
    """The program, started in the working directory.

    Args:
        arguments: The command line.
        code: Python code that runs before, to change functions of the program.
    """

    def __init__(self, *arguments: str, code: str = "") -> None:
        self._stderr = Path("stderr.txt").absolute()
        self._stderr.write_bytes(b"")
        source = f"{_START}\nsys.argv = {['mnistcli', *arguments]!r}\n{code}\nmain()\n"
        settings = (source, str(Path.cwd()), dict(os.environ), str(self._stderr))
        self._process: BaseProcess = _CONTEXT.Process(target=_run, args=settings)
        self._process.start()

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return self._process.is_alive()

    @property
    def lines(self) -> list[str]:
        """What is on stderr so far."""
        return self._stderr.read_text().splitlines()

    def wait_for_line(self, line: str) -> None:
        """Wait until a line is on stderr."""
        begun = time.monotonic()
        while line not in self.lines:
            assert self.running, self.lines
            assert time.monotonic() - begun < _SECONDS, self.lines
            time.sleep(0.01)

    def send(self, number: int) -> None:
        """Send a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def wait(self) -> int:
        """Wait for the end; return the exit code."""
        self._process.join(_SECONDS)
        assert self._process.exitcode is not None, self.lines
        return self._process.exitcode


def _run(source: str, folder: str, environment: dict[str, str], stderr: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    descriptor = os.open(stderr, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    exec(source, {"__name__": "program"})
