"""Devices: CPU and GPUs, and the error without a GPU."""

import keras
import pytest

from mnistcli.errors import DeviceError
from mnistcli.system import devices


@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_keras_computes_in_the_scope_of_a_device(name: str) -> None:
    with devices.select_device(name):
        assert float(keras.ops.sum(keras.ops.ones((2, 3)))) == 6


def test_auto_selects_a_gpu_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    scopes: list[str] = []
    monkeypatch.setattr(devices, "find_gpus", lambda: ["gpu:0", "gpu:1"])
    monkeypatch.setattr(keras, "device", scopes.append)

    for name in ("auto", "gpu", "all", "cpu"):
        devices.select_device(name)

    assert scopes == ["gpu:0", "gpu:0", "gpu:0", "cpu:0"]


def test_all_means_all_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_gpus", lambda: ["gpu:0", "gpu:1"])

    assert devices.find_devices("all") == ["gpu:0", "gpu:1"]
    assert devices.find_devices("auto") == devices.find_devices("gpu") == ["gpu:0"]


def test_without_a_gpu_auto_means_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_gpus", list)

    assert devices.find_devices("auto") == ["cpu:0"]


@pytest.mark.parametrize("name", ["gpu", "all"])
def test_a_missing_gpu_is_an_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_gpus", list)

    with pytest.raises(DeviceError) as caught:
        devices.select_device(name)

    assert caught.value.message == "no GPU found; for NVIDIA: pip install 'mnistcli[gpu]'"
    assert caught.value.hint == "--device cpu"


def test_gpus_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: [f"{kind}:0"])

    assert devices.find_gpus() == ["gpu:0"]
