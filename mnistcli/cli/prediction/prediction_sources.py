"""Sources of `predict`: check that no output overwrites an image, and count the images."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loads NumPy, which help and errors do without
    from mnistcli.files.object_stores import FileName
    from mnistcli.prediction.image_listing import InputImage


def check_sources(
    images: list[str], outputs: Mapping[str, Path], regions: Path | None, *, recursive: bool
) -> "Iterable[str | InputImage]":
    """Return the sources, including those on stdin, if no output overwrites one of them.

    Raises:
        ImageError: An output is one of the images. For those that are listed on stdin, it is raised
            when they are read.
    """
    from mnistcli.prediction.image_sources import require_no_overwrite
    from mnistcli.prediction.stdin import STDIN, expand_stdin

    sources = expand_stdin(images, sys.stdin.buffer if sys.stdin else None)
    if not outputs:
        return sources
    names = [name for name in images if name != STDIN]
    inputs = [*names, str(regions)] if regions else names
    require_no_overwrite(outputs, inputs, recursive=recursive)
    if len(names) == len(images):
        return sources

    def check_each() -> "Iterator[str | InputImage]":
        for source in sources:
            require_no_overwrite(outputs, [source], recursive=recursive)
            yield source

    return check_each()


def image_counter(
    images: list[str],
    finished: int,
    *,
    recursive: bool,
    select: "Callable[[FileName], bool] | None",
) -> "Callable[[], int] | None":
    """Return a function that counts the images to predict; None for a list on stdin or a store.

    Args:
        images: The names of images, folders and patterns.
        finished: The number of images that have already been predicted.
        recursive: Whether to include the subfolders of folders.
        select: Returns whether to count a file; None for all files.
    """
    from mnistcli.files.object_stores import StoredObject
    from mnistcli.prediction.image_sources import count_files
    from mnistcli.prediction.stdin import STDIN

    if STDIN in images or any(map(StoredObject.parse, images)):
        return None
    return lambda: max(count_files(images, recursive=recursive, select=select) - finished, 0)
