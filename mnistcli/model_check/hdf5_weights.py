"""HDF5 weights: check an HDF5 file before Keras reads it.

Only plain arrays are allowed. HDF5 can also contain soft links, external links to other files
(h5py.ExternalLink), compression without limit (decompression bombs), or arrays that take no space
in the file.
"""

import io
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from mnistcli.model_check.refusal import RefusedModelError, require, shorten

_MAX_OBJECTS = 10_000
_MAX_DEPTH = 24
_OPTIMIZER = "optimizer"


def check_weights(content: bytes) -> int:
    """Check the content of an HDF5 file of weights; return the size of its arrays in bytes.

    Raises:
        RefusedModelError: The file contains anything but plain arrays, or a non-finite weight.
        Exception: The file is damaged; h5py can raise any exception.
    """
    with h5py.File(io.BytesIO(content), "r") as file:
        total = 0
        for name, array in _arrays(file):
            total += _check_array(name, array, len(content))
            require(total <= len(content), "has weights that overlap in the file")
            if not name.startswith(_OPTIMIZER):
                _require_finite(name, array, content)
        return total


def _arrays(file: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield the arrays of a file with their names; each object is visited once."""
    seen: set[Any] = set()
    pending: list[tuple[str, h5py.Group, int]] = [("", file, 0)]
    while pending:
        prefix, group, depth = pending.pop()
        for name in group:
            path = f"{prefix}/{name}" if prefix else name
            _check_link(path, group, name)
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            require(
                address not in seen and len(seen) < _MAX_OBJECTS and depth < _MAX_DEPTH,
                "has weights in a tree that is too large or has loops",
            )
            seen.add(address)
            if isinstance(item, h5py.Group):
                pending.append((path, item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                yield path, item
            else:
                raise RefusedModelError(f"has weights of an unknown kind: {shorten(path)}")


def _check_link(path: str, group: h5py.Group, name: str) -> None:
    """Check that an entry is neither a soft link nor an external link to another file."""
    link = group.get(name, getlink=True)
    require(isinstance(link, h5py.HardLink), f"has weights that are links: {shorten(path)}")


def _check_array(name: str, array: h5py.Dataset, file_size: int) -> int:
    """Check that an array is contiguous in the file, not chunked; return its size in bytes."""
    properties = array.id.get_create_plist()
    require(array.dtype.kind in "fiub", f"has non-numeric weights: {shorten(name)}")
    size = int(array.size or 0) * int(array.dtype.itemsize)
    offset = array.id.get_offset()
    plain = (
        array.shape is not None
        and properties.get_layout() == h5py.h5d.CONTIGUOUS
        and properties.get_nfilters() == 0
        and properties.get_external_count() == 0
        and array.id.get_storage_size() == size
    )
    inside = size == 0 or (offset is not None and offset + size <= file_size)
    require(plain and inside, f"has weights that are not stored as plain arrays: {shorten(name)}")
    return size


def _require_finite(name: str, array: h5py.Dataset, content: bytes) -> None:
    """Check that an array, which lies in one piece in the file, has finite numbers only."""
    if array.dtype.kind == "f" and array.size:
        # Not read by h5py, which would make a copy.
        values = np.frombuffer(content, array.dtype, array.size, array.id.get_offset())
        require(
            bool(np.isfinite(values).all()),
            f"has weights that are NaN or infinite: {shorten(name)}",
        )
