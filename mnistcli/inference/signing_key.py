"""Signing key: a secret key of this user, which proves that a file was created here.

It is stored in the user's configuration directory and is created when the first file is signed.
"""

import contextlib
import os
import secrets
from pathlib import Path

from mnistcli.files.atomic import temporary_name
from mnistcli.files.regular_files import open_regular
from mnistcli.files.user_directories import config_dir

_NAME = "signing.key"
_BYTES = 32


def load_key(*, create: bool = False) -> bytes | None:
    """Return the key; None if there is none.

    Args:
        create: Whether to create a missing key. It is None if that is not possible.
    """
    path = config_dir() / _NAME
    key = _read(path)
    if key is None and create:
        with contextlib.suppress(OSError):  # no home, or a file system without hard links
            _create(path)
        key = _read(path)
    return key


def _read(path: Path) -> bytes | None:
    try:
        with open_regular(path) as stream:
            key = stream.read(_BYTES + 1)
    except OSError:
        return None
    return key if len(key) == _BYTES else None


def _create(path: Path) -> None:
    """Create the key; if another process is faster, its key is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{temporary_name()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as stream:
            stream.write(secrets.token_bytes(_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, path)  # a link never replaces a file
    finally:
        temporary.unlink(missing_ok=True)
