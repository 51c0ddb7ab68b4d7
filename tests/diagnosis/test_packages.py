"""Checks of packages: missing ones, wrong versions, extras."""

from importlib import metadata

import pytest

from mnistcli.diagnosis import FAILED, NOTE, OK
from mnistcli.diagnosis.packages import (
    Requirement,
    check_extras,
    check_packages,
    read_requirements,
    requirement_text,
)

NUMPY = Requirement("numpy", ">=2.4,<3", "", "2.4.6")
MISSING = Requirement("nothing", ">=1,<2", "", "")
OLD = Requirement("rich", ">=15,<16", "", "14.0.0")


def test_all_packages_are_installed() -> None:
    check = check_packages([NUMPY, Requirement("x", "", "photos", "")])

    assert (check.status, check.detail) == (OK, "all 1 required packages are installed")


def test_a_missing_package_is_a_failure() -> None:
    check = check_packages([NUMPY, MISSING, OLD])

    assert check.status == FAILED
    assert check.detail == "no nothing, rich 14.0.0 is not >=15,<16"
    assert check.fix == "pip install 'nothing>=1,<2' 'rich>=15,<16'"


def test_another_version_is_a_note() -> None:
    assert check_packages([NUMPY, OLD]).status == NOTE


def test_extras_with_checks_of_their_own_are_left_out() -> None:
    extras = [
        Requirement("pyarrow", ">=26", "data", "26.0.0"),
        Requirement("onnxruntime", "", "export", "1.32"),
        Requirement("tf2onnx", "", "export", ""),
        Requirement("ruff", "", "dev", ""),
        Requirement("jax", "", "tools", ""),
        Requirement("tensorflow", "", "gpu", "2.21"),
    ]

    data, export = check_extras([NUMPY, *extras])

    assert (data.name, data.status, data.detail) == ("extra data", OK, "pyarrow 26.0.0")
    assert (export.status, export.detail) == (NOTE, "not installed: tf2onnx")
    assert export.fix == "pip install 'mnistcli[export]'"


def test_the_metadata_of_the_package_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "numpy<3,>=2.4",
        "tensorflow[and-cuda]<2.22,>=2.21; extra == 'gpu'",
        'no-such-package (>=1) ; extra == "draw"',
    ]
    monkeypatch.setattr(metadata, "requires", lambda _: lines)

    numpy, tensorflow, other = read_requirements()

    assert (numpy.name, numpy.bounds, numpy.extra) == ("numpy", "<3,>=2.4", "")
    assert numpy.installed == metadata.version("numpy")
    assert (tensorflow.name, tensorflow.extra) == ("tensorflow", "gpu")
    assert (other.bounds, other.extra, other.is_met) == (">=1", "draw", False)
    assert requirement_text([numpy], "numpy") == "'numpy<3,>=2.4'"
    assert requirement_text([numpy], "keras") == "keras"


def test_a_program_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", fail)

    assert read_requirements() == []
    assert check_packages([]).status == NOTE
