"""Training with several seeds: one line per seed, then mean and spread over the seeds."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mnistcli.cli.escaping import quote_name
from mnistcli.cli.hints import complete_hint, quote_argument
from mnistcli.cli.seeds.seed_table import SeedTable
from mnistcli.cli.streams import print_json, print_note
from mnistcli.cli.training.training_progress import EpochBar
from mnistcli.config import SEED_LIMIT, TrainConfig
from mnistcli.errors import ConfigError, TrainingError
from mnistcli.runs.seed_series import RunSeries

if TYPE_CHECKING:  # these modules load Keras, which help and errors do without
    from mnistcli.cluster.addresses import ClusterAddress
    from mnistcli.datasets import Splits
    from mnistcli.training.seed_training import SeedResult, SeriesResult

_MAX_SEEDS = 10_000
_TABLE = SeedTable(
    {
        "test_accuracy": "test accuracy",
        "test_loss": "loss",
        "val_accuracy": "validation",
        "seconds": "seconds",
    }
)


def parse_seeds(text: str) -> list[int]:
    """Parse seeds such as ``0..9``, ``1,2,5`` or ``0..3,7``; a range includes both ends.

    Raises:
        ConfigError: The text is neither a list nor a range of seeds, a seed is too large, or there
            are too many.
    """
    error = ConfigError(
        f"--seeds must be up to {_MAX_SEEDS:,} numbers below {SEED_LIMIT:,}, such as 0..9 or "
        f"1,2,5, not {text!r}",
        hint="--seeds 0..9",
    )
    seeds: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?:\.\.(\d{1,10}))?", part.strip(), re.ASCII)
        if match is None:
            raise error
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < min(SEED_LIMIT, first + _MAX_SEEDS):
            raise error
        seeds |= dict.fromkeys(range(first, last + 1))
    if len(seeds) > _MAX_SEEDS:
        raise error
    return list(seeds)


class _TrainSeeds(Protocol):
    """Trains as `mnistcli.training.seed_training.train_seeds` does."""

    def __call__(
        self,
        config: TrainConfig,
        splits: "Splits",
        seeds: list[int],
        series: RunSeries,
        *,
        on_seed_end: "Callable[[SeedResult], None]",
    ) -> "SeriesResult":
        """Train one config with several seeds."""


class SeedProgress(EpochBar):
    """Training callback that shows a bar for the current seed, and a line for each finished one.

    Args:
        series: The directory of the runs.
        count: The number of seeds.
        show_table: Whether to print the lines.
        is_remote: Whether other processes train, so that only the end of each seed is known.
    """

    def __init__(
        self, series: RunSeries, count: int, *, show_table: bool, is_remote: bool = False
    ) -> None:
        super().__init__()
        self._is_remote = is_remote
        if is_remote:
            self.show_count(0, count, "seeds")
        self._series = series
        self._count = count
        self._show_table = show_table
        self._ended = 0

    def print_resume_command(self) -> None:
        """Print the command that continues with the seeds that are missing."""
        hint = complete_hint(f"--run-dir {quote_argument(str(self._series.path))}")
        print_note(f"continue with: {hint}")

    def on_train_begin(
        self, config: TrainConfig, steps: int, *, member: int, members: int, first_epoch: int
    ) -> None:
        """Show the bar of a seed."""
        self.label = f"seed {config.seed} ({self._ended + 1}/{self._count})  "
        super().on_train_begin(
            config, steps, member=member, members=members, first_epoch=first_epoch
        )

    def on_seed_end(self, result: "SeedResult") -> None:
        """Print the line of a seed, and the header before the first one."""
        if self._show_table:
            with self.hidden():
                if not self._ended:
                    _TABLE.print_header()
                _TABLE.print_seed(result.seed, None if result.error else result.metrics)
        self._ended += 1
        if self._is_remote:
            self.show_count(self._ended, self._count, "seeds")


def train_with_seeds(
    config: TrainConfig,
    splits: "Splits",
    seeds: list[int],
    run_dir: Path | None,
    *,
    as_json: bool,
    address: "ClusterAddress | None" = None,
    data_dir: Path | None = None,
) -> None:
    """Train one config with several seeds, and print the results.

    Args:
        config: The config.
        splits: Training and test images.
        seeds: At least one; one run each.
        run_dir: The directory of the runs; None for a new one.
        as_json: Whether to print one JSON object.
        address: The cluster to train on. Defaults to this process.
        data_dir: Directory of the MNIST files, for a cluster; None for the default.

    Raises:
        TrainingError: The training of a seed failed, or its model is no better than chance.
    """
    series = RunSeries.create(config, run_dir)
    try:
        results = train_series(
            config,
            splits,
            seeds,
            series,
            show_table=not as_json,
            address=address,
            data_dir=data_dir,
        )
    finally:
        series.remove_if_empty()
    if as_json:
        print_json(results.as_dict())
    else:
        _TABLE.print_statistics(results.statistics)
        _TABLE.print_directory(quote_name(series.path))
    failed = [result for result in results.results if result.error or result.is_at_chance]
    if failed:
        first = failed[0].error.message if failed[0].error else "no better than chance"
        raise TrainingError(
            f"{len(failed)} of {len(seeds)} seeds failed: seed {failed[0].seed}: {first}"
        )


def train_series(
    config: TrainConfig,
    splits: "Splits",
    seeds: list[int],
    series: RunSeries,
    *,
    show_table: bool,
    address: "ClusterAddress | None",
    data_dir: Path | None,
) -> "SeriesResult":
    """Train the seeds of a series with progress.

    Args:
        config: The config.
        splits: Training and test images.
        seeds: At least one; one run each.
        series: The directory of the runs.
        show_table: Whether to print a line for each seed.
        address: The cluster to train on; None for this process.
        data_dir: Directory of the MNIST files, for a cluster; None for the default.
    """
    is_remote = address is not None
    with SeedProgress(series, len(seeds), show_table=show_table, is_remote=is_remote) as progress:
        return _trainer(address, data_dir, progress)(
            config, splits, seeds, series, on_seed_end=progress.on_seed_end
        )


def _trainer(
    address: "ClusterAddress | None", data_dir: Path | None, progress: SeedProgress
) -> "_TrainSeeds":
    """Return the function that trains the seeds: on a cluster, or in this process without one."""
    if address is None:
        from mnistcli.training.seed_training import train_seeds

        return partial(train_seeds, callback=progress)
    from mnistcli.training.cluster_training import train_seeds_on_cluster

    return partial(train_seeds_on_cluster, address, data_dir=data_dir)
