"""Measure malicious model files (denial of service): each must be refused fast, in little memory.

Usage: python -m tests.tools.crafted_models
"""

import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from tests.support.model_files import (
    Node,
    change_weights,
    layer,
    legacy_model,
    model_file,
    read_members,
    sequential,
    weights_file,
    write_members,
)
from tests.support.strokes import draw_digit
from tests.tools.measurement import measure

MAX_SECONDS = 1.0
MAX_BYTES = 300 << 20

_HEAD = (layer("Flatten"), layer("Dense", units=10))
_FUNCTION = {"module": "builtins", "class_name": "function", "config": "relu"}


def _config(*layers: Node) -> Callable[[Path], object]:
    return lambda path: model_file(path, sequential(*layers, *_HEAD))


def _text(text: bytes) -> Callable[[Path], object]:
    return lambda path: model_file(path, text)


def _weights(change: Callable[[h5py.File], None]) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        good = model_file(path.with_suffix(".good"), sequential(*_HEAD), weights_file(7850))
        change_weights(good, path, change)

    return make


def _nested(depth: int) -> bytes:
    config = sequential(*_HEAD)
    for _ in range(depth):
        config = sequential(config)
    return json.dumps(config).encode()


def _deflated(member: str, content: bytes) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        members = read_members(model_file(path, sequential(*_HEAD))) | {member: content}
        write_members(path, members, compression=zipfile.ZIP_DEFLATED)

    return make


def _legacy(change: Callable[[h5py.File], None], *layers: Node) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        path.write_bytes(legacy_model(sequential(*layers, *_HEAD)))
        with h5py.File(path, "r+") as file:
            change(file)

    return make


def _compress(file: h5py.File) -> None:
    file.create_dataset("zeros", data=np.zeros(1 << 26, np.uint8), compression="gzip")


def _long_config(file: h5py.File) -> None:
    del file.attrs["model_config"]
    file.attrs.create("model_config", "x" * (64 << 20), dtype=h5py.string_dtype())


def _many_names(file: h5py.File) -> None:
    file["model_weights"].attrs["layer_names"] = ["x"] * 4001


def _path_as_name(file: h5py.File) -> None:
    file["model_weights/dense"].attrs["weight_names"] = ["../../x"]


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(30 << 30)


def _many_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(60_000):
            archive.writestr(str(number), b"")


def _fill(file: h5py.File) -> None:
    file.create_dataset("fill", shape=(1 << 28,), dtype="f4", fillvalue=1)


def _not_finite(file: h5py.File) -> None:
    file["nan"] = np.full(10, np.nan, np.float32)


def _large_and_not_finite(file: h5py.File) -> None:
    values = np.zeros(25_000_000, np.float32)
    values[-1] = np.nan
    file["nan"] = values


def _loop(file: h5py.File) -> None:
    file["layers/dense/loop"] = file["layers"]


def _external(file: h5py.File) -> None:
    file.create_dataset("e", shape=(10,), dtype="f4", external=[("/etc/passwd", 0, 40)])


MODELS: dict[str, Callable[[Path], object]] = {
    "Lambda": _config(layer("Lambda", function=_FUNCTION)),
    "TFSMLayer": _config(layer("TFSMLayer", filepath="x")),
    "internal operation": _config(layer("Switch", module="keras.src.ops.core")),
    "custom class": _config(layer("system", module="os")),
    "function as activation": _config(layer("Dense", units=3, activation=_FUNCTION)),
    "Resizing to 20,000": _config(layer("Resizing", height=20_000, width=20_000)),
    "UpSampling by 700": _config(layer("UpSampling2D", size=[700, 700])),
    "ZeroPadding by 10,000": _config(layer("ZeroPadding2D", padding=10_000)),
    "10^12 units": _config(layer("Dense", units=10**12)),
    "445 million units": _config(layer("Flatten"), layer("Dense", units=445_000_000)),
    "3,000 layers": _config(*[layer("ReLU")] * 3000),
    "nested models": _text(_nested(60)),
    "config of lists": _text(b"[" * 900_000),
    "config of 300 MB": _text(b" " * (300 << 20)),
    "long number": _text(b"9" * 900_000),
    "config bomb": _deflated("config.json", b" " * (1 << 28)),
    "weights bomb": _deflated("model.weights.h5", b"\0" * (1 << 28)),
    "fill values": _weights(_fill),
    "weights with NaN": _weights(_not_finite),
    "100 MB with a NaN": _weights(_large_and_not_finite),
    "weights with a loop": _weights(_loop),
    "external weights": _weights(_external),
    "h5 with a Lambda": _legacy(lambda _: None, layer("Lambda", function=_FUNCTION)),
    "h5 with fill values": _legacy(_fill),
    "h5, compressed": _legacy(_compress),
    "h5 with NaN": _legacy(_not_finite),
    "h5 with a loop": _legacy(lambda file: file.__setitem__("loop", file["model_weights"])),
    "h5, external weights": _legacy(_external),
    "h5, config of 64 MB": _legacy(_long_config),
    "h5, 4,001 names": _legacy(_many_names),
    "h5, a path as name": _legacy(_path_as_name),
    "60,000 members": _many_members,
    "sparse file of 30 GB": _sparse,
    "FIFO": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path),
    "not an archive": lambda path: path.write_bytes(b"\x89HDF" * 1000),
}


def main() -> int:
    """Measure the files; return 1 if one is not refused, or takes too much."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "3.png")
        draw_digit(3).save(image)
        for number, (name, make) in enumerate(MODELS.items()):
            path = Path(folder, f"{number}.keras")
            make(path)
            code, seconds, memory = measure("predict", str(image), "--model", str(path))
            wrong = code != 1 or seconds > MAX_SECONDS or memory > MAX_BYTES
            failed += wrong
            sys.stdout.write(
                f"{name:24} exit code {code}  {seconds:5.2f} s {memory >> 20:5} MB"
                f"{'  wrong' if wrong else ''}\n"
            )
            sys.stdout.flush()
            path.unlink()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
