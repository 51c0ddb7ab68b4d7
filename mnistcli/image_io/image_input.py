"""Image input: open an image file, stream or array as an upright (EXIF) 8-bit image."""

import io
import os
import select
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TypeGuard, cast

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError, features

from mnistcli.errors import ImageError, os_reason
from mnistcli.files.kinds import AVIF, HEIC, IMAGE, PDF
from mnistcli.files.object_stores import MAX_BYTES, StoredObject
from mnistcli.files.signatures import SIGNATURE_LENGTH, identify
from mnistcli.image_io.decoding_limits import (
    TimedFile,
    check_size,
    limit_decoding,
    too_large_error,
)
from mnistcli.image_io.image_formats import FORMATS
from mnistcli.image_io.image_memory import BUDGET, MemoryBudget, decoded_bytes
from mnistcli.image_io.image_modes import from_array, to_8_bits
from mnistcli.image_io.pages import ImagePage, find_page
from mnistcli.image_io.photo_decoders import open_heic, render_page
from mnistcli.image_io.quiet_decoders import QUIET, decode

ImageSource = (
    str
    | os.PathLike[str]
    | IO[bytes]
    | Image.Image
    | NDArray[np.generic]
    | ImagePage
    | StoredObject
)
"""An image: a path, a binary file object, a PIL image, a NumPy array, a page or a stored object."""

_DOWNLOADS = MemoryBudget(MAX_BYTES)  # for the objects that are downloaded when they are decoded
_ORIENTATION = ExifTags.Base.Orientation
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNS = {  # exchange width and height
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
}
_ORIGINAL_SIZE = "mnistcli original size"  # in the `info` of a reduced image
_PIPE_WAIT = 2.0  # seconds until a named pipe without a writer counts as empty


def open_image(
    source: ImageSource, *, name: str = "", memory: ExitStack | None = None
) -> Image.Image:
    """Open an image of any supported kind and convert it to 8 bits per channel.

    The image is rotated upright according to its EXIF data. Grayscale of more than 8 bits is
    scaled, palette images are converted, and transparency is composited over a background that
    contrasts with the ink. The first frame of an animated GIF or other animation is used, and the
    first page of a PDF or TIFF file; ``scan.pdf#2`` names its second page. A page of a PDF is
    rendered at 300 dots per inch. An image of more than 50 megapixels is reduced by an integer
    factor; `original_size` returns its original size. HEIC and PDF files need the extra ``photos``.

    Args:
        source: A path; a file object opened in binary mode; a PIL image of any mode; or an array,
            shape (height, width), (height, width, 1), (height, width, 3) for RGB or
            (height, width, 4) for RGBA. Arrays of bool, uint8 (0 to 255), float (0 to 1) and of
            deeper integers are accepted.
        name: The name of the image in errors. Defaults to its path.
        memory: Keeps the memory of the image reserved until it is closed, if several threads open
            images. Defaults to keeping it while decoding.

    Returns:
        The image in mode ``L`` or ``RGB``.

    Raises:
        ImageError: The file is missing, empty, not an image, damaged (corrupt) or too large, or the
            array does not have the shape of an image.
        TypeError: `source` is none of the above.
    """
    name = name or source_name(source) or "image"
    with ExitStack() as temporary:
        return _open(source, name, temporary if memory is None else memory)


def _open(source: ImageSource, name: str, memory: ExitStack) -> Image.Image:
    if isinstance(source, Image.Image):
        return _convert(source, name)
    if isinstance(source, np.ndarray):
        return _convert(from_array(source, name), name)
    if isinstance(source, (str, os.PathLike)):
        return _open_file(Path(source), name, memory)
    if isinstance(source, ImagePage):
        return _open_page(source, name, memory)
    if isinstance(source, StoredObject):
        return _open_object(source, name, memory)
    if is_file_object(source):
        try:
            return _decode(source, name, memory)
        except OSError as error:
            raise _unreadable_error(error, name) from None
    raise TypeError(
        f"an image is a path, a binary file object, a PIL image or a NumPy array, "
        f"not {type(source).__name__}"
    )


def is_file_object(source: object) -> TypeGuard[IO[bytes]]:
    """Return whether an object can be read like a file."""
    return callable(getattr(source, "read", None))


def source_name(source: ImageSource) -> str:
    """Return the path of an image; empty for an image in memory."""
    if isinstance(source, (str, os.PathLike)):
        return str(source)
    if isinstance(source, ImagePage):
        return "" if isinstance(source.file, bytes) else f"{source.file}#{source.number}"
    if isinstance(source, StoredObject):
        return source.url
    name = getattr(source, "filename", "") or getattr(source, "name", "")
    return name if isinstance(name, str) else ""


def read_stream(stream: IO[bytes], name: str, start: bytes = b"") -> io.BytesIO:
    """Read a stream that cannot seek, such as a pipe, into memory.

    Args:
        stream: Binary, at its start or after `start`.
        name: Its name in errors.
        start: The part that has already been read.

    Raises:
        ImageError: There are more bytes than an image can have.
    """
    content = io.BytesIO()
    content.write(start)
    while part := stream.read(2**20):
        content.write(part)
        if content.tell() > MAX_BYTES:
            raise ImageError(f"more than {MAX_BYTES // 2**20} MiB on a stream: {name!r}")
    return content


