"""Image sources: find the images of paths, folders, glob patterns and URLs."""

import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from mnistcli.errors import DataError, ImageError, os_reason
from mnistcli.files.kinds import is_data_name
from mnistcli.files.object_stores import FileName, StoredObject
from mnistcli.files.regular_files import path_exists
from mnistcli.image_io import ImageSource
from mnistcli.image_io.image_formats import is_document_name
from mnistcli.image_io.image_input import is_file_object, source_name
from mnistcli.image_io.pages import MAX_PAGES, ImagePage, find_page, find_pages
from mnistcli.prediction.image_listing import (
    InputImage,
    failed_image,
    is_directory,
    list_folder,
    match_pattern,
)
from mnistcli.prediction.object_listing import find_objects

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


Sources = ImageSource | InputImage | Iterable[ImageSource | InputImage]
"""One image source or several."""


def find_images(
    sources: Sources,
    *,
    recursive: bool = False,
    on_note: Callable[[str], None] | None = None,
    select: Callable[[FileName], bool] | None = None,
) -> Iterator[InputImage]:
    """Find the images of sources, in order.

    Args:
        sources: One source or several. A source is a file; a folder of images; a PDF or TIFF
            file, each page of which is an image; a page such as ``scan.pdf#2``; a data file such as
            `test.csv`, each row of which is an image; a pattern such as ``scans/*.png`` with the
            wildcards ``*`` and ``?``; a URL of an object, a folder or a pattern in an object store,
            such as ``s3://bucket/scans/``; or an image in memory, as accepted by `open_image`.
            Hidden files are skipped in folders and by patterns.
        recursive: Whether to include the images in the subfolders of a folder.
        on_note: Receives messages, for example about skipped files in a folder.
        select: Returns whether to yield the images of a file. Defaults to all files.

    Yields:
        The images, in natural order (2 before 10) for a folder or a pattern. A folder
        without images, a pattern without files and a URL of another kind yield an error in their
        place.
    """
    for file, is_found in _find_all(sources, recursive=recursive, on_note=on_note):
        if select is None or select(file.path):
            yield from [file] if is_found else expand_file(file)


def count_files(
    sources: Sources, *, recursive: bool = False, select: Callable[[FileName], bool] | None = None
) -> int:
    """Count the files that `find_images` finds, without opening them to count their pages."""
    files = (file for file, _ in _find_all(sources, recursive=recursive, on_note=None))
    return sum(1 for file in files if select is None or select(file.path))


def require_no_overwrite(
    outputs: Mapping[str, Path], sources: Iterable[str | InputImage], *, recursive: bool = False
) -> None:
    """Check that no output file would replace an input image or another output.

    Args:
        outputs: The files to write, keyed by option.
        sources: See `find_images`.
        recursive: See `find_images`.

    Raises:
        ImageError: An output is one of the images, or two outputs are the same file.
    """
    options: dict[Path, str] = {}
    for option, path in outputs.items():
        other = options.setdefault(_resolve(path), option)
        if other != option:
            hint = f"{option} {path.with_stem(f'{path.stem}-2')}"
            raise ImageError(f"{other} and {option} both write {str(path)!r}", hint=hint)
    # An object in a store is not overwritten: outputs are files.
    files = [
        source
        for source in sources
        if isinstance(source, InputImage) or not StoredObject.parse(source)
    ]
    for option, output in outputs.items():
        if path_exists(output) and any(
            found.error is None and _is_same_file(Path(str(found.path)), output)
            for found, _ in _find_all(files, recursive=recursive, on_note=None)
        ):
            raise ImageError(
                f"{option} would overwrite the input {str(output)!r}",
                hint=f"{option} {output.with_name(f'{output.stem}_prediction.png')}",
            )


