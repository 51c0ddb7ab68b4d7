"""Program of a worker process: prepares images for the parent process.

It reads images from its standard input and writes the prepared images to its standard output, both
as pickles. It ends when its input is closed, so a parent process that was killed leaves no
orphan. It requests the memory of large images, so that all processes keep to one budget, and the
class probabilities of digits, so that only the parent process loads the model.
"""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mnistcli.image_io.image_memory import BUDGET
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.preparation import Preparation, Prepared
from mnistcli.prediction.worker_process import PIPE_ERRORS, receive_message, send_message
from mnistcli.preprocessing.shapes import Classify

# An image that takes less memory is decoded without asking for it.
_MAX_UNREQUESTED_BYTES = 8 * 2**20


class _Parent:
    """Requests memory and probabilities from the parent process."""

    def __init__(self, inbox: IO[bytes], outbox: IO[bytes]) -> None:
        self._inbox, self._outbox = inbox, outbox

    @contextmanager
    def reserve(self, amount: int) -> Iterator[None]:
        """Wait for an amount of memory in bytes and keep it until the context ends.

        The parent process gets the amount, and zero to release it.
        """
        if amount <= _MAX_UNREQUESTED_BYTES:
            yield
            return
        send_message(self._outbox, amount)
        receive_message(self._inbox)
        try:
            yield
        finally:
            send_message(self._outbox, 0)

    def classify(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28)."""
        send_message(self._outbox, images)
        probabilities: NDArray[np.float32] = receive_message(self._inbox)
        return probabilities


def run_worker(*, single: bool, digit_counts: range | None) -> None:
    """Run a worker process: prepare images until the parent process closes the pipe.

    Args:
        single: See `Preparation`.
        digit_counts: See `Preparation`.
    """
    preparation = Preparation(single, digit_counts, threads=1)
    inbox, outbox = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not part of the replies
    parent = _Parent(inbox, outbox)
    BUDGET.delegate_to(parent.reserve)
    import mnistcli.preprocessing.pipeline  # noqa: F401, PLC0415 - loads OpenCV for the first image

    with suppress(*PIPE_ERRORS), outbox:
        send_message(outbox, None)
        while True:
            send_message(outbox, _prepare_all(preparation, receive_message(inbox), parent.classify))


def _prepare_all(
    preparation: Preparation, images: Sequence[InputImage], classify: Classify
) -> list[Prepared] | Exception:
    try:
        return [preparation.prepare(found, classify) for found in images]
    except Exception as error:  # noqa: BLE001 - a bug: the parent process raises it again
        error.add_note(traceback.format_exc())
        return error
