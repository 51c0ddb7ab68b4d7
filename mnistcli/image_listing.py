"""Image listing: the images in a folder, and the files that a pattern matches."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mnistcli.errors import ImageError
from mnistcli.files import natural_key
from mnistcli.preprocessing import ImageSource, is_image_name
from mnistcli.preprocessing.image_formats import (
    EXTRA_PACKAGES,
    INSTALL_PHOTOS,
    format_of_name,
    is_document_name,
)

_SUBFOLDER = "subfolder"


@dataclass(frozen=True, eq=False)
class FoundImage:
    """One image to predict, or the error in its place.

    Attributes:
        path: The file, of a page or row with its number; a name for an image that is not a file.
        source: The image, as `open_image` takes it; None if there is an error.
        error: Why there is no image, such as an empty folder.
        row: The identifier of a row of a data file; empty for an image. The source of a row is
            uint8 (28, 28) in MNIST format.
    """

    path: Path
    source: ImageSource | None = None
    error: ImageError | None = None
    row: str = ""


def list_folder(
    folder: Path, *, recursive: bool, on_skip: Callable[[str], None] | None
) -> Iterator[FoundImage]:
    """Yield the images in a folder in natural order, or an error if there are none.

    Args:
        folder: The directory. Hidden files in it are skipped.
        recursive: Whether to include its subfolders.
        on_skip: Called with a message about the files that were skipped.
    """
    skipped: Counter[str] = Counter()
    empty = True
    for found in _walk(folder, skipped, recursive=recursive):
        empty = False
        yield found
    if empty:
        folders = skipped.pop(_SUBFOLDER, 0)
        reason = f" ({_counts(skipped)})" if skipped else ", only subfolders" if folders else ""
        yield no_image(
            folder, f"no images in {str(folder)!r}{reason}", "--recursive" if folders else None
        )
    elif skipped and on_skip is not None:
        on_skip(_skip_message(folder, skipped))


def _walk(folder: Path, skipped: Counter[str], *, recursive: bool) -> Iterator[FoundImage]:
    """Yield the images in a folder by name, then those in its subfolders; count all other files."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: natural_key(entry.name))
    except OSError as error:
        yield no_image(folder, f"{(error.strerror or 'cannot read').lower()}: {str(folder)!r}")
        return
    subfolders = []
    for entry in entries:
        if _is_hidden(entry.name):
            continue
        path = folder / entry.name
        if (reason := _skip_reason(entry)) is None:
            yield FoundImage(path, path)
        elif reason == _SUBFOLDER and recursive and not entry.is_symlink():
            subfolders.append(path)
        else:
            skipped[reason] += 1
    for path in subfolders:
        yield from _walk(path, skipped, recursive=recursive)


def _skip_reason(entry: os.DirEntry[str]) -> str | None:
    """Return the kind of a folder entry that is not an image; None for an image."""
    try:
        mode = entry.stat().st_mode
    except OSError:  # such as a link to a missing file: opening it tells what is wrong
        mode = stat.S_IFREG
    if stat.S_ISDIR(mode):
        return _SUBFOLDER
    if not stat.S_ISREG(mode):
        return "special file"
    is_readable = is_image_name(entry.name) or is_document_name(entry.name)
    return None if is_readable else format_of_name(entry.name)


def _skip_message(folder: Path, skipped: Counter[str]) -> str:
    folders = skipped.pop(_SUBFOLDER, 0)
    amounts = [
        f"{count} {name}{'' if count == 1 else 's'}"
        for count, name in ((skipped.total(), "file"), (folders, _SUBFOLDER))
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
    return f"{counts}; to read them: {INSTALL_PHOTOS}" if needs_extra else counts


def match_pattern(pattern: Path) -> list[Path]:
    """Return the files that a pattern matches; hidden ones only if it names hidden ones."""
    hidden = any(_is_hidden(part) for part in pattern.parts)
    try:
        found = Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
        paths = sorted(found, key=natural_key)
    except (OSError, ValueError):  # a name that is too long; ** that is not a whole component
        return []
    return [
        path
        for path in paths
        if (hidden or not any(map(_is_hidden, path.parts))) and not is_directory(path)
    ]


def no_image(path: Path, message: str, hint: str | None = None) -> FoundImage:
    """Return an error in the place of an image."""
    return FoundImage(path, error=ImageError(message, hint=hint))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name not in {".", ".."}


def is_directory(path: Path) -> bool:
    """Whether a path is a directory; one that cannot be looked at is not."""
    try:
        return path.is_dir()
    except OSError:  # no permission, or a name that is too long
        return False
