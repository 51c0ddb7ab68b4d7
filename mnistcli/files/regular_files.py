"""Regular files: open them without waiting for the writer of a named pipe (FIFO).

A name of unknown origin can also be one that the system does not accept.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    The open file is checked, not its path, so that nothing can replace it in between (TOCTOU).

    Raises:
        OSError: The file cannot be read, or is a directory, a named pipe or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(0, "not a regular file")


def path_exists(path: Path) -> bool:
    """Return whether a path exists; a name that the system does not accept does not exist."""
    try:
        return path.exists()
    except OSError:
        return False
