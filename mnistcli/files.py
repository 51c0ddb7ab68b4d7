"""Files: atomic writes, SHA-256 hashes and the cache directory."""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "MNISTCLI_CACHE_DIR"
"""Environment variable with the cache directory."""


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write a file atomically: at any time it is the old file or the complete new one.

    A temporary file in the same directory is written and then moved into place. If that fails,
    the temporary file is deleted.

    Args:
        path: The file. Its directory must exist; an existing file is replaced.
        data: The content. Text is encoded as UTF-8; file names in it keep their original bytes,
            even those that are not valid UTF-8.

    Raises:
        OSError: The directory is missing, read-only or full.
    """
    content = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    # Not made by `tempfile`, whose files have mode 0600 whatever the umask is.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
        move_into_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def move_into_place(temporary: Path, path: Path) -> None:
    """Move a complete file to its path atomically, so that it survives a power failure.

    The content is flushed to the disk before the file is renamed, and the directory afterwards.

    Args:
        temporary: The complete file, on the same file system as `path`.
        path: The file to create or to replace.

    Raises:
        OSError: The file cannot be flushed or renamed.
    """
    with temporary.open("rb+") as stream:
        os.fsync(stream.fileno())
    temporary.replace(path)
    # The file is in place by now. Some systems cannot open or flush a directory.
    with suppress(OSError):
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def sha256(data: bytes) -> str:
    """Compute the SHA-256 hash of data as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def cache_dir() -> Path:
    """Return the cache directory, which may not exist yet.

    It is ``$MNISTCLI_CACHE_DIR`` if that is set, otherwise the usual cache directory of the
    operating system. Everything in it can be downloaded or computed again.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_cache_path("mnistcli", appauthor=False)
