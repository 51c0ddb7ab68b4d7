"""Fuzz targets: what is mutated and what reads it. A reader returns or raises a named error."""

import io
import json
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from PIL import Image

from mnistcli import datasets
from mnistcli.errors import RunError
from mnistcli.image_io import open_image
from mnistcli.inference import litert_files
from mnistcli.model_check import check_model
from mnistcli.model_lookup import find_model
from mnistcli.preprocessing import find_digits
from mnistcli.run_summaries import summarize_run
from mnistcli.runs.run import Run
from tests.support.model_files import layer, legacy_model, sequential
from tests.support.strokes import draw_digit
from tests.tools.fuzz.data_seeds import data_seeds
from tests.tools.fuzz.mutations import (
    mutate_bytes,
    mutate_gzip,
    mutate_json,
    mutate_legacy_model,
    mutate_png,
    mutate_start,
    mutate_zip,
)

_PRETRAINED = find_model("pretrained").files[0].parent
_MOST_OF_A_SUFFIX = 12  # .npz and .csv files come in many forms


class Read(Protocol):
    """Reads the mutated file of a case, which is in a folder of its own."""

    def __call__(self, folder: Path) -> object: ...


class Seed(NamedTuple):
    """A valid input.

    Attributes:
        files: The files, keyed by name, all of which are written.
        mutated: The name of the file that is mutated.
        mutate: Mutates its content.
        read: Reads it.
    """

    files: dict[str, bytes]
    mutated: str
    mutate: Callable[[bytes, random.Random], bytes]
    read: Read


def seeds(kind: str) -> list[Seed]:
    """Return the valid inputs of a kind: ``images``, ``models``, ``data`` or ``runs``."""
    return KINDS[kind]()


def _images() -> list[Seed]:
    digit = draw_digit(7, size=40)
    variants = [digit.convert(mode) for mode in ("L", "RGB", "RGBA", "P", "1")]
    variants.append(Image.fromarray(np.asarray(digit.convert("L"), np.uint16) * 257))
    return [
        Seed(
            {f"image.{kind.lower()}": content},
            f"image.{kind.lower()}",
            mutate_png if kind == "PNG" else mutate_bytes,
            _read_image,
        )
        for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM", "TIFF", "AVIF")
        for image in variants
        for content in _encodings(image, kind)
    ]


def _encodings(image: Image.Image, kind: str) -> list[bytes]:
    """Encode an image in a format, in several variants; none if the format lacks the mode."""
    variants: dict[str, list[dict[str, Any]]] = {
        "JPEG": [{}, {"progressive": True}],
        "TIFF": [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}],
        "WEBP": [{}, {"lossless": True}],
    }
    encoded = []
    for option in variants.get(kind, [{}]):
        stream = io.BytesIO()
        try:
            image.save(stream, kind, **option)
        except OSError:
            continue
        encoded.append(stream.getvalue())
    return encoded


def _read_image(folder: Path) -> object:
    (path,) = folder.iterdir()
    return find_digits(open_image(path))


def _models() -> list[Seed]:
    model = (_PRETRAINED / "model.keras").read_bytes()
    converted = (_PRETRAINED / "model.tflite").read_bytes()
    legacy = legacy_model(sequential(layer("Flatten"), layer("Dense", units=10)))
    return [
        Seed({"model.keras": model}, "model.keras", mutate_zip, _check_model),
        Seed({"model.h5": legacy}, "model.h5", mutate_legacy_model, _check_model),
        Seed({"model.tflite": converted}, "model.tflite", _mutate_end, _read_litert),
    ]


def _mutate_end(content: bytes, rng: random.Random) -> bytes:
    """Mutate the note of a LiteRT file, which is at its end."""
    return content[:-400] + mutate_bytes(content[-400:], rng)


def _check_model(folder: Path) -> object:
    (path,) = folder.iterdir()
    return check_model(path)


def _read_litert(folder: Path) -> object:
    return litert_files.read_sidecar(folder / "model.keras", "0" * 64)


def _data() -> list[Seed]:
    seeds: dict[str, list[Seed]] = {}
    for seed in data_seeds():
        for name, content in seed.files.items():
            suffix = Path(name).suffix
            of_suffix = seeds.setdefault(suffix, [])
            if content and len(of_suffix) < _MOST_OF_A_SUFFIX:
                mutate = _MUTATIONS.get(suffix, mutate_bytes)
                of_suffix.append(Seed(seed.files, name, mutate, partial(_load, seed.load)))
    return [seed for of_suffix in seeds.values() for seed in of_suffix]


_MUTATIONS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    ".npz": mutate_zip,
    ".gz": mutate_gzip,
    ".npy": mutate_start,
    ".h5": mutate_start,
    ".hdf5": mutate_start,
    ".mat": mutate_start,
}


def _load(name: str, folder: Path) -> object:
    return datasets.load(str(folder / name))


_HISTORY = b"""epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds
1,1.03,0.896,0.363,0.989,0.002,98.1
2,0.90,0.946,0.351,0.991,0.003,143.7
"""


def _runs() -> list[Seed]:
    names = ("config.json", "metrics.json", "history.csv")
    files = {name: (_PRETRAINED / name).read_bytes() for name in names[:2]}
    files[names[2]] = _HISTORY
    files["model.keras"] = b"PK\5\6" + bytes(18)  # an empty zip archive
    return [
        Seed(files, name, mutate_json if name.endswith(".json") else mutate_bytes, _read_run)
        for name in names
    ]


def _read_run(folder: Path) -> object:
    with suppress(RunError):
        summary = summarize_run(Run(folder))
        json.dumps([summary.as_dict(), summary.progress], allow_nan=False)
    model = find_model(folder)
    assert model.description
    run = model.run
    if run is None:
        return None
    return run.read_config(), run.read_history(), model.digit_thresholds, model.datasets


KINDS: dict[str, Callable[[], list[Seed]]] = {
    "images": _images,
    "models": _models,
    "data": _data,
    "runs": _runs,
}
"""Functions that create the valid inputs, keyed by kind."""
