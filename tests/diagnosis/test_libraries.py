"""Checks of TensorFlow, LiteRT and MNIST by what their probes have found."""

import pytest

from mnistcli.diagnosis import FAILED, NOTE, OK
from mnistcli.diagnosis.libraries import (
    check_litert,
    check_mnist,
    check_tensorflow,
)
from mnistcli.diagnosis.packages import Requirement
from mnistcli.diagnosis.probe_processes import ProbeResult
from tests.support.probes import failed, found


def test_tensorflow_that_starts_passes_with_its_version_and_time() -> None:
    check = check_tensorflow(found())

    assert (check.status, check.fix) == (OK, None)
    assert check.detail == "2.21.0 with Keras 3.15.1, starts in 5.2 s"


def test_tensorflow_that_cannot_be_imported_is_installed_again() -> None:
    requirement = Requirement("tensorflow", ">=2.21,<2.22", "", "2.21.0")

    check = check_tensorflow(failed("ImportError: libfoo.so"), [requirement])

    assert (check.status, check.detail) == (FAILED, "ImportError: libfoo.so")
    assert check.fix == "pip install --force-reinstall 'tensorflow>=2.21,<2.22' keras"


def test_a_processor_without_the_instructions_has_no_fix() -> None:
    check = check_tensorflow(failed("the process was killed by SIGILL"))

    assert (check.status, check.fix) == (FAILED, None)
    assert "AVX" in check.detail


def test_litert_is_checked_by_a_prediction() -> None:
    assert check_litert(found(seconds=0.31)).detail == ("predicts with the packaged model in 0.3 s")
    check = check_litert(failed("ModuleNotFoundError: No module named 'ai_edge_litert'"))
    assert (check.status, check.fix) == (FAILED, "pip install --force-reinstall ai-edge-litert")


@pytest.mark.parametrize(
    ("probe", "status", "fix"),
    [
        (ProbeResult({"path": "/data"}, "", []), OK, None),
        (ProbeResult({"path": None}, "", []), NOTE, "mnistcli train --recipe fast"),
        (failed("DataError: no 'train-labels' in '/data'"), FAILED, "unset MNISTCLI_DATA_DIR"),
        (failed("ModuleNotFoundError: No module named 'sklearn'"), FAILED, None),
    ],
)
def test_missing_mnist_files_have_a_fix(probe: ProbeResult, status: str, fix: str | None) -> None:
    check = check_mnist(probe)

    assert (check.status, check.fix) == (status, fix)
    assert "DataError" not in check.detail
