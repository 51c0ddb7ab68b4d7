"""Training on a cluster: the runs of single models, and seeds whose workers are killed."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from mnistcli import datasets
from mnistcli.cluster import worker
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.datasets.shared_dataset import SharedDataset
from mnistcli.errors import ClusterError, TrainingError
from mnistcli.files.user_directories import DATA_DIR_VARIABLE
from mnistcli.model_lookup import find_model
from mnistcli.runs.run import Run
from mnistcli.runs.seed_series import RunSeries
from mnistcli.training import cluster_training
from mnistcli.training.cluster_training import (
    TrainingJob,
    train_ensemble_on_cluster,
    train_seeds_on_cluster,
)
from mnistcli.training.results import EnsembleResult
from mnistcli.training.seed_training import SeedResult
from tests.support.training import hash_weights, train_model

CONFIG = TrainConfig(arch="simple", epochs=1, batch_size=64, dataset="digits")


def test_seeds_are_trained_on_workers(cluster: ClusterAddress) -> None:
    splits, series, ended = datasets.load("digits"), RunSeries.create(CONFIG), list[SeedResult]()
    results = train_seeds_on_cluster(cluster, CONFIG, splits, [4], series, on_seed_end=ended.append)
    assert tuple(ended) == results.results
    run = series.run(4)
    assert run.is_finished
    assert run.read_config() == replace(CONFIG, seed=4)
    assert results.results[0].metrics["test_accuracy"] == run.read_metrics()["test_accuracy"]


def test_names_are_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(CONFIG, base_model="pretrained", arch="net.py:build")
    monkeypatch.setenv(DATA_DIR_VARIABLE, "data")
    job = TrainingJob.create(config, datasets.load("digits"), None)
    assert job.dataset.data_dir == Path("data").absolute()
    assert job.config.arch == f"{Path('net.py').absolute()}:build"
    assert job.config.base_model == "pretrained"
    assert job.command == tuple(sys.argv)

    folder = Path(find_model("pretrained").files[0]).parent
    Path("link").symlink_to(folder)
    relative = TrainingJob.create(
        replace(CONFIG, base_model="link/model.keras"), datasets.load("digits"), None
    )
    assert Path(str(relative.config.base_model)).is_absolute()


def test_a_worker_without_the_files_of_the_caller_is_refused(tmp_path: Path) -> None:
    job = TrainingJob.create(CONFIG, datasets.load("digits"), None)
    with pytest.raises(ClusterError, match="a worker does not have '/nowhere'"):
        cluster_training._train_seed(job, RunSeries(Path("/nowhere")), 1)
    other = replace(job, dataset=replace(job.dataset, digest="of other images"))
    with pytest.raises(
        ClusterError, match="a worker has different images for the dataset 'digits'"
    ):
        cluster_training._train_seed(other, RunSeries(tmp_path), 1)


class FakeTasks:
    """Tasks whose workers are killed, by seed, some number of times."""

    def __init__(self, kills: dict[int, int]) -> None:
        self.kills = kills

    def run_in_order(self, seeds: list[int]) -> Iterator[tuple[int, Any]]:
        for seed in seeds:
            self.kills[seed] -= 1
            yield seed, None if self.kills[seed] >= 0 else cluster_training._Attempt(None)


def test_seeds_of_killed_workers_are_tried_again() -> None:
    tasks: Any = FakeTasks({1: 2, 2: 0, 3: 100})
    outcomes = dict(cluster_training._train_with_retries(tasks, [1, 2, 3]))
    assert (outcomes[1], outcomes[2]) == (None, None)
    assert str(outcomes[3]) == "its worker was killed in each of 5 attempts"


def test_the_error_of_an_ensemble_names_its_model(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        cluster_training,
        "_train_with_retries",
        lambda tasks, models: [(1, None), (2, TrainingError("its worker was killed", hint="h"))],
    )
    monkeypatch.setattr(cluster_training, "connect", lambda address: nullcontext())
    config = replace(CONFIG, ensemble=2, dataset=splits.name)
    run = Run.create(config, Path("ensemble"))
    with pytest.raises(TrainingError, match=r"^model 2: its worker was killed$") as caught:
        train_ensemble_on_cluster(ClusterAddress("local:1", 1), config, splits, run)
    assert caught.value.hint == "h"


class TasksHere:
    """Tasks that run in this process."""

    def __init__(self, client: object, address: object, function: Any) -> None:
        self.function = function

    def __class_getitem__(cls, types: object) -> type:
        return cls

    def run_in_order(self, items: list[int]) -> Iterator[tuple[int, Any]]:
        return ((item, self.function(item)) for item in items)


@pytest.mark.usefixtures("quick_training")
def test_the_members_of_an_ensemble_are_trained_by_the_workers(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_training, "TaskRunner", TasksHere)
    monkeypatch.setattr(cluster_training, "connect", lambda address: nullcontext())
    monkeypatch.setattr(SharedDataset, "load", lambda self: splits)
    monkeypatch.setattr(worker, "prepare_worker", lambda: None)
    config = replace(CONFIG, ensemble=2, dataset=splits.name)
    ended: list[None] = []
    run = Run.create(config, Path("ensemble"))
    result = train_ensemble_on_cluster(
        ClusterAddress("local:1", 1), config, splits, run, on_member_end=lambda: ended.append(None)
    )
    assert isinstance(result, EnsembleResult)
    assert len(ended) == 2
    assert run.is_finished
    assert [member.config.seed for member in result.members] == [0, 1]
    assert not list(Path("ensemble").rglob("resume*"))
    single = train_model(replace(CONFIG, seed=1), splits)
    assert hash_weights(run.member(2).model_file) == hash_weights(single.run.model_file)
