"""The environment that a run records."""

import json

import keras
import pytest

from mnistcli import device, environment


def test_the_environment_names_versions_and_command() -> None:
    described = environment.describe_environment("cpu")

    assert described["device"] == "cpu:0"
    assert described["backend"] == "tensorflow"
    assert described["packages"]["keras"] == keras.__version__
    assert "torch" not in described["packages"] or described["packages"]["torch"]
    assert described["command"]
    assert json.loads(json.dumps(described)) == described


@pytest.mark.parametrize(
    ("name", "used"),
    [("auto", "gpu:0"), ("gpu", "gpu:0"), ("all", "gpu:0, gpu:1"), ("cpu", "cpu:0")],
)
def test_the_environment_names_the_devices(
    name: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "gpus", lambda: ["gpu:0", "gpu:1"])

    assert environment.describe_environment(name)["device"] == used
