"""Batches of synthetic numbers, drawn in a process of their own while the network trains.

Up to 64 batches are prefetched in a queue.
"""

import multiprocessing
from collections import defaultdict
from collections.abc import Iterator
from multiprocessing.queues import Queue

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset
from mnistcli.line_format import SYMBOLS
from mnistcli.mnist_format import to_model_input
from mnistcli.synthetic.numbers import NumberGenerator, NumberImage

BATCH_SIZE = 64

BLANK = len(SYMBOLS)
"""The index of CTC's blank, and the padding of targets."""

_MAX_LABELS = 24
_QUEUED_BATCHES = 64

Batch = tuple[NDArray[np.uint8], NDArray[np.int32]]
"""Line images of one width, uint8 (n, 32, w), and their targets, int32 (n, labels)."""


class NumberStream:
    """Endless batches of synthetic numbers; close it to stop its process.

    Args:
        digits: Digits in MNIST format.
        seed: Seed of the generator.
    """

    def __init__(self, digits: Dataset, *, seed: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._queue: Queue[Batch] = context.Queue(_QUEUED_BATCHES)
        self._process = context.Process(
            target=_fill, args=(self._queue, digits.images, digits.labels, seed), daemon=True
        )
        self._process.start()

    def __iter__(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
        """Yield network inputs, float32 (n, 32, w, 1) in 0..1, and targets."""
        while True:
            pixels, targets = self._queue.get()
            yield to_model_input(pixels), targets

    def close(self) -> None:
        """Terminate the process."""
        self._process.terminate()
        self._process.join()


def batch_numbers(numbers: Iterator[NumberImage]) -> Iterator[Batch]:
    """Group numbers of equal width into batches (bucketing)."""
    waiting: dict[int, list[NumberImage]] = defaultdict(list)
    for number in numbers:
        group = waiting[number.pixels.shape[1]]
        group.append(number)
        if len(group) == BATCH_SIZE:
            yield (
                np.stack([member.pixels for member in group]),
                np.stack([encode_text(member.text) for member in group]),
            )
            group.clear()


def encode_text(text: str) -> NDArray[np.int32]:
    """Return the target of a transcription: the indices of its symbols, padded with `BLANK`."""
    target = np.full(_MAX_LABELS, BLANK, np.int32)
    target[: len(text)] = [SYMBOLS.index(symbol) for symbol in text]
    return target


def _fill(
    queue: "Queue[Batch]", images: NDArray[np.uint8], labels: NDArray[np.int64], seed: int
) -> None:
    """Fill a queue with batches: the body of the process."""
    for batch in batch_numbers(iter(NumberGenerator(Dataset(images, labels), seed=seed))):
        queue.put(batch)
