"""Worker processes prepare files as this process does: crash isolation, no orphan left behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.prediction import preparation_workers, worker_process
from mnistcli.prediction.image_listing import InputImage, failed_image
from mnistcli.prediction.preparation import Preparation
from mnistcli.prediction.preparation_workers import PreparationWorkers
from mnistcli.prediction.worker_process import WorkerProcess
from tests.support.strokes import draw_digit


def refuse(_: NDArray[np.uint8]) -> NoReturn:
    raise AssertionError


def wait_until_ready(workers: PreparationWorkers) -> None:
    begun = time.monotonic()
    while workers._ready.empty():
        assert time.monotonic() - begun < 60
        time.sleep(0.01)


@pytest.fixture
def one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation_workers, "count_processes", lambda: 1)


@pytest.fixture(scope="module")
def fragile() -> Iterator[PreparationWorkers]:
    with pytest.MonkeyPatch.context() as patch:
        code = worker_process._BOOTSTRAP.replace(
            "mnistcli.prediction.worker_program", "tests.support.fragile"
        )
        patch.setattr(worker_process, "_BOOTSTRAP", code)
        patch.setattr(preparation_workers, "count_processes", lambda: 1)
        workers = PreparationWorkers(Preparation())
        workers.start()
        wait_until_ready(workers)
        yield workers
        workers.stop()


def draw(*names: str, size: int = 40) -> list[InputImage]:
    for name in names:
        draw_digit(3, size=size).save(name)
    # A worker of all tests has another working directory.
    return [InputImage(Path(name), Path(name).absolute()) for name in names]


def test_a_worker_prepares_files_as_this_process_does(fragile: PreparationWorkers) -> None:
    images = [*draw("a.png", "b.png"), InputImage(Path("gone.png"), Path("gone.png"))]

    prepared = fragile._prepare_in(fragile._ready.get(), images, refuse)

    for found, one in zip(images, prepared, strict=True):
        here = Preparation().prepare(found, refuse)
        assert str(one.prediction.error) == str(here.prediction.error)
        assert one.prediction.size == here.prediction.size
        for digit, other in zip(one.content.digits, here.content.digits, strict=True):
            assert (digit.image == other.image).all()
            assert digit.box == other.box


def test_a_worker_calls_the_classifier_of_this_process(
    fragile: PreparationWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def classify(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        asked.append(len(images))
        return np.eye(10, dtype=np.float32)[[3] * len(images)]

    images = draw("a.png", "b.png", size=28)
    monkeypatch.delattr(Preparation, "prepare")  # of this process

    prepared = fragile.prepare(images, classify)

    assert asked == [2, 2]
    for one in prepared:
        (digit,) = one.content.digits
        assert digit.probabilities is not None
        assert digit.probabilities.argmax() == 3


def test_an_image_that_ends_its_process_does_not_stop_the_rest(fragile: PreparationWorkers) -> None:
    prepared = fragile.prepare(draw("a.png", "crash.png"), refuse)

    assert len(prepared[0].content.digits) == 1
    assert str(prepared[1].prediction.error) == "the worker process died while reading 'crash.png'"
    wait_until_ready(fragile)  # another process takes its place


def test_a_bug_in_a_worker_shows_its_traceback(fragile: PreparationWorkers) -> None:
    with pytest.raises(KeyError) as caught:
        fragile.prepare(draw("bug.png"), refuse)

    assert "in prepare\n" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("source", "accepted"),
    [
        (Path("a.png"), True),
        (Path("/dev/stdin"), False),
        (Path("/proc/self/fd/0"), False),
        (Image.new("L", (9, 9)), False),
        (np.zeros((9, 9), np.uint8), False),
    ],
)
def test_only_files_are_sent(
    source: Path | Image.Image | NDArray[np.uint8], accepted: bool, one_worker: None
) -> None:
    assert PreparationWorkers(Preparation()).accepts([InputImage(Path("a"), source)]) == accepted


def test_an_error_in_the_place_of_an_image_is_not_sent(one_worker: None) -> None:
    assert not PreparationWorkers(Preparation()).accepts([failed_image(Path("a"), "none")])


def test_images_are_prepared_here_until_a_worker_is_ready() -> None:
    (prepared,) = PreparationWorkers(Preparation()).prepare(draw("a.png"), refuse)

    assert len(prepared.content.digits) == 1


def test_processes_that_were_started_before_are_used_and_stopped() -> None:
    process = WorkerProcess(single=True, digit_counts=None)
    workers = PreparationWorkers(Preparation(single=True), [process])
    wait_until_ready(workers)

    workers.stop()

    assert workers.is_started
    assert process._process.poll() == -signal.SIGKILL


PROGRAM = """
import os, time
from pathlib import Path
from mnistcli.prediction import preparation_workers
from mnistcli.prediction import worker_process
from mnistcli.prediction.preparation import Preparation
preparation_workers.count_processes = lambda: 1
workers = preparation_workers.PreparationWorkers(Preparation())
workers.start()
worker = workers._ready.get()
print(worker._process.pid, os.getpgid(worker._process.pid) == os.getpgid(0), flush=True)
time.sleep(60)
"""


def test_a_killed_program_leaves_no_worker() -> None:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pid, is_same_group = program.stdout.readline().split()
        program.kill()

    assert is_same_group == "False"  # Ctrl-C does not interrupt it in the middle of a message
    begun = time.monotonic()
    while Path("/proc", pid).exists() and "Z" not in Path("/proc", pid, "stat").read_text():
        assert time.monotonic() - begun < 10
        time.sleep(0.01)
