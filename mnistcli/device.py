"""Devices: CPU or GPU, usable processors, and a Keras startup without TensorFlow's messages."""

import contextlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO

from mnistcli.errors import DeviceError
from mnistcli.extras import install_command

WORKER_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(128 * 2**20)}
"""Environment of worker processes: the C library (glibc) reuses the memory of a photo for the next.

Otherwise the kernel clears the pages of each array (page faults), a third of the time for a photo.
"""

# The sizes of TensorFlow's thread pools.
_TENSORFLOW_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

# Two threads that redirect stderr at the same time would restore each other's redirection.
_REDIRECTION_LOCK = threading.RLock()


def start_quietly(*, verbose: bool = False) -> None:
    """Import Keras and initialize its devices without TensorFlow's log messages on stderr.

    If the start fails, the messages are shown. TensorFlow's log level is set to errors. If Keras
    has already been imported, this does nothing, so that a program that uses Keras itself keeps its
    own settings. Everything in this package that loads Keras on demand calls this function first.

    The settings of other projects, in ``keras.json`` or ``$KERAS_BACKEND``, do not apply. Models
    compute in float32; there is no mixed precision.

    Args:
        verbose: Whether to show the log messages.
    """
    if "keras" in sys.modules:
        return
    os.environ["KERAS_BACKEND"] = "tensorflow"
    if not verbose:
        _import_quietly()
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_epsilon(1e-7)


def _import_quietly() -> None:
    """Import Keras and hold back log messages."""
    # Level 2 keeps errors. TensorFlow obeys it only after its logging has started; the messages
    # before that are held back.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with hold_back_stderr():
        import keras

        keras.distribution.list_devices()
    log = logging.getLogger("tensorflow")
    log.setLevel(logging.ERROR)  # a second run causes warnings about retracing
    # The handlers were created while stderr was redirected.
    for handler in log.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.stream = sys.stderr  # `setStream` would flush the closed one


@contextmanager
def hold_back_stderr() -> Iterator[None]:
    """Hold back what C++ code writes to stderr; Python's `sys.stderr` works as usual.

    Meanwhile, file descriptor 2 of the process is redirected to a temporary file. If the context
    ends with an `Exception`, the content of the file is written to stderr; otherwise it is
    discarded, even on Ctrl-C. Without stderr or a writable temporary directory, nothing is
    redirected.
    """
    log = _open_log()
    if log is None:
        yield
        return
    with _REDIRECTION_LOCK, log, os.fdopen(os.dup(2), "w") as original:
        python_stderr = sys.stderr
        python_stderr.flush()
        if python_stderr is sys.__stderr__:
            sys.stderr = original
        os.dup2(log.fileno(), 2)
        try:
            yield
        except Exception:
            log.seek(0)
            os.write(original.fileno(), log.read())
            raise
        finally:
            original.flush()
            sys.stderr = python_stderr
            # A library can have logged for the first time, which creates the handler.
            for handler in logging.root.handlers:
                if isinstance(handler, logging.StreamHandler) and handler.stream is original:
                    handler.stream = python_stderr
            os.dup2(original.fileno(), 2)


def select(device: str) -> AbstractContextManager[None]:
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
    found = [] if device == "cpu" else gpus()
    if not found and device in {"gpu", "all"}:
        raise DeviceError(
            f"no GPU found; for NVIDIA: {install_command('gpu')}", hint="--device cpu"
        )
    if device == "all":
        return found
    return found[:1] or ["cpu:0"]


def gpus() -> list[str]:
    """Return the names of the GPUs that Keras can use, such as ``gpu:0``."""
    import keras

    found: list[str] = keras.distribution.list_devices("gpu")
    return found


def count_usable_processors() -> int:
    """Return the number of processors (logical CPU cores) that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads(count: int) -> None:
    """Limit the threads of models in this process, before any is loaded.

    A process that shares its machine with others of its kind would otherwise start as many threads
    as there are processors (oversubscription).
    """
    _Threads.limit = count
    for variable in _TENSORFLOW_THREADS:
        os.environ[variable] = str(count)


def thread_limit() -> int | None:
    """Return the largest number of threads of a model; None for one per processor."""
    return _Threads.limit


class _Threads:
    limit: int | None = None


def _open_log() -> IO[bytes] | None:
    """Open a temporary file for stderr; None if there is no stderr or no place for the file."""
    if sys.stderr is None:
        return None
    with contextlib.suppress(OSError):
        os.fstat(2)  # a program can close the descriptor and keep `sys.stderr`
        return tempfile.TemporaryFile()
    return None
