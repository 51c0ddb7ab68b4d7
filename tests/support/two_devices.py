"""Two devices without a GPU: TensorFlow divides the CPU of a process into two logical devices."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.program import FORK_SERVER

DEVICES = ("cpu:0", "cpu:1")


def call_with_two_devices(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function of a module in a process in which ``--device all`` uses two devices."""
    process = FORK_SERVER.Process(target=_call, args=(function, str(Path.cwd()), *arguments))
    process.start()
    process.join()
    assert process.exitcode == 0


def _call(function: Callable[..., None], folder: str, *arguments: Any) -> None:
    import tensorflow as tf

    from mnistcli.system import devices

    part = tf.config.LogicalDeviceConfiguration()
    [cpu] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [part, part])
    devices.find_gpus = lambda: list(DEVICES)
    os.chdir(folder)
    function(*arguments)
