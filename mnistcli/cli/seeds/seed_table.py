"""Table of seeds (replicates): one row each, then mean, standard deviation, minimum and maximum."""

from collections.abc import Callable, Mapping

from mnistcli.cli.streams import print_line
from mnistcli.formatting import format_row, percent
from mnistcli.runs.seed_statistics import Statistics

_STATISTICS = {
    "mean": "mean",
    "standard deviation": "sd",
    "minimum": "minimum",
    "maximum": "maximum",
}
_TITLE_WIDTH = max(map(len, _STATISTICS))  # width of the first column


class SeedTable:
    """Prints the metrics of seeds.

    Args:
        columns: The column titles, keyed by metric.
    """

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns
        self._widths = (_TITLE_WIDTH, *(max(len(title), 7) for title in columns.values()))

    def print_header(self) -> None:
        """Print the titles of the columns."""
        self._print("seed", *self._columns.values())

    def print_seed(self, seed: int, metrics: Mapping[str, float | None] | None) -> None:
        """Print the row of a seed.

        Args:
            seed: Number in the first column.
            metrics: The metrics, keyed by name; None for a seed that failed.
        """
        if metrics is None:
            self._print(str(seed), "failed", *("-" for _ in list(self._columns)[1:]))
        else:
            self._print(str(seed), *(_text(name, metrics.get(name)) for name in self._columns))

    def print_statistics(self, statistics: Callable[[str], Statistics | None]) -> None:
        """Print a row for each statistic.

        Args:
            statistics: Returns the statistics of a metric; None if no seed has it.
        """
        values = {name: statistics(name) for name in self._columns}
        for title, field in _STATISTICS.items():
            cells = (None if value is None else getattr(value, field) for value in values.values())
            self._print(title, *map(_text, values, cells))

    def print_directory(self, path: str) -> None:
        """Print the directory of the runs."""
        self._print("runs", path)

    def _print(self, *cells: str) -> None:
        print_line(format_row(cells, self._widths))


def _text(metric: str, value: float | None) -> str:
    if value is None:
        return "-"
    if metric == "seconds":
        return f"{value:.1f}"
    return percent(value) if metric.endswith(("accuracy", "error")) else f"{value:.4f}"
