"""Parquet files, such as Hugging Face's MNIST: read images and labels with pyarrow, an extra."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.datasets.name_parsing import IMAGES, LABELS, parse_name
from mnistcli.datasets.size_limits import require_size
from mnistcli.errors import OTHER_DATASET, DataError
from mnistcli.extras import require_packages

_BATCH_ROWS = 4096
_MAX_ROWS = 2_000_000
_MAX_PIXELS = 256 * 256


def read_parquet(path: Path) -> dict[str, NDArray[Any]]:
    """Read the images and labels in a Parquet file.

    Images are encoded, as bytes or as ``{bytes, path}``, or one column of numbers per pixel.

    Args:
        path: The file.

    Raises:
        DataError: pyarrow is not installed, or the file is damaged or contains no images.
        OSError: The file cannot be read.
    """
    subject = f"{str(path)!r} is a Parquet file, which"
    require_packages("pyarrow", extra="data", needed_by=subject, error=DataError)
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    try:
        with parquet.ParquetFile(path) as file:
            _check_size(path, file.metadata)
            batches = [_read_batch(path, batch) for batch in file.iter_batches(_BATCH_ROWS)]
    except DataError:
        raise
    except Exception as error:  # pyarrow can raise any exception on damaged files
        raise DataError(f"damaged Parquet file {str(path)!r}", hint=OTHER_DATASET) from error
    names = batches[0].keys() if batches else ()
    return {name: np.concatenate([batch[name] for batch in batches]) for name in names}


def _check_size(path: Path, metadata: Any) -> None:
    """Check the sizes that a file states, before memory is allocated.

    Raises:
        DataError: There are too many rows or bytes.
    """
    if metadata.num_rows > _MAX_ROWS:
        raise DataError(f"more than {_MAX_ROWS:,} rows in {str(path)!r}")
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    require_size(
        path,
        sum(
            group.column(number).total_uncompressed_size
            for group in groups
            for number in range(group.num_columns)
        ),
    )


def _read_batch(path: Path, batch: Any) -> dict[str, NDArray[Any]]:
    columns = {name: parse_name(name) for name in batch.schema.names}
    images = [name for name, found in columns.items() if found.role == IMAGES]
    labels = [name for name, found in columns.items() if found.role == LABELS]
    if not images:
        names = ", ".join(map(repr, columns))
        raise DataError(f"no images in {str(path)!r}: its columns are {names[:80]}")
    arrays = {}
    if len(images) == 1:
        arrays[IMAGES] = _decode(path, batch.column(images[0]).to_pylist())
    else:
        arrays[IMAGES] = np.stack([np.asarray(batch.column(name)) for name in images], axis=1)
    if labels:
        arrays[LABELS] = np.asarray(batch.column(labels[0]).to_pylist())
    return arrays


def _decode(path: Path, cells: list[Any]) -> NDArray[Any]:
    """Decode images; a dictionary contains the bytes."""
    contents = [cell.get("bytes") if isinstance(cell, dict) else cell for cell in cells]
    try:
        if contents and isinstance(contents[0], bytes):
            return np.stack([_decode_image(bytes(content or b"")) for content in contents])
        return np.asarray(contents)
    except Exception as error:
        raise DataError(f"damaged images in {str(path)!r}") from error


def _decode_image(content: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
        if image.width * image.height > _MAX_PIXELS:
            raise ValueError("too large")
        return np.asarray(image.convert("L"))
