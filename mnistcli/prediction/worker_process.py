"""Worker processes, parent side: start them, send images, receive the prepared images.

They are spawned before the libraries are loaded, so this module loads none. `worker_program` is the
worker side. The two sides exchange pickles over pipes (IPC).
"""

import os
import pickle
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from mnistcli.files.object_stores import StoredObject
from mnistcli.system.processors import WORKER_MEMORY, count_usable_processors

MAX_WITHOUT_WORKERS = 64
"""Maximum number of images that are prepared without worker processes, whose start takes time."""
PIPE_ERRORS = (EOFError, OSError, ValueError, pickle.UnpicklingError)
"""Errors of a pipe to a process that has ended; a message may be cut off."""

_MAX_PROCESSES = 8  # more would wait for the parent process, which classifies and prints
_BOOTSTRAP = """
import pickle, sys
sys.path[:], settings = pickle.load(sys.stdin.buffer)
from mnistcli.prediction.worker_program import run_worker
run_worker(**settings)
"""


class WorkerEndedError(Exception):
    """A worker process has ended."""


class WorkerProcess:
    """A worker process, from the side of the parent process.

    Args:
        single: Whether to treat each whole image as a single digit.
        digit_counts: The number of digits that a line may have; None for any.

    Raises:
        OSError: The process cannot be started.
    """

    def __init__(self, *, single: bool, digit_counts: range | None) -> None:
        import subprocess  # noqa: PLC0415 - not needed for few images

        # In another process group: Ctrl-C stops only this process; the workers exit with it.
        group: dict[str, Any] = (
            {"process_group": 0}
            if os.name == "posix"
            else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        )
        self._process = subprocess.Popen(  # noqa: S603 - a program of ours
            [sys.executable, "-c", _BOOTSTRAP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=WORKER_MEMORY | os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            **group,
        )
        self._inbox = cast("IO[bytes]", self._process.stdout)
        self._outbox = cast("IO[bytes]", self._process.stdin)
        with suppress(WorkerEndedError):  # then it does not become ready
            self._send((sys.path, {"single": single, "digit_counts": digit_counts}))

    def wait_until_ready(self) -> None:
        """Wait until the process has started.

        Raises:
            WorkerEndedError: The process has ended.
        """
        self._receive()

    def prepare(
        self,
        images: Sequence[object],
        reserve: Callable[[int], AbstractContextManager[None]],
        classify: Callable[[Any], Any],
    ) -> list[Any]:
        """Prepare images in the process.

        Args:
            images: The images, each an `InputImage`.
            reserve: Waits for an amount of memory in bytes and keeps it until its context ends.
            classify: The classifier; see `Preparation.prepare`.

        Returns:
            The images as `Prepared`.

        Raises:
            WorkerEndedError: The process has ended.
        """
        self._send(images)
        with ExitStack() as memory:
            while not isinstance(reply := self._receive(), list | Exception):
                if not isinstance(reply, int):  # images of digits
                    self._send(classify(reply))
                    continue
                memory.close()
                if reply:
                    memory.enter_context(reserve(reply))
                    self._send(None)
        if isinstance(reply, Exception):
            raise reply
        prepared: list[Any] = reply
        return prepared

    def kill(self) -> None:
        """Terminate the process immediately."""
        self._process.kill()

    def close(self) -> None:
        """Wait for the process to exit and close its pipes."""
        self._process.wait()
        for pipe in (self._inbox, self._outbox):
            with suppress(*PIPE_ERRORS):
                pipe.close()

    def _send(self, message: object) -> None:
        try:
            send_message(self._outbox, message)
        except PIPE_ERRORS:
            raise WorkerEndedError from None

    def _receive(self) -> Any:
        try:
            return receive_message(self._inbox)
        except PIPE_ERRORS:
            raise WorkerEndedError from None


def send_message(pipe: IO[bytes], message: object) -> None:
    """Write a message to a pipe."""
    pickle.dump(message, pipe)
    pipe.flush()


def receive_message(pipe: IO[bytes]) -> Any:
    """Read a message from a pipe."""
    return pickle.load(pipe)  # noqa: S301 - written by a process of ours


def start_processes(
    names: Iterable[str], *, single: bool, digit_counts: range | None
) -> list[WorkerProcess]:
    """Start worker processes if there are many images.

    Args:
        names: Files and folders; folders in folders are not counted.
        single: See `WorkerProcess`.
        digit_counts: See `WorkerProcess`.
    """
    count = count_processes() if _count_files(names) > MAX_WITHOUT_WORKERS else 0
    try:
        return [WorkerProcess(single=single, digit_counts=digit_counts) for _ in range(count)]
    except OSError:  # the images are prepared in this process
        return []


def count_processes() -> int:
    """Return the number of worker processes: one per processor, up to `_MAX_PROCESSES`.

    There are none on one processor or in a program packed by PyInstaller or the like.
    """
    processors = count_usable_processors()
    has_interpreter = sys.executable and not getattr(sys, "frozen", False)
    return min(processors, _MAX_PROCESSES) if has_interpreter and processors > 1 else 0


def _count_files(names: Iterable[str]) -> int:
    """Count files, and the entries of folders up to one more than `MAX_WITHOUT_WORKERS`."""
    count = 0
    for name in names:
        if StoredObject.parse(name) is not None:
            continue  # this process opens it
        path = Path(name)
        with suppress(OSError):  # `find_images` reports the error
            if not path.is_dir():
                count += 1
                continue
            with os.scandir(path) as entries:  # does not read all names of a long folder
                count += sum(1 for _ in islice(entries, MAX_WITHOUT_WORKERS + 1))
    return count
