"""Image selection: the images of one shard, and those without a result yet."""

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from mnistcli.errors import ConfigError
from mnistcli.files.hashing import sha256
from mnistcli.files.object_stores import FileName
from mnistcli.prediction.image_listing import InputImage


@dataclass(frozen=True)
class Shard:
    """A part of the image files, for a Slurm job array; each is in exactly one, by its name's hash.

    Attributes:
        number: The number of the shard, counted from 1.
        total: The number of shards.
    """

    number: int
    total: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a shard, such as ``3/64``.

        Raises:
            ConfigError: The text does not have this pattern, or the number is above the count.
        """
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
        shard = cls(int(match[1]), int(match[2])) if match else cls(0, 0)
        if not 1 <= shard.number <= shard.total:
            raise ConfigError(
                f"--shard must be a number and a count, such as 3/64, not {text!r}",
                hint="--shard 3/64",
            )
        return shard

    def contains(self, path: FileName) -> bool:
        """Return whether a file belongs to this shard: its hash modulo the number of shards."""
        digest = sha256(os.fsencode(str(path)))
        return int(digest[:16], 16) % self.total == self.number - 1


class NameCounts:
    """On-disk multiset of image names, so that millions need little memory.

    They are in a temporary database that is removed when the context ends.
    """

    def __init__(self) -> None:
        self.total = 0
        """The number of names that were added."""
        # With an empty name, SQLite uses a temporary file, which it deletes.
        self._database = sqlite3.connect("", isolation_level=None)

    def __enter__(self) -> Self:
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(
            "CREATE TABLE names (name BLOB PRIMARY KEY, count INTEGER) WITHOUT ROWID"
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()

    def add(self, name: str) -> None:
        """Increment the count of a name."""
        self._database.execute(
            "INSERT INTO names VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
            [os.fsencode(name)],
        )
        self.total += 1

    def remove(self, name: str) -> bool:
        """Decrement the count of a name; return False if it is already 0."""
        changed = self._database.execute(
            "UPDATE names SET count = count - 1 WHERE name = ? AND count > 0", [os.fsencode(name)]
        )
        with closing(changed):
            return changed.rowcount == 1

    def skip(
        self, images: Iterable[InputImage], name_of: Callable[[InputImage], str]
    ) -> Iterator[InputImage]:
        """Yield the images whose names are not counted; skip each name as often as it was counted.

        Args:
            images: All images, in their order.
            name_of: Returns the name under which an image is counted.
        """
        if not self.total:
            yield from images
            return
        for image in images:
            if not self.remove(name_of(image)):
                yield image
