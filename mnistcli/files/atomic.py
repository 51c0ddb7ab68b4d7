"""Atomic writes: a file is the old one or the complete new one; temporary files are cleaned up."""

import os
import platform
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Host, process and a random number: two hosts that share a directory may have the same process IDs.
_TEMPORARY = re.compile(r"\.mnistcli-([0-9a-f]{8})-(\d+)-[0-9a-f]{16}")
# Directories whose stale temporary files this process has removed.
_swept: set[Path] = set()


def write_atomically(path: Path, data: bytes | memoryview | str) -> None:
    """Write a file atomically: at any time it is the old file or the complete new one.

    Args:
        path: The file. Its directory must exist; an existing file is replaced.
        data: The content. Text is encoded as UTF-8; file names in it keep their original bytes,
            even those that are not valid UTF-8.

    Raises:
        OSError: The directory is missing, read-only or full.
    """
    content = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    # Not created by `tempfile`, whose files have mode 0600 regardless of the umask.
    with replace_atomically(path) as temporary, temporary.open("xb") as stream:
        stream.write(content)


@contextmanager
def replace_atomically(path: Path, suffix: str = "") -> Iterator[Path]:
    """Replace a file atomically with one that the body of the `with` statement writes.

    When the body ends, the new file is flushed to disk and renamed into place, and its directory is
    flushed, so that the file survives a power failure. If the body fails, the new file is deleted
    and the old one stays. Temporary files of dead processes in the directory are deleted as well.

    Args:
        path: The file. Its directory must exist.
        suffix: A suffix that the temporary file needs, such as ``.keras``.

    Yields:
        The path of the temporary file, in the same directory.

    Raises:
        OSError: The file cannot be written, flushed or moved.
    """
    if path.parent not in _swept:
        _swept.add(path.parent)
        remove_stale_temporaries(path.parent)
    temporary = path.with_name(f"{temporary_name()}.tmp{suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        # On a disk that fails altogether, the first failure matters more.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    _flush_directory(path.parent)


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Create a temporary directory, and delete those that dead processes have left behind.

    Yields:
        The directory; it is deleted afterwards.

    Raises:
        OSError: The directory cannot be created.
    """
    remove_stale_temporaries(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=temporary_name()) as directory:
        yield Path(directory)


def temporary_name() -> str:
    """Return a new name for a temporary file or directory of this process."""
    return f".mnistcli-{_host()}-{os.getpid()}-{os.urandom(8).hex()}"


def remove_stale_temporaries(directory: Path) -> None:
    """Delete orphaned temporary files and directories: those of dead processes of this host.

    Args:
        directory: The directory. Nothing happens if it cannot be read.
    """
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            match = _TEMPORARY.match(entry.name)
            if match is None or match[1] != _host() or _is_alive(int(match[2])):
                continue
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    Path(entry.path).unlink()


def _host() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _is_alive(process: int) -> bool:
    """Return whether a process may be running."""
    if os.name != "posix":
        return True  # the call below would terminate the process
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _flush_directory(path: Path) -> None:
    # The file is in place by now. Some systems cannot open or flush a directory.
    with suppress(OSError):
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
