"""Keras startup without TensorFlow's log messages."""

import logging
import os
import sys

from mnistcli.system.stderr_capture import hold_back_stderr


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
