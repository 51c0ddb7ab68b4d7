"""Rejection of many digits in one call, by the thresholds of a model."""

import numpy as np
from numpy.typing import NDArray

from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.inference.digit_score import digit_scores


def is_rejected(
    probabilities: NDArray[np.float32], thresholds: DigitThresholds
) -> NDArray[np.bool_]:
    """Return which digits `apply_rejection` rejects in images of one digit, bool (n,).

    Args:
        probabilities: Class probabilities of digits, float32 (n, 10).
        thresholds: The thresholds.
    """
    rejected: NDArray[np.bool_] = (probabilities.max(axis=1) < thresholds.min_confidence) | (
        digit_scores(probabilities) < thresholds.min_digit_score
    )
    return rejected
