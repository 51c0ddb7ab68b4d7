"""Results of a sweep: best settings, selection bias, figures, confirmation with fresh seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnistcli.cli.escaping import quote_name
from mnistcli.cli.hints import quote_argument
from mnistcli.cli.seeds.seed_training import train_series
from mnistcli.cli.setting_options import option_text
from mnistcli.cli.streams import print_json, print_line, print_note
from mnistcli.formatting import percent

if TYPE_CHECKING:  # these modules load Keras and Optuna, which help and errors do without
    from mnistcli.cluster.addresses import ClusterAddress
    from mnistcli.datasets import Splits
    from mnistcli.sweep.sweep import SweepResult
    from mnistcli.training.seed_training import SeriesResult


def save_figures(result: "SweepResult") -> list[Path]:
    """Draw the figures of a sweep into its directory; return their paths."""
    from mnistcli.plotting.quiet_import import import_matplotlib

    import_matplotlib()
    from mnistcli.plotting.sweep import save_sweep_figures

    return save_sweep_figures(result)


def confirm_best(
    result: "SweepResult",
    splits: "Splits",
    count: int,
    address: "ClusterAddress | None",
    data_dir: Path | None,
) -> "SeriesResult":
    """Train the best settings with fresh seeds, which the sweep did not use.

    Args:
        result: The sweep.
        splits: The dataset.
        count: Number of seeds.
        address: The cluster to train on; None for this process.
        data_dir: Directory of the MNIST files, for a cluster; None for the default.
    """
    from mnistcli.runs.seed_series import RunSeries

    config, seeds = result.config, result.other_seeds(count)
    series = RunSeries.create(config, result.confirmation_directory)
    print_note(f"confirming trial {result.best.number} with {count} other seeds in {series.path}")
    return train_series(
        config, splits, seeds, series, show_table=False, address=address, data_dir=data_dir
    )


def print_sweep(
    result: "SweepResult",
    figures: Sequence[Path],
    seeds: "SeriesResult | None",
    *,
    as_json: bool,
) -> None:
    """Print the best settings and what to expect from them.

    Args:
        result: The sweep.
        figures: Files of the figures, whose names are printed.
        seeds: The results of other seeds; None if there are none.
        as_json: Whether to print one JSON object.
    """
    if as_json:
        content = result.as_dict() | {"figures": [str(path) for path in figures]}
        print_json(content | {"confirm": None if seeds is None else seeds.as_dict()})
        return
    best = result.best
    settings = " ".join(option_text(name, value) for name, value in best.params.items())
    print_line(f"best        trial {best.number}: {settings}")
    print_line(f"validation  {percent(result.best_value)}")
    ended = sum(trial.has_ended for trial in result.trials)
    pruned = sum(trial.state == "pruned" for trial in result.trials)
    print_line(f"trials      {ended} run, {pruned} pruned")
    print_line(f"bias        {_bias(result)}")
    if seeds is not None and (confirmed := seeds.statistics("val_accuracy")) is not None:
        deviation = "" if confirmed.sd is None else f" ± {percent(confirmed.sd)}"
        count = len(seeds.results)
        print_line(
            f"confirmed   {percent(confirmed.mean)}{deviation} validation, {count} other seeds"
        )
    file = result.best_file
    print_line(f"settings    {quote_name(file)}")
    for path in figures:
        print_line(f"figure      {quote_name(path)}")
    print_note(f"train the best settings with: mnistcli train --config {quote_argument(str(file))}")


def _bias(result: "SweepResult") -> str:
    if result.complete_count < 2:
        return "no selection bias: only one trial is complete"
    return (
        f"selection bias up to {100 * result.selection_bias:.2f} percentage points "
        f"(the best of {result.complete_count} trials is partly luck)"
    )
