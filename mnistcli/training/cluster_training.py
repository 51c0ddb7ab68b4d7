"""Training on a cluster: each worker trains one model at a time.

Each model is trained by one worker alone: there is no distributed training of one model.
"""

import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.connection import connect
from mnistcli.cluster.shared_files import require_directory
from mnistcli.cluster.tasks import TaskRunner
from mnistcli.cluster.worker import call_with_keras
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.datasets.shared_dataset import SharedDataset
from mnistcli.errors import TrainingError
from mnistcli.runs.run import Run
from mnistcli.runs.seed_series import RunSeries
from mnistcli.training.results import EnsembleResult, TrainResult
from mnistcli.training.seed_training import SeedResult, SeriesResult, seed_configs, train_seed
from mnistcli.training.training import train, train_member, with_absolute_names

# A killed run is resumed, so each attempt adds some epochs.
_ATTEMPTS = 5


@dataclass(frozen=True)
class TrainingJob:
    """Job of the workers: the config and the dataset of a training run.

    Attributes:
        config: The config; its file names are absolute.
        dataset: The dataset.
        command: The command line that started the training, for the records of the runs.
    """

    config: TrainConfig
    dataset: SharedDataset
    command: tuple[str, ...]

    @classmethod
    def create(cls, config: TrainConfig, splits: Splits, data_dir: Path | None) -> "TrainingJob":
        """Describe a training run for the workers.

        Args:
            config: The config.
            splits: Training and test images.
            data_dir: Directory of the MNIST files; None for the default.

        Raises:
            ModelError: The base model cannot be found.
            TrainingError: The base model is an ensemble.
        """
        config = with_absolute_names(replace(config, dataset=splits.name))
        return cls(config, SharedDataset.create(splits, data_dir), tuple(sys.argv))


class _Attempt(NamedTuple):
    """A training run that has ended.

    Attributes:
        error: The reason for a failure; None if there was none.
    """

    error: TrainingError | None


def train_seeds_on_cluster(
    address: ClusterAddress,
    config: TrainConfig,
    splits: Splits,
    seeds: Sequence[int],
    series: RunSeries,
    *,
    data_dir: Path | None = None,
    on_seed_end: Callable[[SeedResult], None] | None = None,
) -> SeriesResult:
    """Train one config with several seeds on the workers of a cluster, as `train_seeds` does.

    A worker trains in one thread. The weights do not depend on the number of workers. Training with
    several threads gives weights that differ in the last bits.

    Args:
        address: The cluster.
        config: The config. Its own seed is not used.
        splits: Training and test images.
        seeds: The seeds, at least one.
        series: The directory of the runs, on a file system that the workers share.
        data_dir: Directory of the MNIST files; None for the default.
        on_seed_end: Called with the result of each seed, in their order. Defaults to none.

    Raises:
        ClusterError: The cluster cannot be used, or does not have the files.
        MnistCliError: The errors of `train_seeds`.
    """
    configs = seed_configs(config, splits, seeds, series)
    job = TrainingJob.create(configs[0], splits, data_dir)
    results = []
    with connect(address) as client:
        shared = RunSeries(series.path.absolute())
        function = pickle.dumps(partial(_train_seed, job, shared))
        tasks = TaskRunner[int, _Attempt](client, address, partial(call_with_keras, function))
        for seed, error in _train_with_retries(tasks, seeds):
            run = series.run(seed)
            result = SeedResult(seed, run, {} if error else run.read_metrics(), error)
            results.append(result)
            if on_seed_end is not None:
                on_seed_end(result)
    results.sort(key=lambda result: seeds.index(result.seed))
    return SeriesResult(series, configs[0], tuple(results))


def train_ensemble_on_cluster(
    address: ClusterAddress,
    config: TrainConfig,
    splits: Splits,
    run: Run,
    *,
    data_dir: Path | None = None,
    resume: bool = False,
    on_member_end: Callable[[], None] | None = None,
) -> TrainResult | EnsembleResult:
    """Train an ensemble as `mnistcli.training.train` does, its members on workers of a cluster.

    Args:
        address: The cluster.
        config: The config.
        splits: Training and test images.
        run: The run directory, on a file system that the workers share.
        data_dir: Directory of the MNIST files; None for the default.
        resume: Whether to continue a run that was stopped.
        on_member_end: Called when a member has been trained. Defaults to none.

    Raises:
        ClusterError: The cluster cannot be used, or does not have the files.
        MnistCliError: The errors of `mnistcli.training.train`.
    """
    job = TrainingJob.create(config, splits, data_dir)

    def train_remotely(config: TrainConfig, run: Run) -> None:
        function = pickle.dumps(partial(_train_member, job, Run(run.path.absolute())))
        with connect(address) as client:
            tasks = TaskRunner[int, _Attempt](client, address, partial(call_with_keras, function))
            for number, error in _train_with_retries(tasks, range(1, config.ensemble + 1)):
                if error is not None:
                    message = f"model {number}: {error.message}"
                    raise TrainingError(message, hint=error.hint) from error
                if on_member_end is not None:
                    on_member_end()

    return train(config, splits, run, resume=resume, train_remotely=train_remotely)


def _train_with_retries(
    tasks: TaskRunner[int, _Attempt], numbers: Iterable[int]
) -> Iterator[tuple[int, TrainingError | None]]:
    """Train several models; those whose workers were killed several times are tried again.

    Args:
        tasks: Trains one of them, by its seed or its number in an ensemble.
        numbers: The seeds or the numbers.

    Yields:
        Each seed or number, and the error of a run that failed.
    """
    left = list(numbers)
    for _ in range(_ATTEMPTS):
        killed = []
        for number, attempt in tasks.run_in_order(left):
            if attempt is None:
                killed.append(number)
            else:
                yield number, attempt.error
        left = killed
    for number in left:
        yield number, TrainingError(f"its worker was killed in each of {_ATTEMPTS} attempts")


def _train_seed(job: TrainingJob, series: RunSeries, seed: int) -> _Attempt:
    """Train with one seed, on a worker."""
    splits = load_job_splits(job, series.path)
    return _Attempt(train_seed(replace(job.config, seed=seed), splits, series.run(seed)).error)


def _train_member(job: TrainingJob, run: Run, number: int) -> _Attempt:
    """Train one member of an ensemble, on a worker."""
    splits = load_job_splits(job, run.path)
    try:
        train_member(job.config, splits, run, number)
    except TrainingError as error:
        return _Attempt(error)
    return _Attempt(None)


def load_job_splits(job: TrainingJob, directory: Path) -> Splits:
    """Load the images of a job on a worker.

    Args:
        job: The job.
        directory: The directory of the results, which the worker must have.

    Raises:
        ClusterError: The worker does not have the directory, or its images differ.
    """
    require_directory(directory)
    sys.argv[:] = job.command
    return job.dataset.load()
