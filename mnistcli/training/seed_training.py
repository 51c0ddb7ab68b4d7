"""Seeds: train one config with several seeds, and describe the run-to-run variance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.errors import TrainingError
from mnistcli.runs.run import Run
from mnistcli.runs.seed_series import RunSeries
from mnistcli.runs.seed_statistics import Statistics
from mnistcli.training.callbacks import TrainingCallback
from mnistcli.training.training import read_architecture, train, with_absolute_names


@dataclass(frozen=True)
class SeedResult:
    """The result of one seed.

    Attributes:
        seed: The seed.
        run: The run directory.
        metrics: The metrics of the finished run; empty after a failure.
        error: The error of the training, such as weights that became NaN; None if there was none.
    """

    seed: int
    run: Run
    metrics: Mapping[str, Any]
    error: TrainingError | None = None

    @property
    def is_at_chance(self) -> bool:
        """Whether the model is no better than chance."""
        return self.metrics.get("at_chance") is True

    def as_dict(self) -> dict[str, Any]:
        """Return the metrics as plain values for JSON; the error of a seed that failed."""
        if self.error is not None:
            return {"run": str(self.run.path), "seed": self.seed, "error": self.error.message}
        return dict(self.metrics)


@dataclass(frozen=True)
class SeriesResult:
    """The results of several seeds.

    Attributes:
        series: The directory of the runs.
        config: The config; its seed is the seed of the first run.
        results: The results in the order of the seeds.
    """

    series: RunSeries
    config: TrainConfig
    results: tuple[SeedResult, ...]

    def statistics(self, metric: str) -> Statistics | None:
        """Return the statistics of a metric over the seeds; None if no run has it."""
        return Statistics.of(result.metrics.get(metric) for result in self.results)

    def as_dict(self) -> dict[str, Any]:
        """Return the results as plain values for JSON; None for a metric that no run has."""
        summaries = {
            name: None if (values := self.statistics(name)) is None else values._asdict()
            for name in ("test_accuracy", "test_loss", "val_accuracy", "val_loss", "seconds")
        }
        return {
            "run_dir": str(self.series.path),
            "recipe": self.config.recipe,
            "dataset": self.config.dataset,
            "seeds": [result.as_dict() for result in self.results],
            **summaries,
        }


def train_seeds(
    config: TrainConfig,
    splits: Splits,
    seeds: Sequence[int],
    series: RunSeries,
    *,
    callback: TrainingCallback | None = None,
    on_seed_end: Callable[[SeedResult], None] | None = None,
) -> SeriesResult:
    """Train one config with several seeds, each in a run directory of its own.

    The weights are the same as with `train` for each seed. Seeds that are finished are not trained
    again, and a run that was stopped is resumed. A seed whose training fails does not stop the
    others.

    Args:
        config: The config. Its own seed is not used.
        splits: Training and test images.
        seeds: The seeds, at least one.
        series: The directory of the runs.
        callback: Receives the progress of each run. Defaults to none.
        on_seed_end: Called with the result of each seed. Defaults to none.

    Raises:
        MnistCliError: The errors of `train`, except for a run that fails; or the run of a seed has
            different settings.
    """
    configs = seed_configs(config, splits, seeds, series)
    results = []
    for seed_config in configs:
        result = train_seed(seed_config, splits, series.run(seed_config.seed), callback=callback)
        results.append(result)
        if on_seed_end is not None:
            on_seed_end(result)
    return SeriesResult(series, configs[0], tuple(results))


def seed_configs(
    config: TrainConfig, splits: Splits, seeds: Sequence[int], series: RunSeries
) -> list[TrainConfig]:
    """Return the config of each seed, with absolute names and the hash of a custom architecture.

    With the hash, a file that changes between two seeds is an error.

    Args:
        config: The config. Its own seed is not used.
        splits: Training and test images.
        seeds: The seeds, at least one.
        series: The directory of the runs.

    Raises:
        ModelError: The base model cannot be found.
        RunError: The run of a seed has different settings.
        TrainingError: The base model is an ensemble, or the file of a custom architecture cannot
            be read.
    """
    config = with_absolute_names(replace(config, dataset=splits.name))
    architecture = read_architecture(config, series.run(seeds[0]).architecture_file)
    if architecture is not None:
        config = replace(config, arch_sha256=architecture.digest)
    configs = [replace(config, seed=seed) for seed in seeds]
    for seed_config in configs:
        series.require_same_config(seed_config)
    return configs


def train_seed(
    config: TrainConfig, splits: Splits, run: Run, *, callback: TrainingCallback | None = None
) -> SeedResult:
    """Train one config into a run directory, or resume the run; return the result.

    Args:
        config: The config with the seed.
        splits: Training and test images.
        run: The run directory, finished, stopped or new.
        callback: Receives the progress. Defaults to none.
    """
    try:
        if not run.is_finished:
            is_stopped = run.has_config
            target = run if is_stopped else Run.create(config, run.path)
            train(config, splits, target, callback=callback, resume=is_stopped)
    except TrainingError as error:
        return SeedResult(config.seed, run, {}, error)
    return SeedResult(config.seed, run, run.read_metrics())
