"""Quiet decoders: suppress their warnings, log messages and stderr output about odd files."""

import logging
import threading
import warnings

from PIL import Image

from mnistcli.system.stderr_capture import hold_back_stderr


class _Quiet:
    """Keep Pillow's warnings and log messages about odd files from the user.

    It is thread-safe: warnings and logging belong to the whole process, so the first thread to
    enter silences them and the last to leave restores them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._warnings = warnings.catch_warnings()
        self._level = logging.NOTSET

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._level = logging.root.manager.disable
                logging.disable(logging.ERROR)
                self._warnings = warnings.catch_warnings()
                self._warnings.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._warnings.__exit__(None, None, None)
                logging.disable(self._level)


QUIET = _Quiet()
"""Context in which Pillow gives neither warnings nor log messages."""


def decode(image: Image.Image) -> None:
    """Decode an image.

    libtiff and libheif write their messages to stderr; they are discarded. Meanwhile no other image
    of these formats is decoded, because file descriptors belong to the whole process.
    """
    if image.format not in {"TIFF", "HEIF"}:
        image.load()
        return
    failure: Exception | None = None
    with hold_back_stderr():  # it shows the messages of a context that fails
        try:
            image.load()
        except Exception as error:  # noqa: BLE001 - raised again below
            failure = error
    if failure is not None:
        raise failure
