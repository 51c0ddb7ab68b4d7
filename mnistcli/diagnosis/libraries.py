"""Checks of TensorFlow, the GPU, LiteRT and MNIST, from the results of the probes."""

import os
import platform
import re
import signal
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from mnistcli.diagnosis.checks import FAILED, NOTE, OK, Check
from mnistcli.diagnosis.packages import Requirement, requirement_text
from mnistcli.diagnosis.probe_processes import ProbeResult
from mnistcli.extras import install_command
from mnistcli.files.user_directories import DATA_DIR_VARIABLE

_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_GPU_EXTRA = install_command("gpu")


class GpuHost(NamedTuple):
    """Facts about a machine that decide whether TensorFlow can use a GPU.

    Attributes:
        system: The operating system, as `platform.system` names it.
        driver: Version of the NVIDIA driver; empty if there is none.
        has_libraries: Whether the Python packages of CUDA are installed.
        visible: ``$CUDA_VISIBLE_DEVICES``; None if it is not set.
    """

    system: str
    driver: str
    has_libraries: bool
    visible: str | None


def check_tensorflow(probe: ProbeResult, requirements: Sequence[Requirement] = ()) -> Check:
    """Check that TensorFlow and Keras can be imported and compute."""
    if not probe.error:
        versions = f"{probe.values['tensorflow']} with Keras {probe.values['keras']}"
        return Check("TensorFlow", OK, f"{versions}, starts in {probe.values['seconds']:.1f} s")
    if signal.Signals.SIGILL.name in probe.error:
        return Check(
            "TensorFlow", FAILED, "this processor lacks instructions that it needs, such as AVX"
        )
    fix = _reinstall(requirements, "tensorflow", "keras")
    return Check("TensorFlow", FAILED, probe.error, fix)


def check_gpu(probe: ProbeResult, host: GpuHost) -> Check:
    """Check whether TensorFlow uses a GPU, and why not."""
    if probe.error:
        return Check("GPU", NOTE, "not known: TensorFlow does not start")
    if gpus := probe.values["gpus"]:
        return Check("GPU", OK, ", ".join(gpus))
    reason, fix = _find_reason(probe, host)
    return Check("GPU", NOTE, f"none, training uses the CPU: {reason}", fix)


def _find_reason(probe: ProbeResult, host: GpuHost) -> tuple[str, str | None]:
    """Return why TensorFlow uses no GPU, and the command that fixes it."""
    if host.system != "Linux":
        return f"TensorFlow has no GPU support on {host.system or 'this system'}", None
    if not host.driver:
        return "no NVIDIA driver on this machine", None
    if host.visible in {"", "-1"}:
        return f"{_VISIBLE}={host.visible} hides it", f"unset {_VISIBLE}"
    if not (host.has_libraries and probe.values["cuda"]):
        return "the CUDA libraries of TensorFlow are not installed", _GPU_EXTRA
    message = _gpu_message(probe.messages) or "TensorFlow gives no reason"
    return f"with NVIDIA driver {host.driver}: {message}", _GPU_EXTRA.replace(
        "install", "install --force-reinstall"
    )


def check_litert(probe: ProbeResult, requirements: Sequence[Requirement] = ()) -> Check:
    """Check that LiteRT predicts with the packaged model."""
    if probe.error:
        return Check("LiteRT", FAILED, probe.error, _reinstall(requirements, "ai-edge-litert"))
    seconds = f"{probe.values['seconds']:.1f} s"
    return Check("LiteRT", OK, f"predicts with the packaged model in {seconds}")


def check_mnist(probe: ProbeResult) -> Check:
    """Check where the MNIST files are."""
    if not probe.error:
        place = probe.values["place"]
        if place is not None:
            return Check("MNIST", OK, f"verified files in {place}")
        detail = "not on this machine yet: the first training on it downloads 11 MB"
        return Check("MNIST", NOTE, detail, "mnistcli train --recipe fast")
    if probe.error.startswith("DataError: "):
        detail = probe.error.removeprefix("DataError: ")
        return Check("MNIST", FAILED, detail, f"unset {DATA_DIR_VARIABLE}")
    return Check("MNIST", FAILED, probe.error)


def read_gpu_host() -> GpuHost:
    """Return what this machine has for TensorFlow on a GPU."""
    try:
        text = _DRIVER_FILE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    version = re.search(r"\b\d+\.\d+(\.\d+)?\b", text)
    names = {str(one.metadata["Name"]).lower() for one in metadata.distributions()}
    return GpuHost(
        system=platform.system(),
        driver=version[0] if version else "",
        has_libraries=any(name.startswith("nvidia-cudnn") for name in names),
        visible=os.environ.get(_VISIBLE),
    )


def _gpu_message(messages: list[str]) -> str:
    """Return the last message about a GPU that TensorFlow has logged, without time and place."""
    about = [line for line in messages if re.search(r"cuda|gpu|dlopen", line, re.IGNORECASE)]
    return about[-1].rpartition("] ")[2] if about else ""


def _reinstall(requirements: Sequence[Requirement], *packages: str) -> str:
    texts = " ".join(requirement_text(requirements, package) for package in packages)
    return f"pip install --force-reinstall {texts}"
