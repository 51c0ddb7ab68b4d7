"""Read-ahead of objects: in order, in parallel, and only for small objects."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier

import pytest

from mnistcli.errors import StoreError
from mnistcli.files.object_stores import StoredObject
from mnistcli.prediction import object_downloads
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.object_downloads import prefetch_objects


def stored(number: int, size: int | None = None) -> InputImage:
    one = StoredObject(f"s3://b/{number}.png", size)
    return InputImage(one, one)


def test_objects_come_in_order_with_their_content(monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = Barrier(2)

    def read_start(self: StoredObject, count: int) -> bytes:
        barrier.wait(10)  # passes only if two downloads run at a time
        if self.name == "3.png":
            raise StoreError("no such object")
        return self.name.encode()

    monkeypatch.setattr(StoredObject, "read_start", read_start)
    local = InputImage(Path("a.png"), Path("a.png"))
    first, second, between, third, fourth = prefetch_objects(
        [stored(1), stored(2), local, stored(3), stored(4)]
    )
    assert between is local
    contents = [one.source.content for one in (first, second, fourth)]  # type: ignore[union-attr]
    assert contents == [b"1.png", b"2.png", b"4.png"]
    assert third.source is None
    assert third.error is not None


def test_large_objects_are_left_to_the_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_downloads, "_MAX_BYTES", 10)
    monkeypatch.setattr(StoredObject, "read_start", lambda self, count: b"x" * count)
    images = [stored(1, size=11), stored(2)]
    assert list(prefetch_objects(images)) == images


def test_files_are_not_read_ahead() -> None:
    read = []

    def files() -> Iterator[InputImage]:
        for number in range(3):
            read.append(number)
            yield InputImage(Path(str(number)), Path(str(number)))

    next(prefetch_objects(files()))
    assert read == [0]
