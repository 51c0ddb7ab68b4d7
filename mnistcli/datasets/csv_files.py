"""Tables of pixels (.csv, .tsv, .arff): read one image per row, with or without a label column.

Kaggle's `train.csv` has a header row and the label first; other files have no header, or the
label last.
"""

import csv
import gzip
import math
import zlib
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.arrays import is_square
from mnistcli.datasets.name_parsing import IMAGES, INDEX, LABELS, parse_name
from mnistcli.datasets.size_limits import require_size
from mnistcli.errors import OTHER_DATASET, DataError

_CHUNK = 2048  # rows that are parsed at a time
_MAX_LINE = 1 << 20
_DELIMITERS = ",;\t "


class _Table(NamedTuple):
    """The columns of a table.

    Attributes:
        delimiter: The character between cells; None for any blank.
        width: The number of columns.
        label: The column of the label; None if there is none.
        identifier: The column of an identifier; None if there is none.
    """

    delimiter: str | None
    width: int
    label: int | None
    identifier: int | None

    @property
    def other_columns(self) -> dict[str, int]:
        """The columns that are not pixels, keyed by role."""
        columns = {LABELS: self.label, INDEX: self.identifier}
        return {role: column for role, column in columns.items() if column is not None}


def read_csv(path: Path) -> dict[str, NDArray[Any]]:
    """Read the images and labels of a table with one image per row.

    Args:
        path: The file, compressed with gzip or not.

    Returns:
        ``images`` (n, pixels) and, if the table has them, ``labels`` (n,) and ``index`` (n,).

    Raises:
        DataError: A row is malformed (the message names its line), or the columns do not form
            square images.
        OSError: The file cannot be read.
    """
    try:
        with _open(path) as stream:
            return _read(path, stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"damaged file {str(path)!r}: cannot be decompressed") from error


def _open(path: Path) -> IO[str]:
    with path.open("rb") as stream:
        is_gzip = stream.read(2) == b"\x1f\x8b"
    # UTF-8 with or without a byte order mark (BOM). A table of pixels is ASCII; its header
    # may be anything.
    if is_gzip:
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
    return path.open(encoding="utf-8-sig", errors="replace")


def _read(path: Path, stream: IO[str]) -> dict[str, NDArray[Any]]:
    lines = enumerate(iter(lambda: stream.readline(_MAX_LINE), ""), start=1)
    first = next(((number, line) for number, line in lines if line.strip()), (1, ""))
    if first[1].lstrip().startswith(("%", "@")):  # ARFF: the rows follow the line @data
        next((line for _, line in lines if line.strip().lower() == "@data"), None)
        first = next(lines, (1, ""))
    header = _split(first[1], _delimiter(first[1]))
    has_header = not all(map(_is_number, header))
    rows = lines if has_header else chain([first], lines)
    first_rows = list(islice(rows, _CHUNK))
    table = _describe(path, header if has_header else None, first_rows)
    others = list(table.other_columns.values())
    pixels, values = bytearray(), list[NDArray[Any]]()
    dtype: Any = np.uint8
    parsed = list[NDArray[Any]]()
    for chunk in _chunks(first_rows, rows):
        columns = _parse(path, table, chunk)
        values.append(columns[:, others])
        images = np.delete(columns, others, 1)
        if dtype == np.uint8 and images.dtype == np.uint8:
            pixels.extend(images.tobytes())
        else:
            dtype = np.float32
            parsed.append(images)
        require_size(path, len(pixels) + sum(rows.nbytes for rows in parsed))
    width = table.width - len(others)
    images = np.frombuffer(pixels, np.uint8).reshape(-1, width)
    images = np.concatenate([images, *parsed]) if parsed else images
    other_values = np.concatenate(values)
    return {IMAGES: images} | {
        role: other_values[:, column] for column, role in enumerate(table.other_columns)
    }


def _chunks(
    first: list[tuple[int, str]], rows: Iterator[tuple[int, str]]
) -> Iterator[list[tuple[int, str]]]:
    while first:
        yield first
        first = list(islice(rows, _CHUNK))


def _describe(path: Path, header: list[str] | None, rows: list[tuple[int, str]]) -> _Table:
    """Find the label among the columns: by the header, else by the values of the first rows."""
    rows = [row for row in rows if row[1].strip()]
    if not rows:
        raise DataError(f"no rows in {str(path)!r}", hint=OTHER_DATASET)
    delimiter = _delimiter(rows[0][1])
    cells = _split(rows[0][1], delimiter)
    width = len(cells)
    label = index = None
    if header is not None:
        label, index = _find_columns(path, header, rows[0][0], cells)
    count = width - (label is not None) - (index is not None)
    if label is None and not is_square(count) and is_square(count - 1):
        label = _find_label(path, width, delimiter, rows)
        count -= 1
    if not is_square(count):
        raise DataError(
            f"{str(path)!r} has {count} columns of pixels: expected a square such as 784",
            hint=OTHER_DATASET,
        )
    return _Table(delimiter, width, label, index)


def _find_columns(
    path: Path, header: list[str], line: int, cells: list[str]
) -> tuple[int | None, int | None]:
    """Find the columns of the label and of the identifier by the header; None if missing.

    Args:
        path: The file, for errors.
        header: The names of the columns.
        line: The line of the first row.
        cells: The first row.
    """
    if not all(map(_is_number, cells)) and len(header) < 8:
        raise DataError(
            f"{str(path)!r} lists {', '.join(map(repr, header))}, not pixels: put this list "
            "into the folder of its images",
            hint="--dataset FOLDER",
        )
    if len(header) > len(cells):
        raise DataError(
            f"damaged row in line {line:,} of {str(path)!r}: {len(cells)} cells for "
            f"{len(header)} columns",
            hint=OTHER_DATASET,
        )
    roles = [parse_name(name).role for name in header]
    label = roles.index(LABELS) if LABELS in roles else None
    return label, next((i for i, n in enumerate(header) if _is_index(n, roles[i])), None)


def _is_index(name: str, role: str | None) -> bool:
    return role == INDEX or name.strip() == "" or name.lower().startswith("unnamed")


def _find_label(path: Path, width: int, delimiter: str | None, rows: list[tuple[int, str]]) -> int:
    """Return the first or the last column: whichever has several values, all of them digits."""
    columns = _parse(path, _Table(delimiter, width, None, None), rows)
    for column in (0, width - 1):
        values = np.unique(columns[:, column])
        if np.isin(values, range(10)).all() and (len(values) > 1 or values.any()):
            return column
    return 0


def _parse(path: Path, table: _Table, rows: list[tuple[int, str]]) -> NDArray[Any]:
    lines = [line for _, line in rows]
    for dtype in (np.uint8, np.float32):
        try:
            columns: NDArray[Any] = np.loadtxt(
                lines, dtype, delimiter=table.delimiter, comments=None, quotechar='"', ndmin=2
            )
        except (ValueError, OverflowError):
            continue
        if columns.shape[1] == table.width:
            return columns
    number = next((n for n, line in rows if line.strip() and not _is_row(line, table)), rows[0][0])
    raise DataError(
        f"damaged row in line {number:,} of {str(path)!r}: expected {table.width} numbers",
        hint=OTHER_DATASET,
    )


def _is_row(line: str, table: _Table) -> bool:
    cells = _split(line, table.delimiter)
    return len(cells) == table.width and all(map(_is_number, cells))


def _delimiter(line: str) -> str | None:
    found = max(_DELIMITERS, key=line.strip().count)
    return None if found == " " else found


def _split(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    return next(csv.reader([line.strip("\r\n")], delimiter=delimiter), [])


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
