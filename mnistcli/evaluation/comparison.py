"""Comparison of models on the same images: McNemar's exact paired test for each pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import binomtest

from mnistcli.evaluation.evaluation import Evaluation

SIGNIFICANCE = 0.05
"""A difference with a smaller adjusted p-value is called statistically significant."""


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """McNemar's exact test of two models on the same images.

    Attributes:
        first: Index of the first model.
        second: Index of the second model.
        only_first_right: Number of images that only the first model predicts correctly.
        only_second_right: Number of images that only the second model predicts correctly.
        p_value: Probability of a difference at least as large if both models were equally likely to
            be the correct one, 0..1.
        adjusted_p_value: The p-value after Holm's correction for multiple comparisons, 0..1.
    """

    first: int
    second: int
    only_first_right: int
    only_second_right: int
    p_value: float
    adjusted_p_value: float

    @property
    def better(self) -> int | None:
        """Index of the model that is better by more than chance; None if neither is."""
        if self.adjusted_p_value >= SIGNIFICANCE:
            return None
        return self.first if self.only_first_right > self.only_second_right else self.second


def compare_pairs(evaluations: Sequence[Evaluation]) -> list[PairedTest]:
    """Test each pair of models with McNemar's exact test on the images that one misclassifies.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions
    or percentages", Psychometrika, 1947; the correction for several pairs: S. Holm, "A simple
    sequentially rejective multiple test procedure", Scandinavian Journal of Statistics, 1979.

    Args:
        evaluations: The evaluations of the models on the same images, in the same order.

    Returns:
        One test per pair: the first model with the second, with the third, and so on.
    """
    correct = [evaluation.predicted == evaluation.labels for evaluation in evaluations]
    pairs = list(combinations(range(len(correct)), 2))
    counts = [
        (int(np.sum(correct[a] & ~correct[b])), int(np.sum(correct[b] & ~correct[a])))
        for a, b in pairs
    ]
    p_values = [mcnemar(*count) for count in counts]
    return [
        PairedTest(
            first=first,
            second=second,
            only_first_right=only_first,
            only_second_right=only_second,
            p_value=p_value,
            adjusted_p_value=adjusted,
        )
        for (first, second), (only_first, only_second), p_value, adjusted in zip(
            pairs, counts, p_values, _adjust(p_values), strict=True
        )
    ]


def mcnemar(only_first_right: int, only_second_right: int) -> float:
    """Compute the two-sided p-value of McNemar's exact test, a binomial test.

    Args:
        only_first_right: Number of images that only the first model predicts correctly.
        only_second_right: Number of images that only the second model predicts correctly.

    Returns:
        The p-value, 0..1; 1 if the models never differ.
    """
    differing = only_first_right + only_second_right
    return float(binomtest(only_first_right, differing, 0.5).pvalue) if differing else 1.0


def _adjust(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for multiple testing by Holm's method (Holm-Bonferroni)."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
