"""Temperature: divide the logits of a model, given its probabilities."""

import numpy as np
from numpy.typing import NDArray

# Probabilities are clipped here before the logarithm.
_MIN_PROBABILITY = 1e-12


def to_logits(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return logits with these softmax probabilities, float64 of the same shape."""
    return np.log(np.maximum(probabilities.astype(np.float64), _MIN_PROBABILITY))


def apply_temperature(
    probabilities: NDArray[np.float32], temperature: float
) -> NDArray[np.float64]:
    """Compute the probabilities of a model whose logits are divided by a temperature.

    Args:
        probabilities: Softmax probabilities before the division, float32 (n, 10).
        temperature: The divisor.

    Returns:
        Softmax probabilities after the division, float64 (n, 10).
    """
    logits = to_logits(probabilities) / temperature
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return scaled
