"""Files from the network: several mirrors, a time limit, and nothing but the content asked for."""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

import requests

from mnistcli.datasets.idx import unpack
from mnistcli.errors import DownloadError
from mnistcli.files import sha256

TIMEOUT = 15.0
"""Seconds that a mirror may take to answer, and to go on once it has begun."""

LARGEST = 1 << 27
"""Most bytes a mirror may send: twice the largest file of MNIST, unpacked."""

_CHUNK = 1 << 16


class DownloadListener(Protocol):
    """Hears how downloads go. Each begins and ends once; a second try is a download of its own."""

    def begin(self, name: str, total: int | None) -> None:
        """Hear that a mirror has begun to send a file of so many bytes; None: it does not say."""

    def advance(self, count: int) -> None:
        """Hear that so many bytes more are there."""

    def end(self) -> None:
        """Hear that the file is there, or that the mirror has failed."""


def fetch(
    name: str,
    digest: str,
    mirrors: Sequence[str],
    *,
    listener: DownloadListener | None = None,
) -> bytes:
    """Return the content of a file from the first mirror that gives the right one.

    Args:
        name: The file's name at the mirrors.
        digest: SHA-256 of its content, unpacked.
        mirrors: Addresses that the name is appended to, first one first.
        listener: Hears how it goes.

    Returns:
        The content, unpacked where the mirror packs it with gzip.

    Raises:
        DownloadError: No mirror gave it; the message tells what each one answered.
    """
    answers = []
    for mirror in mirrors:
        try:
            content = unpack(_get(f"{mirror}{name}", listener))
        except OSError as error:  # every exception of requests is one
            answer = _reason(error)
        except ValueError:
            answer = "damaged content"
        else:
            if sha256(content) == digest:
                return content
            answer = "wrong content"
        answers.append(f"{urlsplit(mirror).netloc}: {answer}")
    raise DownloadError(
        f"cannot download {name!r} ({'; '.join(answers)})",
        hint="mnistcli train --data-dir DIR, or mnistcli train --dataset digits",
    )


def _get(url: str, listener: DownloadListener | None) -> bytes:
    # The files are packed already: to pack them again would only make the count of bytes wrong.
    headers = {"Accept-Encoding": "identity"}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        response.raise_for_status()
        length = response.headers.get("Content-Length", "")
        if listener is None:
            return _body(response, listener)
        listener.begin(urlsplit(url).path.rpartition("/")[2], int(length) if length else None)
        try:
            return _body(response, listener)
        finally:
            listener.end()


def _body(response: requests.Response, listener: DownloadListener | None) -> bytes:
    data = bytearray()
    try:
        for chunk in response.iter_content(_CHUNK):
            data += chunk
            if listener:
                listener.advance(len(chunk))
            if len(data) > LARGEST:
                raise ValueError("a mirror sends without end")
    except requests.ConnectionError as error:
        # What requests makes of silence, once the answer has begun.
        raise requests.ReadTimeout(error) from error
    return bytes(data)


def _reason(error: OSError) -> str:
    match error:
        case requests.HTTPError():
            return f"HTTP {error.response.status_code}"
        case requests.Timeout():
            return f"silent for {TIMEOUT:g} s"
        case requests.exceptions.SSLError():
            return "no secure connection"
        case requests.exceptions.ChunkedEncodingError():
            return "broke off"
        case _:
            return "no connection"
