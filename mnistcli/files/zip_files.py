"""Zip archives of unknown origin: open them only if their central directory is small."""

import os
import struct
import zipfile
from typing import IO

_END = b"PK\x05\x06"
_END_BYTES = 22
_LOCATOR = b"PK\x06\x07"  # of ZIP64
_LOCATOR_BYTES = 20
_MAX_COMMENT = 1 << 16


def open_zip(stream: IO[bytes], *, max_directory_bytes: int) -> zipfile.ZipFile:
    """Open a zip archive whose central directory has a limited size.

    `zipfile` reads the whole directory of an archive, with half a kilobyte of memory for each of
    its entries: an archive of 100 MB can take a gigabyte (a zip bomb).

    Args:
        stream: The archive.
        max_directory_bytes: Maximum number of bytes of its directory.

    Raises:
        zipfile.BadZipFile: The archive is damaged, or its directory is larger.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _MAX_COMMENT - _END_BYTES - _LOCATOR_BYTES))
    tail = stream.read()
    end = tail.rfind(_END)
    if end < 0 or end + _END_BYTES > len(tail):
        raise zipfile.BadZipFile("no end record")
    if tail[max(0, end - _LOCATOR_BYTES) : end].startswith(_LOCATOR):
        raise zipfile.BadZipFile("an archive of more than 4 GB")
    (directory,) = struct.unpack_from("<L", tail, end + 12)
    if directory > max_directory_bytes:
        raise zipfile.BadZipFile(f"a directory of {directory} bytes")
    stream.seek(0)
    return zipfile.ZipFile(stream)
