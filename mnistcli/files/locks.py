"""Advisory file locks (flock): mutual exclusion of concurrent processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Lock a file or directory without waiting (non-blocking); the lock ends with the process.

    Where it cannot be locked, as on Windows and on some network file systems, nothing is
    locked.

    Args:
        path: The file or directory.

    Yields:
        False if another process has locked it.

    Raises:
        OSError: The path cannot be opened.
    """
    with _lock(path, os.O_RDONLY, wait=False) as has_lock:
        yield has_lock


@contextmanager
def wait_for_lock(path: Path) -> Iterator[None]:
    """Lock a file, and wait until it is free; the lock ends with the process.

    Where files cannot be locked, nothing is locked.

    Args:
        path: The file, which is created if it does not exist.

    Raises:
        OSError: The file cannot be opened.
    """
    with _lock(path, os.O_RDWR | os.O_CREAT, wait=True):
        yield


@contextmanager
def _lock(path: Path, flags: int, *, wait: bool) -> Iterator[bool]:
    """Open a path and lock it; yields False if another process has locked it."""
    if os.name != "posix":
        yield True
        return
    fcntl = import_module("fcntl")
    descriptor = os.open(path, flags, 0o666)
    try:
        has_lock = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            has_lock = False
        except OSError:
            pass  # the file system has no locks
        yield has_lock
    finally:
        os.close(descriptor)
