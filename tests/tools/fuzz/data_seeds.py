"""Seed corpus of the fuzzer: valid datasets in all file formats and layouts, and data of ours."""

import gzip
import io
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnistcli.datasets import idx
from tests.datasets.data_layouts import LAYOUTS
from tests.support.strokes import draw_digit

_MOST_FILES = 6  # of a layout: folders of images are mutated as images
_LARGEST = 300_000  # bytes of a file


class DataSeed(NamedTuple):
    """A valid dataset.

    Attributes:
        files: The files by path.
        load: The path to load, relative to their folder.
    """

    files: dict[str, bytes]
    load: str


def data_seeds() -> Iterator[DataSeed]:
    """Yield valid datasets."""
    images = np.stack([np.asarray(draw_digit(digit, size=28).convert("L")) for digit in range(10)])
    labels = np.arange(10)
    stream = io.BytesIO()
    np.savez(stream, x_train=images, y_train=labels, x_test=images, y_test=labels)
    yield DataSeed({"d.npz": stream.getvalue()}, "d.npz")
    parts = [
        struct.pack(">4B3I", 0, 0, 8, 3, 10, 28, 28) + images.tobytes(),
        struct.pack(">4BI", 0, 0, 8, 1, 10) + labels.astype(np.uint8).tobytes(),
    ] * 2
    plain = dict(zip(idx.NAMES, parts, strict=True))
    yield DataSeed(plain, ".")
    yield DataSeed({f"{name}.gz": gzip.compress(part) for name, part in plain.items()}, ".")
    yield from _parquet()
    yield from _layouts()


def _layouts() -> Iterator[DataSeed]:
    for layout in LAYOUTS.values():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            load = layout.write(folder).relative_to(folder)
            paths = [path for path in folder.rglob("*") if path.is_file()]
            if len(paths) > _MOST_FILES or any(path.stat().st_size > _LARGEST for path in paths):
                continue
            yield DataSeed(
                {str(path.relative_to(folder)): path.read_bytes() for path in paths}, str(load)
            )


def _parquet() -> Iterator[DataSeed]:
    """Yield a Parquet file as Hugging Face writes it, if its extra is installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return
    encoded = []
    for digit in range(10):
        stream = io.BytesIO()
        draw_digit(digit, size=28).convert("L").save(stream, "PNG")
        encoded.append({"bytes": stream.getvalue(), "path": f"{digit}.png"})
    output = io.BytesIO()
    parquet.write_table(pyarrow.table({"image": encoded, "label": list(range(10))}), output)
    yield DataSeed({"train.parquet": output.getvalue()}, "train.parquet")
