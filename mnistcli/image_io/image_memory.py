"""Image memory: limits on the pixels of an image and on the memory of all images in flight.

The limits guard against decompression bombs; `decoding_limits.check_size` applies them. The budget
is backpressure: threads wait for memory, so that the process does not run out of memory.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

from PIL import Image, JpegImagePlugin

MAX_PIXELS = 120_000_000
"""Maximum number of pixels of an image: more than a phone's camera produces."""

MAX_FULL_PIXELS = 50_000_000
"""Maximum number of pixels of an image that keeps its size; a larger one is reduced."""

MAX_BYTES = 700 * 2**20
"""Maximum number of bytes that decoding an image takes, as `decoded_bytes` estimates them."""

# The C library keeps freed blocks of up to 32 MiB for the thread that had them; it returns larger
# ones to the operating system. Pillow's own default is 16 MiB.
cast("Any", Image).core.set_block_size(64 * 2**20)

_CHANNEL_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
_DEFAULT_BYTES = 4  # Pillow stores three channels in four bytes
# Decoders that have the whole image in buffers of their own.
_BUFFER_BYTES = {"AVIF": 8, "HEIF": 8, "WEBP": 8}
_COEFFICIENT_BYTES = 2  # of each component of a JPEG


def decoded_bytes(image: Image.Image) -> int:
    """Estimate the memory for decoding an image and converting it to 8 bits.

    Args:
        image: An image that may not have been decoded yet.
    """
    pixels = image.width * image.height
    decoder = _BUFFER_BYTES.get(image.format or "", 0)
    if isinstance(image, JpegImagePlugin.JpegImageFile) and _has_several_scans(image):
        decoder = image.layers * _COEFFICIENT_BYTES
    result = min(pixels, MAX_FULL_PIXELS) * _DEFAULT_BYTES
    return pixels * (_CHANNEL_BYTES.get(image.mode, _DEFAULT_BYTES) + decoder) + result


def _has_several_scans(image: JpegImagePlugin.JpegImageFile) -> bool:
    """Return whether all coefficients of a JPEG are kept in memory, because it has several scans.

    A progressive JPEG is marked as such. In one that is not, the first scan has fewer components
    than the image; Pillow has read the file up to the end of the header of that scan.
    """
    if image.info.get("progressive") or image.fp is None:
        return "progressive" in image.info
    length = _scan_header_length(image.layers)
    if image.fp.tell() < length:
        return True  # Pillow has rewound the file of an MPO, a photo with a second image
    image.fp.seek(-length, os.SEEK_CUR)
    header = image.fp.read(length)
    shorter = [(n, header[-_scan_header_length(n) :]) for n in range(1, image.layers)]
    return any(end[:3] == bytes([0, len(end), n]) for n, end in shorter)


def _scan_header_length(components: int) -> int:
    """Return the length of the header of a scan, which starts with this length and this number."""
    return 6 + 2 * components


class MemoryBudget:
    """Memory budget of several threads: a semaphore counted in bytes.

    Args:
        total: Bytes in all. A single larger request is granted when no other request
            holds memory.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._changed = threading.Condition()
        self._reserve_elsewhere: Callable[[int], AbstractContextManager[None]] | None = None

    def delegate_to(self, reserve: Callable[[int], AbstractContextManager[None]]) -> None:
        """Reserve all memory in the budget of another process.

        Args:
            reserve: Waits for an amount of memory in bytes and keeps it until its context ends.
        """
        self._reserve_elsewhere = reserve

    @contextmanager
    def reserve(self, amount: int) -> Iterator[None]:
        """Wait for an amount of memory and keep it until the context ends."""
        if self._reserve_elsewhere is not None:
            with self._reserve_elsewhere(amount):
                yield
            return
        granted = min(amount, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._used + granted <= self._total)
            self._used += granted
        try:
            yield
        finally:
            with self._changed:
                self._used -= granted
                self._changed.notify_all()


BUDGET = MemoryBudget(512 * 2**20)
"""Memory for all images that are in flight at a time."""
