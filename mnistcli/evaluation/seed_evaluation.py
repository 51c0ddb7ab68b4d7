"""Evaluation of the models of several seeds on the same images, here or on a cluster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.shared_files import require_directory
from mnistcli.cluster.worker import prepare_worker
from mnistcli.datasets import Splits
from mnistcli.datasets.shared_dataset import SharedDataset
from mnistcli.errors import ClusterError
from mnistcli.evaluation.evaluation import evaluate
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.runs.run import Run
from mnistcli.runs.seed_series import RunSeries
from mnistcli.runs.seed_statistics import Statistics


@dataclass(frozen=True)
class SeedEvaluation:
    """The metrics of one seed.

    Attributes:
        seed: The seed.
        run: Its run directory.
        samples: Number of images.
        metrics: The metrics over all digits, keyed by name, as in `Evaluation.summary`.
    """

    seed: int
    run: Run
    samples: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class SeriesEvaluation:
    """The metrics of several seeds on one dataset.

    Attributes:
        series: The directory of the runs.
        dataset: The name of the dataset.
        results: The metrics in the order of the seeds, at least one.
    """

    series: RunSeries
    dataset: str
    results: tuple[SeedEvaluation, ...]

    def statistics(self, metric: str) -> Statistics | None:
        """Return the statistics of a metric over the seeds."""
        return Statistics.of(result.metrics[metric] for result in self.results)

    def as_dict(self) -> dict[str, Any]:
        """Return the metrics and their statistics as plain values for JSON."""
        statistics = {name: self.statistics(name) for name in self.results[0].metrics}
        return {
            "run_dir": str(self.series.path),
            "dataset": self.dataset,
            "samples": self.results[0].samples,
            "seeds": [
                {"seed": result.seed, "run": str(result.run.path), **result.metrics}
                for result in self.results
            ],
            **{name: value and value._asdict() for name, value in statistics.items()},
        }


def evaluate_seeds(
    series: RunSeries,
    seeds: Sequence[int],
    splits: Splits,
    *,
    pixel_scale: str | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> Iterator[SeedEvaluation]:
    """Evaluate the models of several seeds in this process.

    Args:
        series: The directory of the runs.
        seeds: The seeds, whose runs are finished.
        splits: The dataset.
        pixel_scale: See `load_classifier`.
        on_batch: Receives the number of images of each batch. Defaults to nothing.

    Yields:
        The metrics of each seed, in order.

    Raises:
        MnistCliError: A model cannot be loaded, or its probabilities are not finite.
    """
    for seed in seeds:
        yield _evaluate_seed(series, seed, splits, pixel_scale, on_batch)


def evaluate_seeds_on_cluster(
    address: ClusterAddress,
    series: RunSeries,
    seeds: Sequence[int],
    splits: Splits,
    *,
    data_dir: Path | None = None,
    pixel_scale: str | None = None,
) -> Iterator[SeedEvaluation]:
    """Evaluate the models of several seeds on the workers of a cluster, as `evaluate_seeds` does.

    Args:
        address: The cluster.
        series: The directory of the runs, on a file system that the workers share.
        seeds: The seeds, whose runs are finished.
        splits: The dataset.
        data_dir: Directory of the MNIST files; None for the default.
        pixel_scale: See `load_classifier`.

    Yields:
        The metrics of each seed, in order.

    Raises:
        ClusterError: The cluster cannot be used, or does not have the files.
        MnistCliError: The errors of `evaluate_seeds`.
    """
    from mnistcli.cluster.connection import connect  # noqa: PLC0415 - loads Dask
    from mnistcli.cluster.tasks import TaskRunner  # noqa: PLC0415 - loads Dask

    dataset = SharedDataset.create(splits, data_dir)
    shared = RunSeries(series.path.absolute())
    function = partial(_evaluate_on_worker, shared, dataset, pixel_scale)
    with connect(address) as client:
        tasks = TaskRunner[int, SeedEvaluation](client, address, function)
        for seed, result in tasks.run_in_order(seeds):
            if result is None:
                raise ClusterError(f"the workers that evaluated seed {seed} were killed")
            yield SeedEvaluation(seed, series.run(seed), result.samples, result.metrics)


def _evaluate_on_worker(
    series: RunSeries, dataset: SharedDataset, pixel_scale: str | None, seed: int
) -> SeedEvaluation:
    prepare_worker()
    require_directory(series.path)
    return _evaluate_seed(series, seed, dataset.load(), pixel_scale, None)


def _evaluate_seed(
    series: RunSeries,
    seed: int,
    splits: Splits,
    pixel_scale: str | None,
    on_batch: Callable[[int], None] | None,
) -> SeedEvaluation:
    run = series.run(seed)
    model = find_model(str(run.path))
    images = splits.images_not_trained_on(*model.datasets)
    classifier = load_classifier(model.files, pixel_scale=pixel_scale, on_batch=on_batch)
    return SeedEvaluation(seed, run, len(images), evaluate(classifier, images).summary)
