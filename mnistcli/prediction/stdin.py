"""Standard input as an image source: an image, or a list of file names."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from mnistcli.errors import ImageError
from mnistcli.files.signatures import SIGNATURE_LENGTH
from mnistcli.image_io.image_formats import is_image_data
from mnistcli.image_io.image_input import read_stream
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.image_sources import expand_file

STDIN = "-"
"""The name of the standard input."""

_MIN_HEAD_BYTES = 16  # the longest signature of an image


def expand_stdin(sources: Iterable[str], stdin: IO[bytes] | None) -> Iterator[str | InputImage]:
    """Replace ``-`` with the image on stdin or with the names that are listed there.

    Args:
        sources: Names of files, folders and patterns, and ``-``.
        stdin: The standard input; None if it is closed. It holds an image, which is recognized by
            its first bytes; or names, one per line, or NUL-separated as by ``find -print0``.
    """
    for source in sources:
        if source != STDIN:
            yield source
        elif stdin is not None and (head := _read_head(stdin)):
            if is_image_data(head):
                yield from _stdin_images(head, stdin)
            else:
                yield from _names(head, stdin)
        else:
            error = ImageError("stdin is empty: expected an image or a list of file names")
            yield InputImage(Path(STDIN), error=error)


def _read_head(stdin: IO[bytes]) -> bytes:
    """Read the first bytes of a stream: at least the longest signature, if there are that many."""
    read = getattr(stdin, "read1", stdin.read)  # does not wait until the stream ends
    head = b""
    while len(head) < _MIN_HEAD_BYTES and (part := read(SIGNATURE_LENGTH)):
        head += part
    return head


def _stdin_images(head: bytes, stdin: IO[bytes]) -> Iterator[InputImage]:
    """Yield the image on stdin, or the pages of a PDF or TIFF file."""
    try:
        image = InputImage(Path(STDIN), read_stream(stdin, STDIN, head))
    except ImageError as error:
        image = InputImage(Path(STDIN), error=error)
    yield from expand_file(image)


def _names(head: bytes, stdin: IO[bytes]) -> Iterator[str]:
    """Split a stream into names, at NUL characters if there are any, else at line ends."""
    separator = b"\0" if b"\0" in head else b"\n"
    read = getattr(stdin, "read1", stdin.read)
    rest = head
    while True:
        *names, rest = rest.split(separator)
        yield from (os.fsdecode(name.rstrip(b"\r")) for name in names if name.strip())
        part = read(2**16)
        if not part:
            break
        rest += part
    if rest.strip():
        yield os.fsdecode(rest.rstrip(b"\r"))
