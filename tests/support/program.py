"""The program in a separate process: standard streams, signals, exit codes.

Its process is a fork of one that has imported the libraries: TensorFlow takes seconds to import.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

PROGRAM = (sys.executable, "-m", "mnistcli")
"""The command that starts the program without a fork."""

FORK_SERVER = multiprocessing.get_context("forkserver")
"""Starts processes that have imported the libraries, but have not started TensorFlow."""

FORK_SERVER.set_forkserver_preload(
    ["mnistcli.api", "mnistcli.training", "mnistcli.plotting.registry", "distributed"]
)
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
        code: Python code that runs first, to change functions of the program.
        stdin: The file or terminal that it reads. Defaults to an empty one.
        stdout: The file, named pipe or terminal that it writes to. Defaults to none.
        stderr: The file or terminal for messages. Defaults to ``stderr.txt``.
        environment: The environment variables. Defaults to those of the test.
    """

    def __init__(
        self,
        *arguments: str,
        code: str = "",
        stdin: str = os.devnull,
        stdout: str = os.devnull,
        stderr: str = "stderr.txt",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._stderr = Path(stderr).absolute()
        self._stderr.write_bytes(b"")
        streams = [stdin, stdout, str(self._stderr)]
        source = f"{_START}\nsys.argv = {['mnistcli', *arguments]!r}\n{code}\nmain()\n"
        settings = (source, str(Path.cwd()), dict(environment or os.environ), streams)
        self._process: BaseProcess = FORK_SERVER.Process(target=_run, args=settings)
        self._process.start()

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return self._process.is_alive()

    @property
    def lines(self) -> list[str]:
        """The lines on stderr so far."""
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


def _run(source: str, folder: str, environment: dict[str, str], streams: list[str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(streams):
        access = os.O_WRONLY | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY
        descriptor = os.open(path, access | os.O_NOCTTY)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    exec(source, {"__name__": "program"})
