"""Program of a worker process: prepares images for the parent process.

It reads images from its standard input and writes the prepared images to its standard output, both
as pickles. It ends when its input is closed, so it does not outlive a parent process that was
killed. It requests the memory of large images, so that all processes keep to one budget.
"""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, NoReturn

import numpy as np
from numpy.typing import NDArray

from mnistcli.image_io.image_memory import BUDGET
from mnistcli.prediction.image_listing import FoundImage
from mnistcli.prediction.preparation import Preparation, Prepared
from mnistcli.prediction.worker_process import PIPE_ERRORS, read, write

# An image that takes less memory is decoded without asking for it.
_MAX_UNREQUESTED_BYTES = 8 * 2**20


class _NeedsClassifierError(Exception):
    """An image needs the classifier, which a worker process does not have."""


class _MemoryClient:
    """Requests memory from the parent process: sends the size, and zero to release it."""

    def __init__(self, inbox: IO[bytes], outbox: IO[bytes]) -> None:
        self._inbox, self._outbox = inbox, outbox

    @contextmanager
    def reserve(self, amount: int) -> Iterator[None]:
        """Wait for an amount of memory in bytes and keep it until the context ends."""
        if amount <= _MAX_UNREQUESTED_BYTES:
            yield
            return
        write(self._outbox, amount)
        read(self._inbox)
        try:
            yield
        finally:
            write(self._outbox, 0)


def run_worker(*, single: bool, digit_counts: range | None) -> None:
    """Run a worker process: prepare images until the parent process closes the pipe.

    Args:
        single: As `Preparation` takes it.
        digit_counts: As `Preparation` takes it.
    """
    preparation = Preparation(single, digit_counts, threads=1)
    inbox, outbox = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not part of the replies
    BUDGET.borrow_from(_MemoryClient(inbox, outbox).reserve)
    import mnistcli.preprocessing.pipeline  # noqa: F401, PLC0415 - loads OpenCV for the first image

    with suppress(*PIPE_ERRORS), outbox:
        write(outbox, None)
        while True:
            write(outbox, _prepare_all(preparation, read(inbox)))


def _prepare_all(
    preparation: Preparation, images: Sequence[FoundImage]
) -> list[Prepared | None] | Exception:
    try:
        return [_prepare(preparation, found) for found in images]
    except Exception as error:  # noqa: BLE001 - a bug: the parent process raises it again
        error.add_note(traceback.format_exc())
        return error


def _prepare(preparation: Preparation, found: FoundImage) -> Prepared | None:
    try:
        return preparation.prepare(found, _refuse)
    except _NeedsClassifierError:
        return None


def _refuse(_: NDArray[np.uint8]) -> NoReturn:
    raise _NeedsClassifierError
