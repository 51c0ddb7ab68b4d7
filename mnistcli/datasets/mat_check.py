"""MATLAB check: verify the shapes in a version 5 file before SciPy allocates memory for them.

Source: "MAT-File Format", The MathWorks, section "Level 5 MAT-File Format".
"""

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mnistcli.datasets.size_limits import require_size

HEADER_BYTES = 128
_TAG_BYTES = 8
_MATRIX, _COMPRESSED = 14, 15  # types of data elements
_CONTAINERS = {1, 2}  # classes of arrays: cells and structures
_SPARSE = 5
_LAST_CLASS = 15  # the classes after it are functions and objects
_MAX_DEPTH = 16
_MAX_ELEMENTS = 100_000  # of the file or of an array

_Element = tuple[int, memoryview]


def check_mat(path: Path) -> None:
    """Check the arrays in a MATLAB file of version 5: sizes, and shapes that fit them.

    SciPy allocates memory for as many cells as a file states. A file of 200 bytes can state 2^30
    and exhaust the memory (denial of service).

    Args:
        path: The file.

    Raises:
        DataError: The arrays are too large.
        Exception: The file is damaged.
    """
    content = np.memmap(path, mode="r").data
    order = "<" if content[126:HEADER_BYTES].tobytes() == b"IM" else ">"
    elements = list(_elements(order, content[HEADER_BYTES:]))
    require_size(path, sum(_size(order, *element) for element in elements))
    for element in elements:
        _check_element(order, *element, depth=0)


def _size(order: str, kind: int, data: memoryview) -> int:
    """Return the size of an element, decompressed, as its header states it."""
    if kind != _COMPRESSED:
        return len(data)
    header = zlib.decompressobj().decompress(data[:1024], _TAG_BYTES)
    size: int = struct.unpack(f"{order}2I", header)[1]
    return size


def _elements(order: str, content: memoryview) -> Iterator[_Element]:
    """Yield type and data of each element."""
    position = count = 0
    while position + _TAG_BYTES <= len(content):
        count += 1
        if count > _MAX_ELEMENTS:
            raise ValueError("too many elements")
        kind, size = struct.unpack_from(f"{order}2I", content, position)
        start = position + _TAG_BYTES
        if kind >> 16:  # up to four bytes of data in the tag itself
            kind, size, start = kind & 0xFFFF, kind >> 16, position + 4
        if start + size > len(content):
            raise ValueError("an element that is longer than the file")
        yield kind, content[start : start + size]
        padding = 0 if kind == _COMPRESSED else -(start + size) % _TAG_BYTES
        position = start + size + padding


def _check_element(order: str, kind: int, data: memoryview, *, depth: int) -> None:
    """Check an element; anything that is not an array is ignored.

    Raises:
        ValueError: The element is nested too deeply, or has a shape that does not fit its size.
    """
    if depth > _MAX_DEPTH or (depth and kind == _COMPRESSED):
        raise ValueError("arrays nested too deeply")
    if kind == _COMPRESSED:
        content = zlib.decompressobj().decompress(data, _size(order, kind, data) + _TAG_BYTES)
        for element in _elements(order, memoryview(content)):
            _check_element(order, *element, depth=depth + 1)
    elif kind == _MATRIX and data:
        (_, flags), (_, dimensions), *rest = _elements(order, data)
        (array_class,) = struct.unpack_from(f"{order}I", flags)
        shape = struct.unpack(f"{order}{len(dimensions) // 4}i", dimensions)
        _check_shape(array_class & 0xFF, shape, rest)
        for element in rest:
            _check_element(order, *element, depth=depth + 1)


def _check_shape(array_class: int, shape: tuple[int, ...], parts: list[_Element]) -> None:
    """Check that an array has no more values than its parts can hold."""
    if array_class in _CONTAINERS:
        capacity = max(1, sum(kind == _MATRIX for kind, _ in parts))
    else:
        capacity = sum(len(data) for _, data in parts)
    is_valid = min(shape, default=0) >= 0 and array_class <= _LAST_CLASS
    if not is_valid or (array_class != _SPARSE and math.prod(shape) > capacity):
        raise ValueError("a shape that does not fit the data")
