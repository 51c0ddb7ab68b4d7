"""Digit score: how much an image resembles a digit, computed from the class probabilities.

The score is the maximum softmax probability at a higher temperature. It is low for an image that
resembles many digits a little, as most non-digits do, and higher for a digit that is ambiguous
between two. From "Enhancing the reliability of out-of-distribution image detection in neural
networks" (Liang, Li and Srikant, ICLR 2018), without the perturbation of the input.
"""

import numpy as np
from numpy.typing import NDArray

from mnistcli.digit_thresholds import DigitThresholds

# Chosen on synthetic non-digits, see RESULTS.md. From 3 to 10, it makes little difference.
SCORE_TEMPERATURE = 3.0
# Probabilities are clipped here: their order below is rounding.
_MIN_PROBABILITY = 1e-12


def digit_scores(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the digit scores of images.

    Args:
        probabilities: Calibrated class probabilities, (n, 10).

    Returns:
        The scores, float64 (n,), 0.1 to 1.
    """
    softened = np.maximum(probabilities.astype(np.float64), _MIN_PROBABILITY) ** (
        1 / SCORE_TEMPERATURE
    )
    scores: NDArray[np.float64] = softened.max(axis=1) / softened.sum(axis=1)
    return scores


def is_rejected(
    probabilities: NDArray[np.float32], thresholds: DigitThresholds
) -> NDArray[np.bool_]:
    """Return which digits are below a threshold of a model, bool (n,).

    Args:
        probabilities: Class probabilities of digits, (n, 10).
        thresholds: The thresholds.
    """
    confidences = probabilities.max(axis=1)
    rejected: NDArray[np.bool_] = (confidences < thresholds.min_confidence) | (
        digit_scores(probabilities) < thresholds.min_digit_score
    )
    return rejected
