"""Diagnosis: all checks of an installation, and the environment for a bug report."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mnistcli.diagnosis.checks import FAILED, Check
from mnistcli.diagnosis.gpu import check_gpu, read_gpu_host
from mnistcli.diagnosis.host import HOST_CHECKS, check_python
from mnistcli.diagnosis.libraries import (
    check_litert,
    check_mnist,
    check_tensorflow,
)
from mnistcli.diagnosis.packages import (
    check_extras,
    check_packages,
    read_requirements,
)
from mnistcli.diagnosis.probe_processes import run_probes
from mnistcli.files.user_directories import CACHE_VARIABLE, CONFIG_VARIABLE, DATA_DIR_VARIABLE
from mnistcli.model_lookup import MODEL_VARIABLE
from mnistcli.system.environment import installed_version

# Named one by one: others, such as those of Terraform, can hold secrets.
_VARIABLES = (
    *(CACHE_VARIABLE, CONFIG_VARIABLE, DATA_DIR_VARIABLE, MODEL_VARIABLE),
    *("KERAS_BACKEND", "KERAS_HOME", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "XLA_FLAGS"),
    *("TF_FORCE_GPU_ALLOW_GROWTH", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "TMPDIR"),
    *("PYTHONPATH", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE"),
    *("LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLUMNS", "NO_COLOR", "FORCE_COLOR"),
)
_MORE_PACKAGES = ("mnistcli", "packaging", "pip", "protobuf", "nvidia-cudnn-cu12")


@dataclass(frozen=True)
class Diagnosis:
    """The checks of an installation.

    Attributes:
        checks: The checks, in the order in which they are shown.
        environment: Versions, platform and environment variables, as plain values for JSON.
    """

    checks: tuple[Check, ...]
    environment: dict[str, Any]

    @property
    def works(self) -> bool:
        """Whether everything that is required works."""
        return all(check.status != FAILED for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """Return the diagnosis as plain values for JSON."""
        checks = [check.as_dict() for check in self.checks]
        return {"works": self.works, "checks": checks, **self.environment}


def diagnose() -> Diagnosis:
    """Check the installation. It takes as long as a start of TensorFlow, about six seconds."""
    return Diagnosis(tuple(_check_all()), collect_environment())


def _check_all() -> Iterator[Check]:
    requirements = read_requirements()
    with run_probes(["tensorflow", "litert", "mnist"]) as probes:
        yield check_python()
        yield _guard("packages", lambda: check_packages(requirements))
        tensorflow = probes.result("tensorflow")
        yield check_tensorflow(tensorflow, requirements)
        yield _guard("GPU", lambda: check_gpu(tensorflow, read_gpu_host()))
        yield check_litert(probes.result("litert"), requirements)
        yield check_mnist(probes.result("mnist"))
    for check in HOST_CHECKS:
        yield _guard(check.__name__.removeprefix("check_").replace("_", " "), check)
    yield from check_extras(requirements)


def _guard(name: str, check: Callable[[], Check]) -> Check:
    """Return the result of a check; one that fails itself does not stop the others."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a diagnosis is for machines where anything fails
        return Check(name, FAILED, f"{type(error).__name__}: {error}")


def collect_environment() -> dict[str, Any]:
    """Return versions, platform and environment variables, as plain values for JSON."""
    names = sorted(
        {*_MORE_PACKAGES, *(requirement.name for requirement in read_requirements())}, key=str.lower
    )
    versions = {name: installed_version(name) for name in names}
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "versions": {name: version for name, version in versions.items() if version},
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }
