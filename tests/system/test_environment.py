"""The environment that a run records."""

import json

import keras
import pytest

from mnistcli.system import devices, environment


def test_the_environment_names_versions_and_command(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"mnistcli": "1.0", "keras": "3.0", "torch": "2.0"}
    monkeypatch.setattr(environment, "installed_version", lambda name: versions.get(name, ""))

    described = environment.describe_environment("cpu")

    assert described["device"] == "cpu:0"
    assert described["backend"] == "tensorflow"
    assert described["packages"] == versions
    assert described["command"]
    assert json.loads(json.dumps(described)) == described


def test_the_version_of_a_missing_package_is_empty() -> None:
    assert environment.installed_version("keras") == keras.__version__
    assert environment.installed_version("no-such-package") == ""


@pytest.mark.parametrize(
    ("name", "used"),
    [("auto", "gpu:0"), ("gpu", "gpu:0"), ("all", "gpu:0, gpu:1"), ("cpu", "cpu:0")],
)
def test_the_environment_names_the_devices(
    name: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "find_gpus", lambda: ["gpu:0", "gpu:1"])

    assert environment.describe_environment(name)["device"] == used
