"""HDF5 files (.h5, .hdf5, MATLAB 7.3): read the arrays of a dataset by their paths."""

import contextlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import OTHER_DATASET, invalid_data
from mnistcli.errors import DataError

_MAX_BYTES = 1 << 30
_MAX_ARRAYS = 1000


def read_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of numbers and text in an HDF5 file, in all groups.

    Links to other files are not followed, and no object of another type is read.

    Args:
        path: The file.

    Raises:
        DataError: The file is damaged or too large, or is a Keras model.
    """
    try:
        with h5py.File(path, "r") as file:
            _refuse_models(path, file)
            found = list[Any]()
            file.visititems(lambda _, one: _collect(found, one))
            if sum(one.size * one.dtype.itemsize for one in found) > _MAX_BYTES:
                raise invalid_data(str(path), f"the arrays are larger than {_MAX_BYTES >> 20} MiB")
            return {one.name.lstrip("/"): np.asarray(one[()]) for one in found}
    # Raised by h5py on damaged files.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        raise DataError(f"damaged HDF5 file {str(path)!r}", hint=OTHER_DATASET) from error


def _collect(found: list[Any], one: Any) -> None:
    is_array = isinstance(one, h5py.Dataset) and one.ndim and one.dtype.kind in "biufS"
    if is_array and not one.is_virtual and one.external is None and len(found) < _MAX_ARRAYS:
        found.append(one)


def _refuse_models(path: Path, file: h5py.File) -> None:
    names = {str(name) for name in file}
    with contextlib.suppress(KeyError):
        if {"model_config", "layer_names", "keras_version"} & {str(name) for name in file.attrs}:
            raise _model(path)
    if {"model_weights", "layers", "_layer_checkpoint_dependencies"} & names:
        raise _model(path)


def _model(path: Path) -> DataError:
    return DataError(f"{str(path)!r} is a Keras model or its weights, not a dataset")
