"""Rejection thresholds: fit them on held-out digits, for a small false rejection rate.

Ambiguous digits are rejected by the confidence, non-digits by the digit score.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS, DigitThresholds
from mnistcli.inference.digit_score import digit_scores

# Target false-rejection rate: fraction of digits that may be rejected to reject non-digits.
_REJECTED_DIGITS = 0.004


def fit_digit_thresholds(probabilities: NDArray[np.float32]) -> DigitThresholds:
    """Fit the rejection thresholds, so that together they reject about 0.4 % of further digits.

    Both thresholds are the same quantile of their values: each alone rejects as many of the digits.

    Args:
        probabilities: Softmax probabilities of digits that the model was not trained on,
            float32 (n, 10).

    Returns:
        The thresholds; none, which rejects nothing, for fewer than 249 digits.
    """
    below = int(_REJECTED_DIGITS * (len(probabilities) + 1)) - 1
    if below < 0:
        return NO_DIGIT_THRESHOLDS
    values = np.stack([probabilities.max(axis=1), digit_scores(probabilities)])
    ordered = np.sort(values, axis=1)
    # A digit is rejected as soon as one of its values has a lower rank than the threshold.
    ranks = rankdata(values, method="min", axis=1).min(axis=0).astype(int)
    rank = np.sort(ranks)[below] - 1
    return DigitThresholds(*ordered[:, rank].tolist())
