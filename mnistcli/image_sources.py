"""Image sources: find the images that a path, a folder or a pattern stands for."""

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from mnistcli.errors import DataError, ImageError
from mnistcli.files import natural_key
from mnistcli.preprocessing import ImageSource, is_image_name
from mnistcli.preprocessing.image_formats import format_of_name
from mnistcli.preprocessing.image_io import is_file_object, source_name

_SUBFOLDER = "subfolder"
_TABLE_NAME = re.compile(
    r"\.(csv|tsv|arff|npz|npy|mat|h5|hdf5|parquet)(\.gz)?$|[-.]idx\d-ubyte(\.gz)?$", re.IGNORECASE
)
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class FoundImage:
    """One image to predict, or the error in its place.

    Attributes:
        path: The file; a name for an image that is not a file.
        source: The image, as `open_image` takes it; None if there is an error.
        error: Why there is no image, such as an empty folder.
        row: The identifier of a row of a data file; empty for an image. The source of a row is
            uint8 (28, 28) in MNIST format.
    """

    path: Path
    source: ImageSource | None = None
    error: ImageError | None = None
    row: str = ""


Sources = ImageSource | FoundImage | Iterable[ImageSource | FoundImage]
"""One image source or several."""


def find_images(
    sources: Sources, *, recursive: bool = False, on_skip: Callable[[str], None] | None = None
) -> Iterator[FoundImage]:
    """Find the images that sources stand for, in order.

    Args:
        sources: One source or several. A source is a file; a folder, which stands for the images in
            it; a data file such as `test.csv`, which stands for its rows; a pattern such as
            ``scans/*.png`` with ``*`` or ``?``; or an image in memory, as `open_image` takes it.
            Hidden files are skipped in folders and by patterns.
        recursive: Whether a folder stands for the images in its subfolders too.
        on_skip: Called with a message about the files that were skipped in a folder.

    Yields:
        The images, those of a folder or a pattern in natural order (2 before 10). A folder
        without images, a pattern without files and a URL yield an error in their place.
    """
    for number, source in enumerate(_listed(sources), start=1):
        if isinstance(source, FoundImage):
            yield source
        elif isinstance(source, (str, os.PathLike)):
            yield from _find_files(os.fspath(source), recursive=recursive, on_skip=on_skip)
        else:
            yield FoundImage(Path(source_name(source) or f"image {number}"), source)


def require_no_overwrite(
    outputs: Mapping[str, Path], sources: Iterable[str | FoundImage], *, recursive: bool = False
) -> None:
    """Check that no output file would replace an input image or another output.

    Args:
        outputs: The files to be written, by the name of their option.
        sources: As `find_images` takes them.
        recursive: As `find_images` takes it.

    Raises:
        ImageError: An output is one of the images, or two outputs are the same file.
    """
    options = {_resolve(path): option for option, path in outputs.items()}
    if len(options) < len(outputs):
        path = next(iter(outputs.values()))
        hint = f"{list(outputs)[-1]} {path.with_name('explanation.png')}"
        raise ImageError(f"{' and '.join(outputs)} both write {str(path)!r}", hint=hint)
    for option, output in outputs.items():
        if _exists(output) and any(
            found.error is None and _is_same_file(found.path, output)
            for found in find_images(list(sources), recursive=recursive)
        ):
            raise ImageError(
                f"{option} would overwrite the input {str(output)!r}",
                hint=f"{option} {output.with_name(f'{output.stem}_prediction.png')}",
            )


def _listed(sources: Sources) -> Iterable[ImageSource | FoundImage]:
    """Return several sources as they are and one source in a list."""
    if isinstance(sources, (str, os.PathLike, Image.Image, np.ndarray, FoundImage)):
        return [sources]
    if is_file_object(sources):
        return [sources]
    if not isinstance(sources, Iterable) or isinstance(sources, (bytes, bytearray)):
        raise TypeError(
            f"expected a path, a binary file object, a PIL image or a NumPy array, or several of "
            f"these, not {type(sources).__name__}"
        )
    return cast("Iterable[ImageSource | FoundImage]", sources)


def _find_files(
    name: str, *, recursive: bool, on_skip: Callable[[str], None] | None
) -> Iterator[FoundImage]:
    path = Path(name)
    if not name:
        yield _no_image(path, "an empty file name")
    elif _is_directory(path):
        yield from _folder_images(path, recursive=recursive, on_skip=on_skip)
    elif _exists(path):
        yield from _rows(path) if is_table(path) else [FoundImage(path, path)]
    elif _URL.match(name):
        yield _no_image(path, f"{name!r} is a URL, not a file: download it first")
    elif {"*", "?"} & set(name):
        matches = _matches(path)
        yield from (FoundImage(match, match) for match in matches)
        if not matches:
            yield _no_image(path, f"no files match {name!r}")
    else:
        yield FoundImage(path, path)


def is_table(path: Path) -> bool:
    """Whether a file is a data file with one image per row, by its name."""
    return _TABLE_NAME.search(path.name) is not None


def _rows(path: Path) -> Iterator[FoundImage]:
    """Yield the rows of a data file, counted from 1 if they have no identifiers."""
    from mnistcli.datasets import read_rows  # noqa: PLC0415 - loads scikit-learn

    try:
        images, identifiers = read_rows(path)
    except DataError as error:
        yield _no_image(path, error.message, error.hint)
        return
    except OSError as error:
        yield _no_image(path, f"{(error.strerror or 'cannot read').lower()}: {str(path)!r}")
        return
    for number, image in enumerate(images, start=1):
        row = str(number if identifiers is None else int(identifiers[number - 1]))
        yield FoundImage(path.with_name(f"{path.name}#{row}"), image, row=row)


def _matches(pattern: Path) -> list[Path]:
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
        if (hidden or not any(map(_is_hidden, path.parts))) and not _is_directory(path)
    ]


def _folder_images(
    folder: Path, *, recursive: bool, on_skip: Callable[[str], None] | None
) -> Iterator[FoundImage]:
    skipped: Counter[str] = Counter()
    empty = True
    for found in _walk(folder, skipped, recursive=recursive):
        empty = False
        yield found
    if empty:
        folders = skipped.pop(_SUBFOLDER, 0)
        reason = f" ({_counts(skipped)})" if skipped else ", only subfolders" if folders else ""
        yield _no_image(
            folder, f"no images in {str(folder)!r}{reason}", "--recursive" if folders else None
        )
    elif skipped and on_skip is not None:
        on_skip(_skip_message(folder, skipped))


def _walk(folder: Path, skipped: Counter[str], *, recursive: bool) -> Iterator[FoundImage]:
    """Yield the images in a folder by name, then those in its subfolders; count all other files."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: natural_key(entry.name))
    except OSError as error:
        yield _no_image(folder, f"{(error.strerror or 'cannot read').lower()}: {str(folder)!r}")
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
        return None if is_image_name(entry.name) else format_of_name(entry.name)
    if stat.S_ISDIR(mode):
        return _SUBFOLDER
    if not stat.S_ISREG(mode):
        return "special file"
    return None if is_image_name(entry.name) else format_of_name(entry.name)


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
    return ", ".join(f"{count} {kind}" for kind, count in skipped.most_common())


def _no_image(path: Path, message: str, hint: str | None = None) -> FoundImage:
    return FoundImage(path, error=ImageError(message, hint=hint))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name not in {".", ".."}


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # no permission, or a name that is too long
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _resolve(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link to itself
        return path


def _is_same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):
        return False
