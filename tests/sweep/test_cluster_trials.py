"""Trials on a cluster: real workers, and fault tolerance if a worker is killed."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from mnistcli import datasets
from mnistcli.cluster import worker
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.datasets import Splits
from mnistcli.errors import ClusterError
from mnistcli.sweep import cluster_trials
from mnistcli.sweep.search_space import SearchSpace
from mnistcli.sweep.storage import Storage
from mnistcli.sweep.study import SweepPlan
from mnistcli.sweep.sweep import run_sweep
from mnistcli.training.cluster_training import TrainingJob
from tests.support.sweep import simulated_training

SETTINGS = {"dataset": "digits", "epochs": 1, "limit": 100, "arch": "fast"}


@pytest.fixture(scope="module")
def splits() -> Splits:
    return datasets.load("digits")


def _plan(directory: Path, trials: int) -> SweepPlan:
    space = SearchSpace.parse(None, SETTINGS, ["dropout=0..0.5"])
    return SweepPlan(Storage(directory), "test", space, trials)


def test_workers_share_the_trials(cluster: ClusterAddress, splits: Splits) -> None:
    Path("sweep").mkdir()

    result = run_sweep(_plan(Path("sweep"), 2), splits, address=cluster)

    assert [one.state for one in result.trials] == ["complete"] * 2
    assert len({one.params["dropout"] for one in result.trials}) == 2


class KilledOnce:
    """Tasks in this process; the first one runs again after its worker was killed."""

    def __init__(self, client: object, address: object, function: Any, on_poll: object) -> None:
        self.function = function
        self.killed = False

    def __class_getitem__(cls, types: object) -> type:
        return cls

    def run_unordered(self, items: Iterable[str]) -> Iterator[tuple[str, object]]:
        for item in items:
            if not self.killed:
                self.kill(item)
                self.killed = True
            yield item, self.function(item)

    def kill(self, item: str) -> None:
        with simulated_training(_die), pytest.raises(SystemExit):
            self.function(item)


class Lost(KilledOnce):
    """Tasks in this process; each worker that runs the first one is killed."""

    def run_unordered(self, items: Iterable[str]) -> Iterator[tuple[str, object]]:
        for item in items:
            if item.endswith(":0"):
                self.kill(item)
                yield item, None
            else:
                yield item, self.function(item)


def _die(config: object, epoch: object) -> float:
    raise SystemExit


@pytest.mark.parametrize("tasks", [KilledOnce, Lost])
def test_the_trial_of_a_killed_worker_is_repeated(
    tasks: type, monkeypatch: pytest.MonkeyPatch, splits: Splits
) -> None:
    monkeypatch.setattr(cluster_trials, "connect", lambda address: nullcontext())
    monkeypatch.setattr(cluster_trials, "TaskRunner", tasks)
    monkeypatch.setattr(worker, "prepare_worker", lambda: None)

    with simulated_training(lambda config, epoch: 0.9) as configs:
        result = run_sweep(_plan(Path(), 3), splits, address=ClusterAddress("local:1", 1))

    failed, *others = result.trials
    assert failed.state == "failed"
    assert [one.state for one in others] == ["complete"] * 3
    assert failed.params == others[0].params == {"dropout": configs[0].dropout}
    assert len({one.params["dropout"] for one in others}) == 3


def test_a_worker_without_the_directory_of_the_sweep_is_refused(splits: Splits) -> None:
    job = TrainingJob.create(_plan(Path(), 1).space.base, splits, None)

    with pytest.raises(ClusterError, match="a worker does not have '/nowhere'"):
        cluster_trials._run_trial(job, _plan(Path("/nowhere"), 1), "caller:0")
