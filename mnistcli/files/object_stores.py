"""Object stores: S3, Google Cloud Storage (GCS) and Azure Blob Storage, read with fsspec.

A folder is a common prefix of the keys of objects. What Azure calls a container is a bucket here.
fsspec and the package of a store are imported when a URL is read, not before.
"""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Self

from mnistcli.errors import StoreError

MAX_BYTES = 256 * 2**20
"""Maximum number of bytes of an object, or of a pipe, that are read into memory."""

_TIMEOUT = 20.0  # seconds without a response, after which a store counts as unreachable
_SLOW_SECONDS = 2.0  # circuit breaker: a store whose first failure takes longer is not asked again
_MIN_RATE = 250_000  # bytes per second; a slower download fails
_LOGGERS = ("fsspec", "s3fs", "aiobotocore", "botocore", "gcsfs", "adlfs", "azure")
_ANSWERS = (FileNotFoundError, PermissionError)
_URL = re.compile(r"([a-z][a-z0-9+.-]+)://([^/]*)(.*)", re.IGNORECASE | re.DOTALL)


class _StoreKind(NamedTuple):
    """A kind of object store.

    Attributes:
        package: The package through which fsspec reads it.
        credentials: The command that sets the credentials.
    """

    package: str
    credentials: str


_S3 = _StoreKind("s3fs", "export AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=SECRET")
_GOOGLE = _StoreKind("gcsfs", "gcloud auth application-default login")
_AZURE = _StoreKind("adlfs", "export AZURE_STORAGE_CONNECTION_STRING=STRING")
_STORES = {
    "s3": _S3,
    "s3a": _S3,
    "gs": _GOOGLE,
    "gcs": _GOOGLE,
    "az": _AZURE,
    "abfs": _AZURE,
    "abfss": _AZURE,
}
"""Protocols that are read; a URL of any other protocol is not a file."""


class StoreEntry(NamedTuple):
    """An entry of a folder in a store.

    Attributes:
        name: The name without its folders.
        size: The size of an object in bytes; None for a folder, or if it is not known.
        is_folder: Whether it is a folder.
    """

    name: str
    size: int | None
    is_folder: bool


