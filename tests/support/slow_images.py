"""Decompression bombs: image files that are slow to decode, or take much memory, for their size."""

import io
import struct

from PIL import Image

from tests.support.png import build_png, chunk

_END_OF_IMAGE = b"\xff\xd9"
_START_OF_SCAN, _START_OF_FRAME = 0xDA, 0xC0


def progressive_jpeg(side: int, scans: int) -> bytes:
    """Return a gray JPEG whose last scan, of a few bytes per million pixels, is repeated."""
    segments, entropy_coded = _parse_jpeg(side, progressive=True)
    body = b"".join(header + data for header, data in zip(segments, entropy_coded, strict=True))
    return b"\xff\xd8" + body + (segments[-1] + entropy_coded[-1]) * scans + _END_OF_IMAGE


def jpeg_in_three_scans(side: int) -> bytes:
    """Return a JPEG that is not progressive, but has a scan for each of its three components."""
    segments, entropy_coded = _parse_jpeg(side, progressive=False)
    frame = bytes([0xFF, _START_OF_FRAME])
    components = struct.pack(">9B", *(byte for number in (1, 2, 3) for byte in (number, 0x11, 0)))
    tables = b"".join(one for one in segments[:-1] if not one.startswith(frame))
    header = frame + struct.pack(">HBHHB", 17, 8, side, side, 3) + components
    scans = [
        bytes([0xFF, _START_OF_SCAN]) + struct.pack(">H6B", 8, 1, number, 0, 0, 63, 0)
        for number in (1, 2, 3)
    ]
    body = b"".join(scan + entropy_coded[-1] for scan in scans)
    return b"\xff\xd8" + tables + header + body + _END_OF_IMAGE


def jpeg_of_markers(count: int) -> bytes:
    """Return a JPEG of empty application segments."""
    return b"\xff\xd8" + b"\xff\xe1\x00\x02" * count + _END_OF_IMAGE


def png_of_chunks(count: int) -> bytes:
    """Return a PNG of empty chunks of an unknown kind."""
    return build_png(16, 16, chunk(b"abCd", b"") * count)


def gif_of_comments(count: int) -> bytes:
    """Return a GIF of short comments."""
    return b"GIF89a\x10\0\x10\0\x80\0\0" + bytes(6) + b"\x21\xfe\x01a\0" * count + b";"


def plain_pbm(side: int) -> bytes:
    """Return a bitmap in digits of text."""
    return b"P1 %d %d\n" % (side, side) + b"1" * side * side


def _parse_jpeg(side: int, *, progressive: bool) -> tuple[list[bytes], list[bytes]]:
    """Return the segments of a gray JPEG, and the data that follow each of them."""
    stream = io.BytesIO()
    Image.new("L", (side, side), 128).save(stream, "JPEG", progressive=progressive)
    content = stream.getvalue().removesuffix(_END_OF_IMAGE)
    segments, entropy_coded, at = [], [], 2
    while at < len(content):
        (length,) = struct.unpack_from(">H", content, at + 2)
        start = end = at + 2 + length
        if content[at + 1] == _START_OF_SCAN:
            while end < len(content) and not (content[end] == 0xFF and content[end + 1]):
                end += 1
        segments.append(content[at:start])
        entropy_coded.append(content[start:end])
        at = end
    return segments, entropy_coded
