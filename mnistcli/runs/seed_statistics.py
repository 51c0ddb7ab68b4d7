"""Statistics over seeds: mean, standard deviation and range of a metric of several runs."""

import statistics
from collections.abc import Iterable
from typing import NamedTuple


class Statistics(NamedTuple):
    """Aggregate statistics of a metric over the seeds.

    Attributes:
        mean: The mean.
        sd: The sample standard deviation (n - 1); None for one seed.
        minimum: The lowest value.
        maximum: The highest value.
    """

    mean: float
    sd: float | None
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Statistics | None":
        """Compute the statistics of values, except for those that are None; None without values."""
        known = [float(value) for value in values if value is not None]
        if not known:
            return None
        deviation = statistics.stdev(known) if len(known) > 1 else None
        return cls(statistics.fmean(known), deviation, min(known), max(known))
