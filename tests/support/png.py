"""PNG files, written chunk by chunk."""

import struct
import zlib


def build_png(width: int, height: int, *chunks: bytes, color_type: int = 0) -> bytes:
    """Return a PNG of 8 bits with the header of a size, and chunks that need not fit it."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk with its length and its checksum (CRC-32)."""
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
