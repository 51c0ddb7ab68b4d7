"""Stderr capture: hold back what C++ code writes to stderr."""

import contextlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

# Two threads that redirect stderr at the same time would restore each other's redirection.
_REDIRECTION_LOCK = threading.RLock()


@contextmanager
def hold_back_stderr() -> Iterator[None]:
    """Hold back what C++ code writes to stderr; Python's `sys.stderr` works as usual.

    Meanwhile, file descriptor 2 of the process is redirected to a temporary file. If the context
    ends with an `Exception`, the content of the file is written to stderr; otherwise it is
    discarded, even on Ctrl-C. Without stderr or a writable temporary directory, nothing is
    redirected.
    """
    log = _open_log()
    if log is None:
        yield
        return
    with _REDIRECTION_LOCK, log, os.fdopen(os.dup(2), "w") as original:
        python_stderr = sys.stderr
        python_stderr.flush()
        if python_stderr is sys.__stderr__:
            sys.stderr = original
        os.dup2(log.fileno(), 2)
        try:
            yield
        except Exception:
            log.seek(0)
            os.write(original.fileno(), log.read())
            raise
        finally:
            original.flush()
            sys.stderr = python_stderr
            # A library can have logged for the first time, which creates the handler.
            for handler in logging.root.handlers:
                if isinstance(handler, logging.StreamHandler) and handler.stream is original:
                    handler.stream = python_stderr
            os.dup2(original.fileno(), 2)


def _open_log() -> IO[bytes] | None:
    """Open a temporary file for stderr; None if there is no stderr or no place for the file."""
    if sys.stderr is None:
        return None
    with contextlib.suppress(OSError):
        os.fstat(2)  # a program can close the descriptor and keep `sys.stderr`
        return tempfile.TemporaryFile()
    return None
