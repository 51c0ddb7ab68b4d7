"""Checks of TensorFlow, the GPU, LiteRT and MNIST by what their probes have found."""

import pytest

from mnistcli.diagnosis import FAILED, NOTE, OK
from mnistcli.diagnosis.libraries import (
    GpuHost,
    check_gpu,
    check_litert,
    check_mnist,
    check_tensorflow,
    read_gpu_host,
)
from mnistcli.diagnosis.packages import Requirement
from mnistcli.diagnosis.probe_processes import ProbeResult

FOUND = {"tensorflow": "2.21.0", "keras": "3.15.1", "seconds": 5.23, "gpus": [], "cuda": True}
HOST = GpuHost("Linux", "550.54.15", has_libraries=True, visible=None)
MESSAGES = [
    "2026-11-26 14:00:00.1: I tensorflow/core/platform/cpu_feature_guard.cc:210] AVX2 FMA",
    "2026-11-26 14:00:00.2: E external/xla/cuda_platform.cc:51] failed call to cuInit: no device",
    "2026-11-26 14:00:00.3: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on",
]


def found(messages: list[str] | None = None, **values: object) -> ProbeResult:
    return ProbeResult(FOUND | values, "", messages or [])


def failed(error: str) -> ProbeResult:
    return ProbeResult({}, error, [])


def test_tensorflow_that_starts() -> None:
    check = check_tensorflow(found())

    assert (check.status, check.fix) == (OK, None)
    assert check.detail == "2.21.0 with Keras 3.15.1, starts in 5.2 s"


def test_tensorflow_that_cannot_be_imported_is_installed_again() -> None:
    requirement = Requirement("tensorflow", ">=2.21,<2.22", "", "2.21.0")

    check = check_tensorflow(failed("ImportError: libfoo.so"), [requirement])

    assert (check.status, check.detail) == (FAILED, "ImportError: libfoo.so")
    assert check.fix == "pip install --force-reinstall 'tensorflow>=2.21,<2.22' keras"


def test_a_processor_without_the_instructions_has_no_fix() -> None:
    check = check_tensorflow(failed("the process was ended by SIGILL"))

    assert (check.status, check.fix) == (FAILED, None)
    assert "AVX" in check.detail


def test_a_gpu_that_tensorflow_uses() -> None:
    check = check_gpu(found(gpus=["NVIDIA H100", "NVIDIA H100"]), HOST)

    assert (check.status, check.detail) == (OK, "NVIDIA H100, NVIDIA H100")


@pytest.mark.parametrize(
    ("host", "detail", "fix"),
    [
        (HOST._replace(system="Darwin"), "no GPU support on Darwin", None),
        (HOST._replace(driver=""), "no NVIDIA driver", None),
        (HOST._replace(visible=""), "CUDA_VISIBLE_DEVICES= hides it", "unset CUDA_VISIBLE_DEVICES"),
        (HOST._replace(has_libraries=False), "CUDA libraries", "pip install 'mnistcli[gpu]'"),
        (HOST, "550.54.15: failed call to cuInit: no device",
         "pip install --force-reinstall 'mnistcli[gpu]'"),
    ],
)  # fmt: skip
def test_no_gpu_has_a_reason(host: GpuHost, detail: str, fix: str | None) -> None:
    check = check_gpu(found(MESSAGES), host)

    assert (check.status, check.fix) == (NOTE, fix)
    assert detail in check.detail


def test_without_tensorflow_nothing_is_known_of_a_gpu() -> None:
    assert check_gpu(failed("ImportError: x"), HOST).status == NOTE


def test_litert() -> None:
    assert check_litert(found(seconds=0.31)).detail == ("predicts with the packaged model in 0.3 s")
    check = check_litert(failed("ModuleNotFoundError: No module named 'ai_edge_litert'"))
    assert (check.status, check.fix) == (FAILED, "pip install --force-reinstall ai-edge-litert")


@pytest.mark.parametrize(
    ("probe", "status", "fix"),
    [
        (ProbeResult({"place": "/data"}, "", []), OK, None),
        (ProbeResult({"place": None}, "", []), NOTE, "mnistcli train --recipe fast"),
        (failed("DataError: no 'train-labels' in '/data'"), FAILED, "unset MNISTCLI_DATA_DIR"),
        (failed("ModuleNotFoundError: No module named 'sklearn'"), FAILED, None),
    ],
)
def test_mnist(probe: ProbeResult, status: str, fix: str | None) -> None:
    check = check_mnist(probe)

    assert (check.status, check.fix) == (status, fix)
    assert "DataError" not in check.detail


def test_this_machine_can_be_read() -> None:
    host = read_gpu_host()

    assert host.system
    assert isinstance(host.has_libraries, bool)
