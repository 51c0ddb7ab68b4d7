"""Where the computing happens: CPU or GPU, and a start of Keras that keeps its mouth shut."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from mnistcli.errors import DeviceError


def start_quietly() -> None:
    """Import Keras and wake its devices without a word of TensorFlow's own log on stderr.

    The log of a start that fails is shown. A program calls this once, before it imports a module
    that needs Keras; whoever uses those modules as a library need not call it.
    """
    # Level 2 keeps errors; it holds only once TensorFlow's logging is up, hence the detour below.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with held_back_stderr():
        import keras

        keras.distribution.list_devices()
    # TensorFlow's own Python log wrote to what stood in for stderr meanwhile; and its warnings,
    # that a second training compiles its steps anew, are no news.
    log = logging.getLogger("tensorflow")
    log.setLevel(logging.ERROR)
    for handler in log.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.stream = sys.stderr  # `setStream` would flush the closed one


@contextmanager
def held_back_stderr() -> Iterator[None]:
    """Hold back what C++ code writes to stderr; Python's own `sys.stderr` goes on as before.

    What was held back is shown if an exception ends the context, else thrown away.
    """
    sys.stderr.flush()
    python_stderr = sys.stderr
    original = os.dup(2)
    with tempfile.TemporaryFile() as held_back, os.fdopen(os.dup(2), "w") as stand_in:
        if python_stderr is sys.__stderr__:
            sys.stderr = stand_in
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(original, held_back.read())
            raise
        finally:
            sys.stderr.flush()
            sys.stderr = python_stderr
            os.dup2(original, 2)
            os.close(original)


def select(device: str) -> AbstractContextManager[None]:
    """Return the scope in which Keras computes on the device that was asked for.

    Args:
        device: ``auto`` (a GPU where there is one), ``cpu`` or ``gpu``.

    Raises:
        DeviceError: ``gpu`` where there is none.
    """
    import keras

    if device == "gpu" and not gpus():
        raise DeviceError(
            "no GPU found by the installed packages", hint="mnistcli train --device cpu"
        )
    chosen = "gpu" if device != "cpu" and gpus() else "cpu"
    scope: AbstractContextManager[None] = keras.device(f"{chosen}:0")
    return scope


def gpus() -> list[str]:
    import keras

    found: list[str] = keras.distribution.list_devices("gpu")
    return found
