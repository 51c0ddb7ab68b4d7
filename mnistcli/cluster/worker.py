"""Setup of a worker process. Its functions run on the workers."""

import os
import pickle
import platform
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

from dask import sizeof

from mnistcli.system.environment import installed_version
from mnistcli.system.keras_startup import start_quietly
from mnistcli.system.processors import limit_threads

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
def prepare_worker() -> None:
    """Prepare this process, once, for the work of one thread: there is a process per processor."""
    limit_threads(1)  # more threads would be an oversubscription
    # Memory growth (`set_memory_growth`): otherwise the first process on a GPU takes all memory.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    _separate_random_generators()


def _separate_random_generators() -> None:
    """Give Dask a random generator of its own, so that the weights of a seed are reproducible.

    Its thread estimates the size of each message by a random sample, twice a second. With Python's
    generator, from which Keras draws the seeds of a new model, it would change these seeds.
    """
    vars(sizeof)["random"] = random.Random()  # noqa: S311 - not for cryptography


def call_with_keras(function: bytes, item: object) -> Any:
    """Start Keras without its messages, then call a function.

    Args:
        function: A function as a pickle, because reading it imports its module, which imports
            Keras.
        item: Its argument.
    """
    prepare_worker()
    start_quietly()
    return pickle.loads(function)(item)  # noqa: S301 - sent by the caller of the cluster


def package_versions() -> Mapping[str, str]:
    """Return the versions of Python, without its last number, and of the packages."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python} | {name: installed_version(name) for name in _PACKAGES}
