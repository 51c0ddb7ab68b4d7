"""Check of the GPU by what its probe has found."""

import pytest

from mnistcli.diagnosis import NOTE, OK
from mnistcli.diagnosis.gpu import GpuHost, check_gpu, read_gpu_host
from tests.support.probes import failed, found

HOST = GpuHost("Linux", "550.54.15", has_libraries=True, visible=None)
MESSAGES = [
    "2026-11-26 14:00:00.1: I tensorflow/core/platform/cpu_feature_guard.cc:210] AVX2 FMA",
    "2026-11-26 14:00:00.2: E external/xla/cuda_platform.cc:51] failed call to cuInit: no device",
    "2026-11-26 14:00:00.3: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on",
]


def test_gpus_that_tensorflow_uses_pass_with_their_names() -> None:
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
         "pip install --force-reinstall '.[gpu]'"),
    ],
)  # fmt: skip
def test_no_gpu_has_a_reason(host: GpuHost, detail: str, fix: str | None) -> None:
    check = check_gpu(found(MESSAGES), host)

    assert (check.status, check.fix) == (NOTE, fix)
    assert detail in check.detail


def test_without_tensorflow_nothing_is_known_of_a_gpu() -> None:
    assert check_gpu(failed("ImportError: x"), HOST).status == NOTE


def test_this_machine_can_be_read() -> None:
    host = read_gpu_host()

    assert host.system
    assert isinstance(host.has_libraries, bool)
