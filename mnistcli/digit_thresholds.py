"""Rejection thresholds (cutoffs) of a model or an ensemble, for images with one digit."""

from collections.abc import Iterable
from typing import NamedTuple


class DigitThresholds(NamedTuple):
    """Rejection thresholds of a model: a digit with a lower value is rejected.

    Attributes:
        min_confidence: The minimum confidence, 0 to 1; it rejects ambiguous digits.
        min_digit_score: The minimum digit score, 0 to 1; it rejects non-digits, see
            `mnistcli.inference.digit_score`.
    """

    min_confidence: float = 0.0
    min_digit_score: float = 0.0


NO_DIGIT_THRESHOLDS = DigitThresholds()
"""Rejects nothing."""


def lowest_thresholds(thresholds: Iterable[DigitThresholds]) -> DigitThresholds:
    """Return the thresholds of models whose probabilities are averaged: the lowest of each kind.

    They are the most lenient, not the strictest ones, because averaging lowers the confidence where
    the models disagree.

    Args:
        thresholds: The thresholds of each model, at least one.
    """
    return DigitThresholds(*map(min, zip(*thresholds, strict=True)))
