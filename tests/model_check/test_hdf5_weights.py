"""Weights: only plain arrays of finite numbers."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from mnistcli.errors import ModelError
from mnistcli.model_check import check_model
from tests.support.model_files import change_weights, layer, model_file, sequential, weights_file

NAME = "layers/dense/vars/0"
CONFIG = sequential(layer("Flatten"), layer("Dense", units=10))


def replace(**settings: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[NAME]
        file.create_dataset(NAME, **settings)

    return change


def late(file: h5py.File) -> None:
    del file[NAME]
    file.create_dataset(NAME, shape=(1 << 28,), dtype="f4", fillvalue=1)


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((10_000,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (10_000,))
    file.create_virtual_dataset("v", layout)


def external_storage(file: h5py.File) -> None:
    file.create_dataset("e", shape=(10,), dtype="f4", external=[("/etc/passwd", 0, 40)])


def external_link(file: h5py.File) -> None:
    file["x"] = h5py.ExternalLink("other.h5", "/x")


def soft_link(file: h5py.File) -> None:
    file["x"] = h5py.SoftLink("/layers")


def loop(file: h5py.File) -> None:
    file["layers/dense/loop"] = file["layers"]


def named_type(file: h5py.File) -> None:
    file["t"] = np.dtype("f4")


def deep(file: h5py.File) -> None:
    file.create_group("/".join("d" * 40))


PLAIN = "not stored as plain arrays"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replace(data=np.zeros(10_000, "f4"), compression="gzip"), PLAIN),
        (replace(data=np.zeros(10_000, "f4"), chunks=(100,)), PLAIN),
        (replace(data=h5py.Empty("f4")), PLAIN),
        (late, PLAIN),
        (virtual, PLAIN),
        (external_storage, PLAIN),
        (external_link, "weights that are links: x"),
        (soft_link, "weights that are links: x"),
        (loop, "has loops"),
        (deep, "too large"),
        (named_type, "unknown kind: t"),
        (replace(data=np.array([b"text"] * 9000, "S9")), "non-numeric weights"),
        (replace(data=["text"], dtype=h5py.string_dtype()), "non-numeric weights"),
        (replace(data=np.full(10_000, np.nan, "f4")), f"NaN or infinite: {NAME}"),
        (replace(data=np.full(10_000, -np.inf, "f4")), f"NaN or infinite: {NAME}"),
    ],
)
def test_anything_but_plain_finite_arrays_is_refused(
    change: Callable[[h5py.File], None], reason: str, tmp_path: Path
) -> None:
    good = model_file(tmp_path / "good.keras", CONFIG, weights_file(7850, padding=20_000))

    with pytest.raises(ModelError, match=reason):
        check_model(change_weights(good, tmp_path / "bad.keras", change))


def test_the_state_of_the_optimizer_can_be_anything_finite_or_not(tmp_path: Path) -> None:
    good = model_file(tmp_path / "good.keras", CONFIG)

    def change(file: h5py.File) -> None:
        file["optimizer/vars/0"] = np.array([np.nan], "f4")

    assert check_model(change_weights(good, tmp_path / "m.keras", change))


def test_weights_that_are_not_hdf5_are_damage(tmp_path: Path) -> None:
    path = model_file(tmp_path / "m.keras", CONFIG, b"\x89HDF\r\n\x1a\n" + b"x" * 20_000)

    with pytest.raises(ModelError, match="not a Keras model, or a damaged file"):
        check_model(path)
