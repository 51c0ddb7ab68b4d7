"""Writing files whole or not at all, hashing them, and where the user's cache is."""

import hashlib
import os
import secrets
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "MNISTCLI_CACHE_DIR"


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write a file so that it is, at any time, the old one or the whole new one.

    The data go to a temporary file in the same directory, are flushed to the disk, and take the
    file's place in one step; where that fails, nothing of them is left behind.

    Args:
        path: The file; its directory must be there. One that exists is replaced.
        data: The content; text is written as UTF-8.

    Raises:
        OSError: The directory is missing, read-only or full.
    """
    content = data.encode() if isinstance(data, str) else data
    # Not made by `tempfile`, whose files only their owner may read, whatever the umask says.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sha256(data: bytes) -> str:
    """Return the SHA-256 of the data as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def cache_dir() -> Path:
    """Return the directory for what can be fetched again; it need not exist yet.

    It is what ``$MNISTCLI_CACHE_DIR`` names, else the usual place of the operating system.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_cache_path("mnistcli", appauthor=False)
