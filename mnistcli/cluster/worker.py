"""Set-up of a worker process. Its functions run on the workers."""

import platform
from collections.abc import Mapping
from functools import cache

from mnistcli.device import limit_threads
from mnistcli.environment import installed_version

# Packages whose versions change results, or the messages between the caller and its workers.
_PACKAGES = (
    "mnistcli",
    "dask",
    "distributed",
    "keras",
    "tensorflow",
    "numpy",
    "ai-edge-litert",
    "opencv-python-headless",
    "pillow",
    "scipy",
)


@cache
def set_up() -> None:
    """Prepare this process, once, for the work of one thread: there is a process per processor."""
    limit_threads(1)


def versions() -> Mapping[str, str]:
    """Return the versions of Python, without its last number, and of the packages."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python} | {name: installed_version(name) for name in _PACKAGES}