@dataclass(frozen=True)
class StoredObject:
    """An object or a folder in an object store, in place of the `Path` of a file.

    Attributes:
        url: The URL, such as ``s3://bucket/folder/x.png``.
        size: The size in bytes; None if it is not known.
        content: The content, if it has already been downloaded.
    """

    url: str
    size: int | None = field(default=None, compare=False)
    content: bytes | None = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the object that a URL names; None for a URL of another kind or other text."""
        match = _URL.fullmatch(text)
        if match is None or match[1].lower() not in _STORES:
            return None
        return cls(f"{match[1].lower()}://{match[2]}{match[3]}")

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rstrip("/").rpartition("/")[2]

    @property
    def bucket(self) -> str:
        """The URL of the bucket."""
        match = _URL.fullmatch(self.url)
        return f"{match[1]}://{match[2]}" if match else ""

    def with_name(self, name: str) -> Self:
        """Return the object of another name in the same folder."""
        return type(self)(self.url.rstrip("/").rpartition("/")[0] + f"/{name}")

    def child(self, entry: StoreEntry) -> Self:
        """Return an entry of this folder."""
        return type(self)(f"{self.url.rstrip('/')}/{entry.name}", entry.size)

    def read_bytes(self, limit: int = MAX_BYTES) -> bytes:
        """Return the content, which is downloaded if necessary.

        Args:
            limit: Maximum number of bytes to read.

        Raises:
            StoreError: The object cannot be read, or is larger than the limit.
        """
        if self.content is not None:
            return self.content
        content = b"" if self.size is not None and self.size > limit else self.read_start(limit + 1)
        if len(content) > limit or (self.size or 0) > limit:
            raise StoreError(f"more than {limit // 2**20} MiB: {self.url!r}")
        return content

    def read_start(self, count: int) -> bytes:
        """Download the first bytes by a range request; all if there are no more than `count`.

        Raises:
            StoreError: The object cannot be read.
        """
        expected = count if self.size is None else min(count, self.size)
        with _translate_errors(self):
            timeout = max(_TIMEOUT, expected / _MIN_RATE)
            try:
                content: bytes = _call(self, "cat_file", timeout, start=0, end=count)
            except (*_ANSWERS, ImportError, TimeoutError):
                raise
            except Exception:  # a part of an empty object is an error in some stores
                with suppress(Exception):
                    if _call(self, "info", _TIMEOUT)["size"] == 0:
                        return b""
                raise
            return content

    def is_folder(self) -> bool:
        """Ask the store whether this is a folder.

        Raises:
            StoreError: The store does not answer, or has neither a folder nor an object.
        """
        with _translate_errors(self):
            return bool(_call(self, "info", _TIMEOUT)["type"] == "directory")

    def version(self) -> str:
        """Return a version token: the metadata of the object, such as its ETag and its size.

        Raises:
            StoreError: The store does not answer, or does not have the object.
        """
        with _translate_errors(self):
            return str(sorted(_call(self, "info", _TIMEOUT).items(), key=str))

    def list_entries(self) -> list[StoreEntry]:
        """Return the entries of this folder, in the order of the store.

        Raises:
            StoreError: The folder cannot be read.
        """
        with _translate_errors(self):
            # A long folder takes many requests, so there is no time limit for all of them.
            entries = _call(self, "ls", None, detail=True)
        names = ((entry["name"].rstrip("/").rpartition("/")[2], entry) for entry in entries)
        depth = self.url.partition("://")[2].rstrip("/").count("/")
        return [
            StoreEntry(name, entry.get("size"), entry["type"] == "directory")
            for name, entry in names
            # An empty object with the name of the folder marks it in some stores.
            if entry["name"].strip("/").count("/") > depth
        ]


FileName = Path | StoredObject
"""The name of a file or of an object in a store."""


def _call(stored: StoredObject, method: str, timeout: float | None, **arguments: Any) -> Any:
    """Call a method of fsspec for an object.

    Args:
        stored: The object.
        method: The name of the method.
        timeout: Seconds to wait for the result; None for no limit. A store that has not answered
            yet is sent a short request first.
        arguments: The arguments of the method after the URL.

    Raises:
        Exception: Any error of the store's package; `TimeoutError` after the time limit.
    """
    store = _open_store(stored.bucket)
    if not store.has_answered and (timeout is None or timeout > _TIMEOUT):
        _call(stored, "info", _TIMEOUT)
    if store.failure is not None:
        raise store.failure.with_traceback(None)
    start = time.monotonic()
    try:
        answer = getattr(store.file_system, method)(stored.url, timeout=timeout, **arguments)
    except _ANSWERS:
        store.has_answered = True
        raise
    except Exception as error:
        if not store.has_answered and time.monotonic() - start > _SLOW_SECONDS:
            store.failure = error
        raise
    store.has_answered = True
    return answer


@dataclass
class _Store:
    """The connection to a bucket.

    Attributes:
        file_system: The file system of fsspec, which all threads share.
        has_answered: Whether the store has answered once.
        failure: The error that made the store unusable; None if it can be used.
    """

    file_system: Any
    has_answered: bool = False
    failure: Exception | None = None


@lru_cache(maxsize=64)
def _open_store(bucket: str) -> _Store:
    """Connect to a bucket.

    Raises:
        ImportError: fsspec or the package of the store is missing.
    """
    for name in _LOGGERS:  # without a handler, they print to stderr what becomes an error of ours
        logging.getLogger(name).addHandler(logging.NullHandler())
    file_system, _ = import_module("fsspec").url_to_fs(bucket, use_listings_cache=False)
    return _Store(file_system)


@contextmanager
def _translate_errors(stored: StoredObject) -> Iterator[None]:
    """Turn any exception of a store's package into a `StoreError`."""
    protocol = stored.url.partition("://")[0]
    package, credentials = _STORES[protocol]
    try:
        yield
    except ImportError:
        raise StoreError(
            f"{protocol}:// requires the package {package}: {stored.url!r}",
            hint=f"pip install {package}",
        ) from None
    except FileNotFoundError:
        raise _missing_error(stored) from None
    except TimeoutError:
        raise StoreError(f"{stored.bucket} does not answer: {stored.url!r}") from None
    except PermissionError as error:
        reason = _first_line(error)
        raise StoreError(f"access denied ({reason}): {stored.url!r}", hint=credentials) from None
    except Exception as error:  # noqa: BLE001 - each package has exceptions of its own
        reason = _first_line(error)
        is_refused = re.search("credentials|forbidden", reason, re.IGNORECASE)
        raise StoreError(
            f"cannot read {stored.url!r}: {reason}", hint=credentials if is_refused else None
        ) from None


def _missing_error(stored: StoredObject) -> StoreError:
    """Return the error of a missing object, or of its bucket if that is missing as well."""
    try:
        _call(StoredObject(stored.bucket), "info", _TIMEOUT)
    except FileNotFoundError:
        return StoreError(f"no such bucket: {stored.bucket!r}")
    except Exception:  # noqa: BLE001, S110 - the bucket may exist, but be inaccessible
        pass
    kind = "folder" if stored.url.endswith("/") else "object"
    return StoreError(f"no such {kind}: {stored.url!r}")


def _first_line(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text.splitlines()[0].rstrip(".")
