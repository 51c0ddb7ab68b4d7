"""Check of the GPU: whether TensorFlow uses one, and the reason if it does not."""

import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from mnistcli.diagnosis.checks import NOTE, OK, Check
from mnistcli.diagnosis.probe_processes import ProbeResult
from mnistcli.extras import install_command

_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_REINSTALL = "pip install --force-reinstall '.[gpu]'"


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
        return "the CUDA libraries of TensorFlow are not installed", install_command("gpu")
    message = _gpu_message(probe.messages) or "TensorFlow gives no reason"
    return f"with NVIDIA driver {host.driver}: {message}", _REINSTALL


def read_gpu_host() -> GpuHost:
    """Return what this machine has for TensorFlow on a GPU."""
    try:
        text = _DRIVER_FILE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    version = re.search(r"\b\d+\.\d+(\.\d+)?\b", text)
    names = {str(package.metadata["Name"]).lower() for package in metadata.distributions()}
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
