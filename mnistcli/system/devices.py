"""Devices: the CPU or the GPUs that models are trained and run on."""

from contextlib import AbstractContextManager

from mnistcli.errors import DeviceError
from mnistcli.extras import install_command


def select_device(device: str) -> AbstractContextManager[None]:
    """Return the Keras scope that runs computations on a device.

    Args:
        device: ``auto``, ``cpu``, ``gpu`` or ``all``, see `find_devices`. If there are several
            devices, the first one is used.

    Raises:
        DeviceError: A GPU was requested and there is none.
    """
    import keras

    scope: AbstractContextManager[None] = keras.device(find_devices(device)[0])
    return scope


def find_devices(device: str) -> list[str]:
    """Return the names of the devices to train on, such as ``cpu:0``.

    Args:
        device: ``auto`` (a GPU if there is one), ``cpu``, ``gpu`` (one) or ``all`` (all GPUs).

    Raises:
        DeviceError: A GPU was requested and there is none.
    """
    found = [] if device == "cpu" else find_gpus()
    if not found and device in {"gpu", "all"}:
        raise DeviceError(
            f"no GPU found; for NVIDIA: {install_command('gpu')}", hint="--device cpu"
        )
    if device == "all":
        return found
    return found[:1] or ["cpu:0"]


def find_gpus() -> list[str]:
    """Return the names of the GPUs that Keras can use, such as ``gpu:0``."""
    import keras

    found: list[str] = keras.distribution.list_devices("gpu")
    return found
