"""HDF5 files (.h5, .hdf5, MATLAB 7.3): read the arrays of a dataset, keyed by path."""

import contextlib
import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.size_limits import require_size
from mnistcli.errors import OTHER_DATASET, DataError

_MAX_ARRAYS = 1000
_MAX_CHUNK_BYTES = 64 << 20  # a chunk is decompressed as a whole
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_FILTERS.add(h5py.h5z.FILTER_LZF)


def read_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of numbers and text in an HDF5 file, in all groups.

    External links to other files are not followed, and no object of another type is read.

    Args:
        path: The file.

    Raises:
        DataError: The file is damaged or too large, or is a Keras model.
    """
    try:
        with h5py.File(path, "r") as file:
            _refuse_models(path, file)
            found = list[Any]()
            file.visititems(lambda _, node: _collect(found, node))
            require_size(path, sum(dataset.nbytes for dataset in found))
            return {dataset.name.lstrip("/"): np.asarray(dataset[()]) for dataset in found}
    except DataError:
        raise
    except Exception as error:  # h5py can raise any exception on damaged files
        raise DataError(f"damaged HDF5 file {str(path)!r}", hint=OTHER_DATASET) from error


def _collect(found: list[Any], node: Any) -> None:
    is_array = isinstance(node, h5py.Dataset) and node.ndim and node.dtype.kind in "biufS"
    if is_array and _is_stored(node) and len(found) < _MAX_ARRAYS:
        found.append(node)


def _is_stored(array: Any) -> bool:
    """Return whether an array is in the file itself: contiguous or chunked, with usual filters."""
    properties = array.id.get_create_plist()
    filters = {properties.get_filter(number)[0] for number in range(properties.get_nfilters())}
    chunk = math.prod(array.chunks or ()) * array.dtype.itemsize
    return (
        not array.is_virtual
        and array.external is None
        and filters <= _FILTERS
        and chunk <= _MAX_CHUNK_BYTES
    )


def _refuse_models(path: Path, file: h5py.File) -> None:
    names = {str(name) for name in file}
    with contextlib.suppress(KeyError):
        if {"model_config", "layer_names", "keras_version"} & {str(name) for name in file.attrs}:
            raise _model_file_error(path)
    if {"model_weights", "layers", "_layer_checkpoint_dependencies"} & names:
        raise _model_file_error(path)


def _model_file_error(path: Path) -> DataError:
    return DataError(f"{str(path)!r} is a Keras model or its weights, not a dataset")
