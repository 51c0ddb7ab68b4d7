"""The program: ``mnistcli`` and ``python -m mnistcli``."""

import contextlib
import os
import signal
import sys
from types import FrameType

from mnistcli.cli import app
from mnistcli.cli.errors import INTERRUPTED

_STOPPED = (INTERRUPTED, 128 + signal.SIGTERM)


def main() -> None:
    """Run the command line and exit with its code."""
    # A file name need not be valid in the terminal's encoding; it is printed all the same.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _end)
    try:
        app(prog_name="mnistcli")
    except SystemExit as end:
        if end.code not in _STOPPED:
            raise
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(int(end.code))  # does not wait for threads that are predicting images


def _end(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    main()