def _as_list(sources: Sources) -> Iterable[ImageSource | InputImage]:
    """Return several sources as they are and one source in a list."""
    if isinstance(sources, (str, os.PathLike, Image.Image, np.ndarray, ImagePage, InputImage)):
        return [sources]
    if is_file_object(sources):
        return [sources]
    if not isinstance(sources, Iterable) or isinstance(sources, (bytes, bytearray)):
        raise TypeError(
            f"expected a path, a binary file object, a PIL image or a NumPy array, or several of "
            f"these, not {type(sources).__name__}"
        )
    return cast("Iterable[ImageSource | InputImage]", sources)


def _find_all(
    sources: Sources, *, recursive: bool, on_note: Callable[[str], None] | None
) -> Iterator[tuple[InputImage, bool]]:
    """Find the images of sources, and whether each was already an `InputImage`."""
    for number, source in enumerate(_as_list(sources), start=1):
        if isinstance(source, InputImage):
            yield source, True
        elif isinstance(source, (str, os.PathLike)):
            name = os.fspath(source)
            stored = StoredObject.parse(name)
            files = (
                _find_files(name, recursive=recursive, on_note=on_note)
                if stored is None
                else find_objects(stored, recursive=recursive, on_note=on_note)
            )
            for file in files:
                yield file, False
        else:
            yield InputImage(Path(source_name(source) or f"image {number}"), source), True


def expand_file(file: InputImage) -> Iterator[InputImage]:
    """Yield the rows of a data file, the pages of a file that has several, or the image itself.

    Args:
        file: A file, its content in memory (`io.BytesIO`), or an error.
    """
    source: object = file.source
    if isinstance(source, io.BytesIO):
        source = source.getvalue()
    if isinstance(source, StoredObject) and not _may_have_pages(source):
        yield file  # is not opened here, which would take a request for each one
    elif file.error is not None or not isinstance(source, (Path, bytes, StoredObject)):
        yield file
    elif isinstance(source, Path) and is_data_name(source.name) and source.is_file():
        yield from _rows(source)
    elif pages := find_pages(source):
        for page in pages[:MAX_PAGES]:
            yield InputImage(file.path.with_name(f"{file.path.name}#{page.number}"), page)
        if len(pages) > MAX_PAGES:
            message = f"only the first {MAX_PAGES:,} pages of {str(file.path)!r} are read"
            yield failed_image(file.path, message)
    else:
        yield file


def _find_files(
    name: str, *, recursive: bool, on_note: Callable[[str], None] | None
) -> Iterator[InputImage]:
    path = Path(name)
    if not name:
        yield failed_image(path, "an empty file name")
    elif is_directory(path):
        yield from list_folder(path, recursive=recursive, on_note=on_note)
    elif path_exists(path):
        yield InputImage(path, path)
    elif _URL.match(name):
        yield failed_image(path, f"{name!r} is a URL, not a file: download it first")
    elif {"*", "?"} & set(name):
        is_empty = True
        for match in match_pattern(path):
            is_empty = False
            yield InputImage(match, match)
        if is_empty:
            yield failed_image(path, f"no files match {name!r}")
    else:
        yield InputImage(path, find_page(path) or path)


def _may_have_pages(stored: StoredObject) -> bool:
    """Return whether an object can have several pages, by its name."""
    return is_document_name(stored.name) or stored.name.lower().endswith((".tif", ".tiff"))


def _rows(path: Path) -> Iterator[InputImage]:
    """Yield the rows of a data file, counted from 1 if they have no identifiers."""
    from mnistcli.datasets import read_rows  # noqa: PLC0415 - loads scikit-learn

    try:
        images, identifiers = read_rows(path)
    except DataError as error:
        yield failed_image(path, error.message, error.hint)
        return
    except OSError as error:
        yield failed_image(path, f"{os_reason(error, 'cannot read')}: {str(path)!r}")
        return
    for number, image in enumerate(images, start=1):
        row = str(number if identifiers is None else int(identifiers[number - 1]))
        yield InputImage(path.with_name(f"{path.name}#{row}"), image, row=row)


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
