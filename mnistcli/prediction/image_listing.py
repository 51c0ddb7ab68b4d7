"""Image listing: the images in a folder, and the files that a pattern matches.

The natural sort of millions of names takes little memory: it is an external merge sort.
"""

import heapq
import json
import os
import stat
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from mnistcli.errors import ImageError, os_reason
from mnistcli.extras import install_command
from mnistcli.files.natural_order import natural_key
from mnistcli.files.object_stores import FileName
from mnistcli.formatting import format_count
from mnistcli.image_io import ImageSource, is_image_name
from mnistcli.image_io.image_formats import (
    EXTRA_PACKAGES,
    PHOTOS,
    format_of_name,
    is_document_name,
)

SUBFOLDER = "subfolder"
"""The kind of a folder in a folder, for the counts of skipped files."""

# Names that are sorted in memory, where each takes half a kilobyte; more go to temporary files.
_SORTED_IN_MEMORY = 100_000


@dataclass(frozen=True, eq=False)
class InputImage:
    """One image to predict, or the error in its place.

    Attributes:
        path: The file or the object in a store, with its number for a page or row; a name for an
            image that is neither.
        source: The image, as accepted by `open_image`; None if there is an error.
        error: The error in place of the image, such as that of an empty folder; None if there is
            none.
        row: The identifier of a row of a data file; empty for an image. The source of a row is
            uint8 (28, 28) in MNIST format.
    """

    path: FileName
    source: ImageSource | None = None
    error: ImageError | None = None
    row: str = ""


def list_folder(
    folder: Path, *, recursive: bool, on_note: Callable[[str], None] | None
) -> Iterator[InputImage]:
    """Yield the images in a folder in natural order, or an error if there are none.

    Args:
        folder: The folder. Hidden files in it are skipped.
        recursive: Whether to include its subfolders.
        on_note: Receives messages, for example about skipped files.
    """
    skipped: Counter[str] = Counter()
    found = _walk(folder, skipped, recursive=recursive)
    return report_skipped(folder, found, skipped, on_note)


def report_skipped(
    folder: FileName,
    images: Iterable[InputImage],
    skipped: Counter[str],
    on_note: Callable[[str], None] | None,
) -> Iterator[InputImage]:
    """Yield the images in a folder, or an error if there are none; report what was skipped.

    Args:
        folder: The folder.
        images: The images.
        skipped: The number of skipped files, keyed by kind, which grows with the images.
        on_note: Receives messages, for example about skipped files.
    """
    empty = True
    for found in images:
        empty = False
        yield found
    if empty:
        folders = skipped.pop(SUBFOLDER, 0)
        reason = f" ({_counts(skipped)})" if skipped else ", only subfolders" if folders else ""
        yield failed_image(
            folder, f"no images in {str(folder)!r}{reason}", "--recursive" if folders else None
        )
    elif skipped and on_note is not None:
        on_note(_skip_message(folder, skipped))


def _walk(folder: Path, skipped: Counter[str], *, recursive: bool) -> Iterator[InputImage]:
    """Yield the images in a folder by name, then those in its subfolders; count all other files."""
    try:
        with os.scandir(folder) as entries:
            names = sort_names(entry.name for entry in entries)
    except OSError as error:
        yield failed_image(folder, f"{os_reason(error, 'cannot read')}: {str(folder)!r}")
        return
    subfolders = []
    for name in names:
        if is_hidden(name):
            continue
        path = folder / name
        if (reason := _skip_reason(path)) is None:
            yield InputImage(path, path)
        elif reason == SUBFOLDER and recursive and not path.is_symlink():
            subfolders.append(path)
        else:
            skipped[reason] += 1
    for path in subfolders:
        yield from _walk(path, skipped, recursive=recursive)


def _skip_reason(path: Path) -> str | None:
    """Return the kind of a folder entry that is not an image; None for an image."""
    try:
        mode = path.stat().st_mode
    except OSError:  # such as a link to a missing file: opening it gives the error
        mode = stat.S_IFREG
    if stat.S_ISDIR(mode):
        return SUBFOLDER
    if not stat.S_ISREG(mode):
        return "special file"
    return skip_reason_of_name(path.name)


def skip_reason_of_name(name: str) -> str | None:
    """Return the kind of a file that is not an image, by its name; None for an image."""
    return None if is_image_name(name) or is_document_name(name) else format_of_name(name)


def _skip_message(folder: FileName, skipped: Counter[str]) -> str:
    folders = skipped.pop(SUBFOLDER, 0)
    amounts = [
        format_count(count, name)
        for count, name in ((skipped.total(), "file"), (folders, SUBFOLDER))
        if count
    ]
    message = f"skipped {' and '.join(amounts)} in {str(folder)!r}"
    if skipped:
        message += f": {_counts(skipped)}"
    return f"{message} (--recursive includes subfolders)" if folders else message


def _counts(skipped: Counter[str]) -> str:
    """Describe skipped files, and say what reads them."""
    counts = ", ".join(f"{count} {kind}" for kind, count in skipped.most_common())
    needs_extra = any(kind.label in skipped for kind in EXTRA_PACKAGES)
    return f"{counts}; to read them: {install_command(PHOTOS)}" if needs_extra else counts


def match_pattern(pattern: Path) -> Iterator[Path]:
    """Yield the files that a pattern matches; hidden ones only if it names hidden ones."""
    hidden = any(is_hidden(part) for part in pattern.parts)
    try:
        found = Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
        paths = map(Path, sort_names(map(str, found)))
    except (OSError, ValueError):  # a name that is too long; ** that is not a whole component
        return
    for path in paths:
        if (hidden or not any(map(is_hidden, path.parts))) and not is_directory(path):
            yield path


def sort_names(names: Iterable[str]) -> Iterator[str]:
    """Sort names in natural order, by an external sort with temporary files if they are many.

    Args:
        names: The names. All are read before the first one is returned.
    """
    rest = iter(names)
    runs: list[Iterator[str]] = []
    while run := sorted(islice(rest, _SORTED_IN_MEMORY), key=natural_key):
        runs.append(iter(run) if len(run) < _SORTED_IN_MEMORY else _read_back(_write(run)))
    return runs[0] if len(runs) == 1 else heapq.merge(*runs, key=natural_key)


def _write(names: Iterable[str]) -> IO[str]:
    """Write names to a temporary file, as JSON because a name can contain a line end."""
    file = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `_read_back` closes it
    file.writelines(f"{json.dumps(name)}\n" for name in names)
    file.seek(0)
    return file


def _read_back(file: IO[str]) -> Iterator[str]:
    with file:
        yield from map(json.loads, file)


def failed_image(path: FileName, message: str, hint: str | None = None) -> InputImage:
    """Return an `InputImage` with an error in place of the image."""
    return InputImage(path, error=ImageError(message, hint=hint))


def is_hidden(name: str) -> bool:
    """Return whether a name belongs to a hidden file."""
    return name.startswith(".") and name not in {".", ".."}


def is_directory(path: Path) -> bool:
    """Return whether a path is a directory; one that is inaccessible is not."""
    try:
        return path.is_dir()
    except OSError:  # no permission, or a name that is too long
        return False
