"""Limits of decoding against denial of service: size, memory and CPU time of untrusted images."""

import os
import time
from typing import IO, Any

from PIL import Image, JpegImagePlugin

from mnistcli.errors import ImageError
from mnistcli.image_io.image_memory import MAX_BYTES, MAX_PIXELS, decoded_bytes

MAX_SECONDS = 2.5
"""Maximum processor time to decode an image; one of 120 megapixels takes less than two seconds."""

_MAX_ENCODED_BYTES = 32 * 2**20
# These decoders have the whole file in memory, and cannot be stopped while they decode it.
_UNSTOPPABLE_FORMATS = {"AVIF", "HEIF", "WEBP"}
_JPEG_BLOCK = 4096  # bytes that are decoded between two checks of the time
# Allowlist: compressions of scanners and cameras. Other decoders are slow, or rarely tested.
_TIFF_COMPRESSIONS = {
    *("raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate"),
    *("tiff_ccitt", "group3", "group4", "jpeg"),
}


class TimedFile:
    """Image file that raises an error once decoding takes too long.

    Decoders read a file piece by piece. A progressive JPEG of 300 kB, a PNG of empty chunks or a
    plain PPM could otherwise take a minute.

    Args:
        file: An open image file.
        name: Its name in errors.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        # CPU time of this thread: on a busy machine an image has as much time as on an idle one.
        self._end = time.thread_time() + MAX_SECONDS

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes.

        Raises:
            ImageError: The time is up.
        """
        if time.thread_time() > self._end:
            raise ImageError(f"takes more than {MAX_SECONDS:g} s to decode: {self._name!r}")
        return self._file.read(size)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._file, attribute)


def limit_decoding(image: Image.Image, file: IO[bytes], name: str) -> None:
    """Refuse an opened image that would take too much memory or time.

    Args:
        image: The image, not decoded yet.
        file: Its file.
        name: Its name in errors.

    Raises:
        ImageError: The image is too large, or is encoded in a way that is not supported.
    """
    check_size(image, name)
    compression = image.info.get("compression", "raw")
    if image.format == "TIFF" and compression not in _TIFF_COMPRESSIONS:
        raise ImageError(f"unsupported TIFF compression {compression!r}: {name!r}")
    if image.format in _UNSTOPPABLE_FORMATS and _file_size(file) > _MAX_ENCODED_BYTES:
        limit = f"{_MAX_ENCODED_BYTES >> 20} MiB"
        raise ImageError(f"{image.format} file exceeds {limit}: {name!r}")
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        image.decodermaxblock = _JPEG_BLOCK


def check_size(image: Image.Image, name: str) -> None:
    """Refuse an image that is too large, such as a decompression bomb, or that is empty.

    Raises:
        ImageError: The image is empty or exceeds a limit.
    """
    if image.width * image.height > MAX_PIXELS:
        raise too_large_error(name)
    if decoded_bytes(image) > MAX_BYTES:
        raise ImageError(f"image requires more than {MAX_BYTES >> 20} MiB: {name!r}")
    if image.width * image.height == 0:
        raise ImageError(f"image has no pixels: {name!r}")


def too_large_error(name: str) -> ImageError:
    """Return the error for an image of too many pixels."""
    return ImageError(f"image exceeds {MAX_PIXELS // 1_000_000} megapixels: {name!r}")


def _file_size(file: IO[bytes]) -> int:
    """Return the size of a file in bytes; its position is unchanged."""
    position = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(position)
    return size
