"""Tasks: results in order, backpressure by a bounded number in flight, and killed workers."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from distributed import Client

from mnistcli.cluster import tasks
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.connection import connect
from mnistcli.cluster.tasks import TaskRunner
from mnistcli.errors import ClusterError


@pytest.fixture
def client(cluster: ClusterAddress) -> Iterator[Client]:
    with connect(cluster) as client:
        yield client


def square(number: int) -> int:
    if number < 0:
        raise TimeoutError("of the function")
    return number**2


def kill_once(flag: Path) -> bool:
    """Kill the worker if a file does not exist yet, and create it."""
    if flag.name == "none" or flag.exists():
        return flag.exists()
    flag.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return False


def kill(harmless: bool) -> int:
    if not harmless:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_results_are_in_order_and_items_are_read_as_needed(
    client: Client, cluster: ClusterAddress
) -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for number in range(40):
            read.append(number)
            yield number

    results = TaskRunner(client, cluster, square).run_in_order(items())
    assert next(results) == (0, 0)
    assert len(read) <= 3 * 2
    assert list(results) == [(number, number**2) for number in range(1, 40)]


def test_an_exception_of_the_function_is_raised(client: Client, cluster: ClusterAddress) -> None:
    with pytest.raises(TimeoutError, match="of the function"):
        list(TaskRunner(client, cluster, square).run_in_order([-1]))


def test_an_item_of_a_killed_worker_is_given_to_another(
    client: Client, cluster: ClusterAddress, tmp_path: Path
) -> None:
    items = [tmp_path / name for name in ("none", "flag", "none")]
    results = TaskRunner(client, cluster, kill_once).run_in_order(items)
    assert list(results) == list(zip(items, [False, True, False], strict=True))


def test_an_item_that_kills_its_workers_has_no_result(
    client: Client, cluster: ClusterAddress
) -> None:
    killers = TaskRunner(client, cluster, kill)
    assert list(killers.run_in_order([False])) == [(False, None)]
    ((_, process),) = killers.run_in_order([True])
    assert process


def test_workers_that_have_gone(monkeypatch: pytest.MonkeyPatch, cluster: ClusterAddress) -> None:
    monkeypatch.setattr(tasks, "_POLL", 0.0)
    monkeypatch.setattr(tasks, "WORKER_TIMEOUT", 0.0)

    class NoWorkers:
        def submit(self, *arguments: object, **options: object) -> object:
            return Unfinished()

        def nthreads(self) -> dict[str, int]:
            return {}

    class Unfinished:
        status = "pending"

        def result(self, timeout: float) -> int:
            raise TimeoutError

    client: object = NoWorkers()
    with pytest.raises(ClusterError, match="has no workers"):
        list(TaskRunner(client, cluster, square).run_in_order([1, 2]))  # type: ignore[arg-type]
