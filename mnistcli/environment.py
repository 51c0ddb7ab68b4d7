"""The environment of a run: versions, device, processors and command line."""

import os
import platform
import shlex
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from mnistcli.device import gpus

_PACKAGES = ("mnistcli", "keras", "tensorflow", "jax", "torch", "numpy", "scikit-learn")


def describe_environment(device: str) -> dict[str, Any]:
    """Return what a run ran on: versions, device, threads and the command line.

    Args:
        device: As `select` takes it.
    """
    import keras

    on_gpu = device != "cpu" and bool(gpus())
    return {
        "command": shlex.join(sys.argv),
        "backend": keras.backend.backend(),
        "device": gpus()[0] if on_gpu else "cpu:0",
        "processors": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": dict(_installed()),
    }


def _installed() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
