"""Form regions: read named bounding boxes of a form from a CSV file, in pixels or as fractions."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mnistcli.errors import DataError, os_reason

MAX_REGIONS = 500
"""Maximum number of regions of a form."""

_COLUMNS = ("name", "left", "top", "right", "bottom")
_PATH = "path"  # the first column of the results
_MAX_BYTES = 1 << 20
_DELIMITERS = ",;\t"
_FORMAT = (
    f"the first line is {','.join(_COLUMNS)}, each other line a region such as date,40,60,200,90"
)


@dataclass(frozen=True)
class FormRegion:
    """A named bounding box of a form: a region of interest (ROI).

    Attributes:
        name: Its name, which is unique in the form.
        edges: Left, top, right and bottom.
        is_relative: Whether the edges are fractions of the width and the height, 0 to 1; else they
            are pixels.
    """

    name: str
    edges: tuple[float, float, float, float]
    is_relative: bool

    def to_fractions(self, size: tuple[int, int], image: str) -> tuple[float, float, float, float]:
        """Convert the edges to fractions of the width and the height of an image.

        Args:
            size: Width and height of the image in pixels.
            image: The name of the image in errors.

        Raises:
            DataError: The region reaches beyond the image.
        """
        width, height = (1, 1) if self.is_relative else size
        left, top, right, bottom = self.edges
        if right > width or bottom > height:
            raise DataError(
                f"region {self.name!r} reaches beyond the {width} x {height} pixels of {image!r}",
                hint="regions are in pixels of the first image, or fractions of its size",
            )
        return left / width, top / height, right / width, bottom / height


def read_regions(path: Path) -> tuple[FormRegion, ...]:
    """Read the regions of a form from a CSV file.

    The header has the columns name, left, top, right and bottom; other columns are ignored. If no
    edge is greater than 1, all edges are relative to the page size: fractions of the width and the
    height. Otherwise they are pixels.

    Args:
        path: The file, in UTF-8, with commas, semicolons or tabs.

    Returns:
        The regions in the order of the file.

    Raises:
        DataError: The file cannot be read or is too large, a line is damaged (the message names
            it), or a name is not unique.
    """
    lines = _read(path).splitlines()
    header = lines[0] if lines else ""
    rows = csv.reader(lines, delimiter=max(_DELIMITERS, key=header.count), strict=True)
    regions: dict[str, tuple[float, float, float, float]] = {}
    try:
        names = [cell.strip().lower() for cell in next(rows, [])]
        if missing := [name for name in _COLUMNS if name not in names]:
            raise DataError(f"no column {missing[0]!r} in {str(path)!r}", hint=_FORMAT)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            place = f"in line {rows.line_num:,} of {str(path)!r}"
            cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
            name = _parse_name(cells.get("name", ""), regions, place)
            regions[name] = _parse_edges(cells, place)
    except csv.Error as error:
        raise DataError(
            f"damaged line {rows.line_num:,} of {str(path)!r}: {error}", hint=_FORMAT
        ) from None
    if not regions:
        raise DataError(f"no regions in {str(path)!r}", hint=_FORMAT)
    is_relative = all(edge <= 1 for edges in regions.values() for edge in edges)
    return tuple(FormRegion(name, edges, is_relative) for name, edges in regions.items())


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = os_reason(error, "cannot read") if isinstance(error, OSError) else "cannot read"
        raise DataError(f"{reason}: {str(path)!r}", hint="--regions FILE") from None
    if len(content) > _MAX_BYTES:
        raise DataError(f"larger than {_MAX_BYTES >> 20} MiB: {str(path)!r}", hint=_FORMAT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"not a CSV file in UTF-8: {str(path)!r}", hint=_FORMAT) from None


def _parse_name(name: str, known: dict[str, tuple[float, float, float, float]], place: str) -> str:
    if not name or not name.isprintable():
        raise DataError(f"a region without a name {place}", hint=_FORMAT)
    if name in known:
        raise DataError(f"a second region {name!r} {place}", hint="names are unique")
    if name == _PATH:
        raise DataError(
            f"{name!r} cannot name a region {place}", hint="it is a column of the results"
        )
    if len(known) == MAX_REGIONS:
        raise DataError(f"more than {MAX_REGIONS} regions {place}", hint="split the file")
    return name


def _parse_edges(cells: dict[str, str], place: str) -> tuple[float, float, float, float]:
    try:
        left, top, right, bottom = _numbers(cells)
    except ValueError:
        raise DataError(f"expected four numbers {place}", hint=_FORMAT) from None
    if not (0 <= left < right < math.inf and 0 <= top < bottom < math.inf):
        raise DataError(f"not a box {place}", hint="0 <= left < right and 0 <= top < bottom")
    return left, top, right, bottom


def _numbers(cells: dict[str, str]) -> Iterator[float]:
    return (float(cells.get(name, "")) for name in _COLUMNS[1:])
