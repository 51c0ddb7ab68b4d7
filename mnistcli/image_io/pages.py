"""Pages: the images in a PDF or in a multi-page TIFF file."""

import io
import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, cast

from PIL import Image, TiffImagePlugin

from mnistcli.errors import ImageError
from mnistcli.files.object_stores import FileName, StoredObject
from mnistcli.files.regular_files import open_regular
from mnistcli.image_io.decoding_limits import TimedFile
from mnistcli.image_io.photo_decoders import count_pdf_pages
from mnistcli.image_io.quiet_decoders import QUIET

MAX_PAGES = 1000
"""Maximum number of pages of a file that are read."""

_PDF = b"%PDF-"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_DOWNLOAD_LOCK = threading.Lock()
_HEAD = 5  # bytes of the longest signature
_PAGE_NAME = re.compile(r"(.+)#([1-9]\d{0,3})", re.DOTALL)
_SUBFILE_TYPE = 254  # a tag of TIFF, in the directory (IFD) of each image
_REDUCED = 1  # a bit of the type: a smaller version of another image in the file


@dataclass(frozen=True)
class ImagePage:
    """One page of a PDF or a TIFF file.

    Attributes:
        file: The path of the file, the object in a store, or the content.
        number: The number of the page, from 1.
        frame: The index of the page in a TIFF file, which can hold thumbnails as well.
    """

    file: FileName | bytes
    number: int
    frame: int

    @contextmanager
    def open_file(self) -> Iterator[IO[bytes]]:
        """Open the file of the page.

        Raises:
            OSError: The file cannot be read, or is no longer a regular file.
            ImageError: The file is in a store and cannot be downloaded.
        """
        with _open(self.file) as file:
            yield file


def find_pages(file: FileName | bytes) -> list[ImagePage]:
    """Find the pages of a file, at most `MAX_PAGES` + 1.

    Args:
        file: The path of the file, the object in a store, or the content.

    Returns:
        The pages; an empty list for a file with a single page, and for any other file. Opening such
        a file as an image gives the error.
    """
    try:
        with _open(file) as stream:
            head = stream.read(_HEAD)
            stream.seek(0)
            frames: list[int] = []
            if head == _PDF:
                frames = list(range(min(count_pdf_pages(stream, ""), MAX_PAGES + 1)))
            elif head.startswith(_TIFF):
                frames = _tiff_pages(stream)
    except (ImageError, OSError, ValueError):
        return []
    if len(frames) < 2:
        return []
    return [ImagePage(file, number, frame) for number, frame in enumerate(frames, start=1)]


def find_page(path: FileName) -> ImagePage | None:
    """Find the page of a name such as ``scan.pdf#2``; None for any other name."""
    match = _PAGE_NAME.fullmatch(path.name)
    if match is None:
        return None
    file, number = path.with_name(match[1]), int(match[2])
    pages = find_pages(file)
    is_file = isinstance(file, StoredObject) or os.path.isfile(file)  # noqa: PTH113 - raises nothing
    if not pages and number == 1 and is_file:
        return ImagePage(file, 1, 0)
    return pages[number - 1] if number <= min(len(pages), MAX_PAGES) else None


def _tiff_pages(file: IO[bytes]) -> list[int]:
    """Return the indices of the images of a TIFF file that are not smaller versions of others."""
    frames = []
    try:
        timed = cast("IO[bytes]", TimedFile(file, ""))
        with QUIET, Image.open(timed, formats=("TIFF",)) as image:
            for index in range(2 * MAX_PAGES):
                image.seek(index)
                tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
                if not tags.get(_SUBFILE_TYPE, 0) & _REDUCED:
                    frames.append(index)
    except Exception:  # noqa: BLE001 - the end of the file, or a damaged file
        return frames
    return frames


@contextmanager
def _open(file: FileName | bytes) -> Iterator[IO[bytes]]:
    """Open a regular file, an object in a store, or content in memory."""
    if isinstance(file, StoredObject):
        with _DOWNLOAD_LOCK:
            file = _download(file, file.version())
    if isinstance(file, bytes):
        yield io.BytesIO(file)
        return
    # A named pipe is not even opened: its writer would lose its reader.
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError(0, "not a regular file")
    with open_regular(file) as stream:
        yield stream


@lru_cache(maxsize=1)
def _download(stored: StoredObject, version: str) -> bytes:  # noqa: ARG001 - a key of the cache
    """Return the content of an object, which is kept for its next page."""
    return stored.read_bytes()
