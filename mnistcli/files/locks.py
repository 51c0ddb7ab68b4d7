"""Locks: one process at a time writes to a directory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path


@contextmanager
def lock_directory(path: Path) -> Iterator[bool]:
    """Lock a directory or a file against other processes; the lock ends with the process.

    Where it cannot be locked, as on Windows and on some network file systems, nothing is
    locked.

    Args:
        path: The directory or file.

    Yields:
        False if another process has locked it.

    Raises:
        OSError: The path cannot be opened.
    """
    if os.name != "posix":
        yield True
        return
    fcntl = import_module("fcntl")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        has_lock = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            has_lock = False
        except OSError:
            pass  # the file system has no locks
        yield has_lock
    finally:
        os.close(descriptor)


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Lock a file against other processes, and wait for the lock; it ends with the process.

    Where files cannot be locked, nothing is locked.

    Args:
        path: The file, which is created.

    Raises:
        OSError: The file cannot be opened.
    """
    if os.name != "posix":
        yield
        return
    fcntl = import_module("fcntl")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with suppress(OSError):  # the file system has no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
