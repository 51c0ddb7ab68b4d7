"""Digit score: the resemblance of an image to a digit, computed from the class probabilities.

The score is the maximum softmax probability at a higher temperature. It is low for an image that
resembles many digits a little, as most non-digits do, and higher for a digit that is ambiguous
between two. It is ODIN without the perturbation of the input: "Enhancing the reliability of
out-of-distribution image detection in neural networks" (Liang, Li and Srikant, ICLR 2018).
"""

import numpy as np
from numpy.typing import NDArray

from mnistcli.inference.temperature import apply_temperature

# Chosen on synthetic non-digits, see RESULTS.md. From 3 to 10, it makes little difference.
_TEMPERATURE = 3.0


def digit_scores(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the digit scores of images.

    Args:
        probabilities: Calibrated class probabilities, float32 (n, 10).

    Returns:
        The scores, float64 (n,), 0.1 to 1.
    """
    scores: NDArray[np.float64] = apply_temperature(probabilities, _TEMPERATURE).max(axis=1)
    return scores
