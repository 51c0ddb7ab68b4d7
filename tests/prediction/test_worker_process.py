"""The protocol of a worker process: it borrows the memory of large images from its parent process."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.prediction import worker_process
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.worker_process import (
    WorkerEndedError,
    WorkerProcess,
    count_processes,
    start_processes,
)


class Recording:
    """A memory budget that keeps what is reserved and released."""

    def __init__(self) -> None:
        self.amounts: list[int] = []

    @contextmanager
    def reserve(self, amount: int) -> Iterator[None]:
        self.amounts.append(amount)
        yield
        self.amounts.append(-amount)


def refuse(_: NDArray[np.uint8]) -> NoReturn:
    raise AssertionError


@pytest.fixture(scope="module")
def process() -> Iterator[WorkerProcess]:
    process = WorkerProcess(single=False, digit_counts=None)
    process.wait_until_ready()
    yield process
    process.kill()
    process.close()


def save(name: str, *size: int) -> InputImage:
    Image.new("L", (size[0], size[1]), 255).save(name)
    return InputImage(Path(name), Path(name).absolute())


def test_only_large_images_borrow_memory_one_after_the_other(
    process: WorkerProcess,
) -> None:
    budget = Recording()

    prepared = process.prepare(
        [save("a.png", 2000, 1000), save("b.png", 50, 50), save("c.png", 3000, 1000)],
        budget.reserve,
        refuse,
    )

    assert [one.prediction.error for one in prepared] == [None] * 3
    first, second = 2_000_000 * 5, 3_000_000 * 5  # a byte to decode it, four for the result
    assert budget.amounts == [first, -first, second, -second]


def test_a_process_that_was_killed_has_ended() -> None:
    process = WorkerProcess(single=False, digit_counts=None)
    process.kill()

    with pytest.raises(WorkerEndedError):
        process.wait_until_ready()
    with pytest.raises(WorkerEndedError):
        process.prepare([], Recording().reserve, refuse)
    process.close()


@pytest.mark.parametrize(("count", "starts"), [(64, False), (65, True)])
def test_processes_start_for_a_folder_of_many_files(
    count: int, starts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(worker_process, "count_processes", lambda: 1)
    monkeypatch.setattr(
        worker_process, "WorkerProcess", lambda **settings: started.append(settings)
    )
    Path("images").mkdir()
    for number in range(count - 1):
        Path("images", str(number)).touch()

    start_processes(["images", "gone.png"], single=True, digit_counts=range(3, 4))

    assert started == [{"single": True, "digit_counts": range(3, 4)}] * starts


@pytest.mark.parametrize(
    ("processors", "is_frozen", "count"),
    [(1, False, 0), (3, False, 3), (99, False, 8), (3, True, 0)],
)
def test_there_is_a_process_for_each_processor(
    processors: int, is_frozen: bool, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    monkeypatch.setattr(sys, "frozen", is_frozen, raising=False)

    assert count_processes() == count
