"""Size limits of the content of data files, against decompression bombs (zip bombs)."""

from pathlib import Path

from mnistcli.errors import OTHER_DATASET, DataError

_MAX_BYTES = 1 << 30
# Compression ratio: handwritten digits are compressed to a fifth, blank images to a thousandth.
_MAX_EXPANSION = 100
_ALWAYS_ALLOWED = 64 << 20


def max_content(file_size: int) -> int:
    """Return the maximum number of bytes of the decompressed content of a file of this size."""
    return min(_MAX_BYTES, max(_ALWAYS_ALLOWED, _MAX_EXPANSION * file_size))


def require_size(path: Path, size: int) -> None:
    """Check the size of the content of a file before memory is allocated for it.

    Args:
        path: The file.
        size: Size of the content in bytes, decompressed.

    Raises:
        DataError: The content is too large, or too large for the size of the file.
        OSError: The file cannot be read.
    """
    limit = max_content(path.stat().st_size)
    if size > limit:
        message = f"too large: the arrays in {str(path)!r} take more than {limit >> 20} MiB"
        raise DataError(message, hint=OTHER_DATASET)
