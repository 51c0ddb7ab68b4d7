"""Memory budget of images: all images in flight stay below it, without a deadlock."""

import re
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mnistcli.image_io.image_memory import MemoryBudget
from tests.support.png import build_png, chunk


def test_the_budget_is_never_exceeded() -> None:
    budget = MemoryBudget(10)
    lock, used, most = threading.Lock(), [0], [0]

    def work(amount: int) -> None:
        with budget.reserve(amount):
            with lock:
                used[0] += amount
                most[0] = max(most[0], used[0])
            time.sleep(0.001)
            with lock:
                used[0] -= amount

    threads = [threading.Thread(target=work, args=(1 + number % 7,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert 5 <= most[0] <= 10
    assert used[0] == 0


def test_a_request_of_more_than_there_is_waits_until_nobody_else_has_any() -> None:
    budget = MemoryBudget(10)
    events: list[str] = []

    def take_more_than_there_is() -> None:
        with budget.reserve(1000):
            events.append("reserved")

    thread = threading.Thread(target=take_more_than_there_is)
    with budget.reserve(5):
        thread.start()
        thread.join(0.05)
        events.append("released")
    thread.join(10)

    assert events == ["released", "reserved"]
    with budget.reserve(10):  # all of it has been returned
        pass


def test_memory_is_returned_after_an_error() -> None:
    budget = MemoryBudget(10)

    with pytest.raises(ValueError, match="failed"), budget.reserve(10):
        raise ValueError("failed")
    with budget.reserve(10):
        pass


def blank_png(width: int, height: int) -> bytes:
    """Return a transparent image of a few bytes per row."""
    compressor = zlib.compressobj(1)
    rows = [compressor.compress(bytes(1 + 4 * width)) for _ in range(height)]
    data = b"".join(rows) + compressor.flush()
    return build_png(width, height, chunk(b"IDAT", data), chunk(b"IEND", b""), color_type=6)


def test_eight_large_images_do_not_take_the_memory_of_eight(tmp_path: Path) -> None:
    """Each was held four times: eight of 120 megapixels took more than eight gigabytes."""
    content = blank_png(4500, 4500)
    for number in range(8):
        (tmp_path / f"{number}.png").write_bytes(content)
    code = (
        "import sys\n"
        "from mnistcli.inference.classifier import Classifier\n"
        "from mnistcli.model_lookup import find_model\n"
        "from mnistcli.prediction.predict import predict_images\n"
        "classifier = Classifier.load(find_model('pretrained').files[0])\n"
        "print(len(list(predict_images(classifier, sys.argv[1]))))\n"
        "print(open('/proc/self/status').read())\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )

    found = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    assert done.stdout.startswith("8\n")
    assert found is not None
    assert int(found[1]) < 700_000


def test_a_budget_borrows_from_another_process() -> None:
    budget = MemoryBudget(10)
    lent: list[int] = []

    @contextmanager
    def lend(amount: int) -> Iterator[None]:
        lent.append(amount)
        yield
        lent.append(-amount)

    budget.delegate_to(lend)
    with budget.reserve(1000):
        assert lent == [1000]

    assert lent == [1000, -1000]
