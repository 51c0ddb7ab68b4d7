"""Environment of a run: package versions, device, processors and command line.

They are recorded for reproducibility.
"""

import os
import platform
import shlex
import sys
from importlib import metadata
from typing import Any

from mnistcli.system.devices import find_devices

_PACKAGES = ("mnistcli", "keras", "tensorflow", "jax", "torch", "numpy", "scikit-learn")


def describe_environment(device: str) -> dict[str, Any]:
    """Return the environment of a run as plain values for JSON.

    Args:
        device: The device of the run; see `mnistcli.system.devices.find_devices`.

    Returns:
        Command line, Keras backend, devices, number of processors, platform, Python version and the
        versions of the installed packages.

    Raises:
        DeviceError: A GPU was requested and there is none.
    """
    import keras

    return {
        "command": shlex.join(sys.argv),
        "backend": keras.backend.backend(),
        "device": ", ".join(find_devices(device)),
        "processors": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := installed_version(name))},
    }


def installed_version(package: str) -> str:
    """Return the installed version of a package; empty if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
