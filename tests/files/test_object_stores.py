"""Objects in stores: names, size limits, errors, and no retry after a timeout."""

from typing import Any

import pytest

from mnistcli.errors import StoreError
from mnistcli.files import object_stores
from mnistcli.files.object_stores import StoredObject, StoreEntry


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket/a.png", "s3://bucket/a.png"),
        ("S3A://Bucket//a.png", "s3a://Bucket//a.png"),
        ("gs://bucket", "gs://bucket"),
        ("az://container/a\nb.png", "az://container/a\nb.png"),
        ("http://a.org/a.png", None),
        ("file:///a.png", None),
        ("memory://a.png", None),
        ("s3:/bucket/a.png", None),
        ("a.png", None),
    ],
)
def test_only_urls_of_stores_are_objects(text: str, url: str | None) -> None:
    parsed = StoredObject.parse(text)
    assert (None if parsed is None else str(parsed)) == url


def test_names_of_objects_are_the_parts_of_their_urls() -> None:
    scan = StoredObject("s3://bucket/scans/a.pdf")
    assert (scan.name, scan.bucket) == ("a.pdf", "s3://bucket")
    assert scan.with_name("a.pdf#2").url == "s3://bucket/scans/a.pdf#2"
    for folder in ("s3://bucket/scans", "s3://bucket/scans/"):
        assert StoredObject(folder).name == "scans"
        child = StoredObject(folder).child(StoreEntry("1.png", 7, is_folder=False))
        assert (child.url, child.size) == ("s3://bucket/scans/1.png", 7)


class FakeFileSystem:
    """A file system of fsspec with one object.

    Args:
        content: The content, or the error of every request.
    """

    def __init__(self, content: bytes | Exception) -> None:
        self.content = content
        self.calls: list[str] = []

    def cat_file(self, url: str, *, start: int, end: int, timeout: float) -> bytes:
        self.calls.append(f"{url} {end}")
        if isinstance(self.content, Exception):
            raise self.content
        return self.content[start:end]

    def info(self, url: str, *, timeout: float) -> Any:
        if isinstance(self.content, Exception):
            raise self.content
        return {"size": len(self.content)}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def connect(content: bytes | Exception) -> FakeFileSystem:
        file_system = FakeFileSystem(content)
        store = object_stores._Store(file_system)
        monkeypatch.setattr(object_stores, "_open_store", lambda bucket: store)
        return file_system

    return connect


def test_no_more_is_read_than_the_limit(connect: Any) -> None:
    file_system = connect(b"x" * 100)
    assert StoredObject("s3://b/a").read_bytes(100) == b"x" * 100
    for size in (None, 100):
        with pytest.raises(StoreError, match=r"^more than 0 MiB: 's3://b/a'$"):
            StoredObject("s3://b/a", size).read_bytes(99)
    # The third object is too large by its listing, and is not downloaded.
    assert file_system.calls == ["s3://b/a 101", "s3://b/a 100"]


def test_a_slow_failure_is_not_repeated(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for slow, requests in ((-1.0, 1), (60.0, 2)):
        monkeypatch.setattr(object_stores, "_SLOW_SECONDS", slow)
        file_system = connect(TimeoutError())
        for _ in range(2):
            with pytest.raises(StoreError, match=r"^s3://b does not answer: 's3://b/a'$"):
                StoredObject("s3://b/a").read_bytes(1)
        assert len(file_system.calls) == requests


@pytest.mark.parametrize(
    ("error", "message", "has_hint"),
    [
        (OSError("Forbidden: b/a\nmore"), "cannot read 's3://b/a': Forbidden: b/a", True),
        (PermissionError("no."), "access denied (no): 's3://b/a'", True),
        (ValueError(), "cannot read 's3://b/a': ValueError", False),
    ],
)
def test_any_error_is_one_line(
    connect: Any, error: Exception, message: str, has_hint: bool
) -> None:
    connect(error)
    with pytest.raises(StoreError) as caught:
        StoredObject("s3://b/a").read_bytes(1)
    assert caught.value.message == message
    assert (caught.value.hint is not None) is has_hint
