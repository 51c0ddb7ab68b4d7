"""Format of the results of `predict`, and the records of a file that is continued."""

import csv
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, NamedTuple

from mnistcli.cli.prediction.prediction_csv import COLUMNS, KAGGLE_COLUMNS

if TYPE_CHECKING:  # loads NumPy and Pillow; help and usage errors must not
    from mnistcli.prediction.image_listing import InputImage

ENCODING, ERRORS = "utf-8", "surrogateescape"
"""Encoding of the files: file names need not be valid UTF-8."""


class Record(NamedTuple):
    """One complete record of an output file.

    Attributes:
        name: The name of the image; empty for the header of a table.
        end: The offset of its end in bytes.
        model: The name of the model; None if the record has none.
    """

    name: str
    end: int
    model: str | None = None


@dataclass(frozen=True)
class OutputFormat:
    """The format of the results: a table to read, CSV or JSON Lines.

    Attributes:
        as_csv: Whether they are CSV.
        as_json: Whether they are JSON Lines.
        only_rows: Whether all images are rows of one data file, which CSV names by their number.
        has_regions: Whether a record contains the regions of one scan.
    """

    as_csv: bool = False
    as_json: bool = False
    only_rows: bool = False
    has_regions: bool = False

    @property
    def can_continue(self) -> bool:
        """Whether the missing images can be derived from the records of a file."""
        return (self.as_csv or self.as_json) and not self.has_regions

    def name_of(self, image: "InputImage") -> str:
        """Return the name of an image in its record."""
        by_number = self.as_csv and self.only_rows and image.row
        return image.row if by_number else str(image.path)

    def read(self, stream: IO[bytes]) -> Iterator[Record]:
        """Read the records of a file up to the first one that is torn or damaged."""
        if self.as_json:
            return _read_json(stream)
        return _read_csv(stream, KAGGLE_COLUMNS if self.only_rows else COLUMNS)


def _read_json(stream: IO[bytes]) -> Iterator[Record]:
    """Read the records of JSON Lines."""
    end = 0
    for line in stream:
        end += len(line)
        if not line.endswith(b"\n"):
            return
        try:
            content = json.loads(line.decode(ENCODING, ERRORS))
        except ValueError:
            return
        name = content.get("path") if isinstance(content, dict) else None
        if not isinstance(name, str):
            return
        yield Record(name, end, content.get("model"))


def _read_csv(stream: IO[bytes], columns: tuple[str, ...]) -> Iterator[Record]:
    """Read the header and the rows of a CSV file whose first column contains the names."""
    end, is_complete = 0, False

    def lines() -> Iterator[str]:
        nonlocal end, is_complete
        for line in stream:
            end += len(line)
            is_complete = line.endswith(b"\n")
            yield line.decode(ENCODING, ERRORS)

    expected: tuple[str, ...] | None = columns
    with suppress(csv.Error):  # such as an unterminated quote
        for row in csv.reader(lines(), strict=True):
            if not is_complete or len(row) != len(columns) or expected not in {None, tuple(row)}:
                return
            yield Record("" if expected else row[0], end)
            expected = None
