"""Downloads with pooch: mirrors in order, hash verification, an atomic write into the cache.

Pooch's downloader is given a time limit, because it has none for a server that trickles single
bytes. The files are decompressed before their hash is verified, because mirrors compress the same
file differently, and written with our own function, so that the next process removes what a killed
one left behind. There is no retry: after a failure, the next mirror is tried (failover).
"""

import errno
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pooch
from requests import Response, exceptions

from mnistcli.datasets.idx import decompress
from mnistcli.datasets.progress import ProgressBar
from mnistcli.errors import OTHER_DATASET, DownloadError
from mnistcli.files.atomic import write_atomically
from mnistcli.files.hashing import sha256

TIMEOUT = 15.0
"""Seconds in which a mirror must answer and, after that, send each `CHUNK_SIZE` bytes; one that
hangs for longer is abandoned."""

TIME_LIMIT = 1800.0
"""Seconds in which a mirror must send the complete file."""

MAX_BYTES = 1 << 27
"""Maximum size of a download, more than twice the largest MNIST file uncompressed."""

CHUNK_SIZE = 1 << 16


class _MirrorError(Exception):
    """A mirror does not have the file or does not send it; the message is its answer."""


def fetch(
    name: str,
    digest: str,
    mirrors: Sequence[str],
    directory: Path,
    *,
    progress: ProgressBar | None = None,
) -> Path:
    """Download a gzip file from the first mirror that has it, and decompress it into a directory.

    Args:
        name: Name of the decompressed file; the mirrors have it with the suffix ``.gz``.
        digest: SHA-256 hash of the decompressed file.
        mirrors: URLs of directories, tried in order.
        directory: Directory for the file. It is created if necessary.
        progress: Progress bar.

    Returns:
        The path of the decompressed file.

    Raises:
        DownloadError: No mirror has the file. The message contains the answer of each.
        OSError: The directory cannot be written.
    """
    path = directory.absolute() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):  # before the download
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    answers = []
    with _progress_of(f"{name}.gz", progress):
        for mirror in mirrors:
            try:
                content = _download(f"{mirror}{name}.gz", digest, progress)
            except _MirrorError as error:
                answers.append(f"{urlsplit(mirror).netloc}: {error}")
            else:
                write_atomically(path, content)
                return path
    raise DownloadError(
        f"cannot download {f'{name}.gz'!r} ({'; '.join(answers)}); --data-dir takes a directory "
        "with the files",
        hint=OTHER_DATASET,
    )


def _download(url: str, digest: str, progress: ProgressBar | None) -> bytes:
    """Return the decompressed content of a file after its hash (checksum) is verified."""
    try:
        content = decompress(_get(url, progress))
    except ValueError as error:
        raise _MirrorError("damaged content") from error
    if sha256(content) != digest:
        raise _MirrorError("wrong content")
    return content


def _get(url: str, progress: ProgressBar | None) -> bytes:
    """Return the content at a URL, within the limits of time and size.

    The download runs in a thread of its own, which is abandoned after a timeout: the read timeout
    of requests only limits the time between two bytes.
    """
    body = _Body()
    responses: list[Response] = []
    errors: list[Exception] = []
    download = pooch.HTTPDownloader(
        progressbar=progress or False,
        chunk_size=CHUNK_SIZE,
        timeout=TIMEOUT,
        # The files are already compressed, and the header states the size of the file.
        headers={"Accept-Encoding": "identity"},
        hooks={"response": lambda response, **_: responses.append(response)},
    )

    def run() -> None:
        try:
            download(url, body, None)
        except Exception as error:  # noqa: BLE001 - raised again below, in the caller's thread
            errors.append(error)
        finally:
            for response in responses:  # pooch leaves them open after an error
                response.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        _wait(thread, body)
    finally:
        body.abandoned = True  # a thread that is still running ends at its next chunk
    if errors:
        raise _MirrorError(_answer(errors[0])) from errors[0]
    return bytes(body.content)


class _Body:
    """The body of a response: a file for pooch to write to, limited in size."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.abandoned = False

    def write(self, chunk: bytes) -> None:
        if self.abandoned or len(self.content) + len(chunk) > MAX_BYTES:
            raise _MirrorError(f"more than {MAX_BYTES >> 20} MiB")
        self.content += chunk

    def flush(self) -> None:
        """Do nothing; pooch calls it after each chunk."""


def _wait(thread: threading.Thread, body: _Body) -> None:
    """Wait for the end of a download, as long as it advances and has time left."""
    end = time.monotonic() + TIME_LIMIT
    while thread.is_alive():
        received = len(body.content)
        thread.join(TIMEOUT)
        stalled = len(body.content) == received
        if thread.is_alive() and (stalled or time.monotonic() > end):
            raise _MirrorError("timed out")


def _answer(error: Exception) -> str:
    """Describe the answer of a mirror in two or three words."""
    if isinstance(error, _MirrorError):
        return str(error)
    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    if "timed out" in str(error):  # requests raises several exceptions for it
        return "timed out"
    if isinstance(error, exceptions.SSLError):
        return "no secure connection"
    if isinstance(error, exceptions.ChunkedEncodingError):
        return "connection lost"
    return "no connection" if isinstance(error, OSError) else "invalid response"


@contextmanager
def _progress_of(name: str, progress: ProgressBar | None) -> Iterator[None]:
    """Name the file on the progress bar, and close the bar even after a failure."""
    if progress is None:
        yield
        return
    progress.set_description(name)
    try:
        yield
    finally:
        progress.close()
