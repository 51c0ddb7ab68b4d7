"""``evaluate --seeds``: the models of several seeds, their mean and standard deviation."""

from pathlib import Path
from typing import TYPE_CHECKING

from mnistcli.cli.dataset_loading import load_splits
from mnistcli.cli.escaping import quote_name
from mnistcli.cli.progress import CountBar
from mnistcli.cli.seeds.seed_table import SeedTable
from mnistcli.cli.seeds.seed_training import parse_seeds
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import print_json, print_line
from mnistcli.errors import ConfigError
from mnistcli.formatting import format_count
from mnistcli.model_lookup import find_model
from mnistcli.runs.seed_series import RunSeries

if TYPE_CHECKING:
    from mnistcli.cluster.addresses import ClusterAddress

ALL = "all"
_TABLE = SeedTable(
    {
        "accuracy": "accuracy",
        "loss": "loss",
        "macro_f1": "macro F1",
        "calibration_error": "calibration error",
    }
)


def evaluate_with_seeds(
    names: list[str],
    text: str,
    address: "ClusterAddress | None",
    *,
    dataset_name: str | None,
    data_dir: Path | None,
    pixel_scale: str | None,
    as_json: bool,
) -> None:
    """Evaluate the models of several seeds, and print the results.

    Args:
        names: The argument of ``evaluate``: the directory of ``train --seeds``.
        text: The seeds, or ``all``.
        address: The cluster; None for this process.
        dataset_name: The dataset; None for the one that the models were trained on.
        data_dir: Directory of the MNIST files; None for the default.
        pixel_scale: The pixel scale of the models; None to detect it.
        as_json: Whether to print one JSON object.

    Raises:
        ConfigError: The seeds are invalid, or there is not exactly one directory.
        MnistCliError: A model, the dataset or the cluster cannot be used.
    """
    chosen = None if text == ALL else parse_seeds(text)
    if len(names) != 1:
        raise ConfigError(
            "--seeds requires a directory of 'train --seeds'",
            hint="mnistcli evaluate runs/DIR --seeds all",
        )
    series = RunSeries.find(names[0])
    seeds = series.require_finished(chosen)
    model = find_model(str(series.run(seeds[0]).path))
    with show_spinner("Starting"):
        from mnistcli.evaluation.seed_evaluation import (
            SeriesEvaluation,
            evaluate_seeds,
            evaluate_seeds_on_cluster,
        )
    splits = load_splits(dataset_name or model.datasets[0], data_dir)
    count = len(splits.images_not_trained_on(*model.datasets))
    with CountBar("Evaluating", "images", count * len(seeds)) as bar:
        if address is None:
            results = list(
                evaluate_seeds(series, seeds, splits, pixel_scale=pixel_scale, on_batch=bar.advance)
            )
        else:
            results = []
            for result in evaluate_seeds_on_cluster(
                address, series, seeds, splits, data_dir=data_dir, pixel_scale=pixel_scale
            ):
                bar.advance(result.samples)
                results.append(result)
    evaluations = SeriesEvaluation(series, splits.name, tuple(results))
    if as_json:
        print_json(evaluations.as_dict())
        return
    print_line(f"{quote_name(splits.name)}, {format_count(count, 'test image')}")
    _TABLE.print_header()
    for result in results:
        _TABLE.print_seed(result.seed, result.metrics)
    _TABLE.print_statistics(evaluations.statistics)
    _TABLE.print_directory(quote_name(series.path))