def _open_file(path: Path, name: str, memory: ExitStack) -> Image.Image:
    try:
        with os.fdopen(_open_descriptor(path), "rb") as file:
            return _decode(file, name, memory)
    except IsADirectoryError:
        raise ImageError(f"not an image but a directory: {name!r}") from None
    except (FileNotFoundError, ValueError):  # a NUL character in a name is a ValueError
        if (page := find_page(path)) is not None:
            return _open_page(page, name, memory)
        raise ImageError(f"no such file: {name!r}") from None
    except OSError as error:
        raise _unreadable_error(error, name) from None


def _open_page(page: ImagePage, name: str, memory: ExitStack) -> Image.Image:
    try:
        with page.open_file() as file:
            return _decode(file, name, memory, page)
    except OSError as error:
        raise _unreadable_error(error, name) from None


def _open_object(stored: StoredObject, name: str, memory: ExitStack) -> Image.Image:
    if stored.content is None:  # several large objects at a time would fill the memory
        size = MAX_BYTES if stored.size is None else stored.size
        memory.enter_context(_DOWNLOADS.reserve(size))
    return _decode(io.BytesIO(stored.read_bytes()), name, memory)


def _unreadable_error(error: OSError, name: str) -> ImageError:
    return ImageError(f"{os_reason(error, 'cannot read')}: {name!r}")


def _open_descriptor(path: Path) -> int:
    """Open a file; a named pipe that nobody writes to does not block."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        os.close(descriptor)
        raise IsADirectoryError
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        os.close(descriptor)
        raise OSError(0, "a device, not an image")
    if stat.S_ISFIFO(mode):
        select.select([descriptor], [], [], _PIPE_WAIT)
        os.set_blocking(descriptor, True)
    return descriptor


def _decode(
    file: IO[bytes], name: str, memory: ExitStack, page: ImagePage | None = None
) -> Image.Image:
    if not file.seekable():
        file = read_stream(file, name)
    file.seek(0)
    head = file.read(SIGNATURE_LENGTH)
    if not head:
        raise ImageError(f"empty file, not an image: {name!r}")
    file.seek(0)
    try:
        with QUIET, _open_format(file, name, head, page) as image:
            limit_decoding(image, file, name)
            memory.enter_context(BUDGET.reserve(decoded_bytes(image)))
            decode(image)
            check_size(image, name)  # the header of a HEIC photo can be wrong
            return _upright(to_8_bits(image, copy=False), image)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise _not_an_image_error(head, name) from None
    except Image.DecompressionBombError:
        raise too_large_error(name) from None
    except Exception:  # noqa: BLE001 - on damaged files Pillow's decoders can raise any exception
        raise _damaged_error(name) from None


def _open_format(file: IO[bytes], name: str, head: bytes, page: ImagePage | None) -> Image.Image:
    """Open an image in one of the formats, without decoding it; the content identifies it."""
    kind = identify(head)
    if kind is PDF:
        return render_page(file, 1 if page is None else page.number, name)
    timed = cast("IO[bytes]", TimedFile(file, name))
    if kind is HEIC:
        return open_heic(timed, name)
    image = Image.open(timed, formats=FORMATS)
    if page is not None:
        image.seek(page.frame)
    return image


def _upright(converted: Image.Image, original: Image.Image) -> Image.Image:
    """Rotate a converted image upright according to the EXIF data of the original."""
    method = _TRANSPOSITIONS.get(original.getexif().get(_ORIENTATION, 1))
    upright = converted if method is None else converted.transpose(method)
    if converted.size != original.size:
        width, height = original.size
        upright.info[_ORIGINAL_SIZE] = (height, width) if method in _TURNS else (width, height)
    return upright


def original_size(image: Image.Image) -> tuple[int, int]:
    """Return width and height that an upright image had before `open_image` reduced it."""
    size: tuple[int, int] = image.info.get(_ORIGINAL_SIZE, image.size)
    return size


def _damaged_error(name: str) -> ImageError:
    return ImageError(f"damaged or truncated image: {name!r}")


def _not_an_image_error(head: bytes, name: str) -> ImageError:
    kind = identify(head)
    if kind is IMAGE:
        return _damaged_error(name)
    if kind is None or (kind is AVIF and features.check("avif")):
        return ImageError(f"not an image: {name!r}")
    return ImageError(f"{name!r} {kind.image_message}")


def _convert(image: Image.Image, name: str) -> Image.Image:
    """Convert a PIL image of any mode; the original stays as it is."""
    check_size(image, name)
    try:
        with QUIET:
            return _upright(to_8_bits(image), image)
    except Exception:  # noqa: BLE001 - a lazily opened file is decoded only now
        raise _damaged_error(name) from None
