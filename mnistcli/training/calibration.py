"""Making a network as sure as it is right, and finding out how sure it must be to answer.

Smoothed labels teach a network to be unsure even where it never errs. Dividing all its logits by
one number, fitted on labelled images and folded into its last layer, mends that and changes no
answer (Guo et al., "On calibration of modern neural networks", ICML 2017).

What is no digit is told by the largest probability alone (Hendrycks and Gimpel, "A baseline for
detecting misclassified and out-of-distribution examples in neural networks", ICLR 2017).
"""

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

# Nothing is surer than this: the logarithm of a probability needs one above 0.
_SMALLEST = 1e-12
# Wide enough for any training, and no leave to be certain on the strength of a few images.
_RANGE = (np.log(0.25), np.log(4.0))
# Of the digits: what may be lost to be spared answers where there is none.
_REFUSED = 0.004


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the temperature that makes the true labels the most probable.

    Args:
        probabilities: Softmax probabilities of labelled images, float32 (n, 10).
        labels: The digits on them, int64 (n,).

    Returns:
        What to divide logits by: below 1 for a network that is not sure enough.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
    truth = np.arange(len(labels)), labels

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[truth]))

    return float(np.exp(minimize_scalar(loss, bounds=_RANGE, method="bounded").x))


def fit_min_confidence(probabilities: NDArray[np.float32]) -> float:
    """Return how sure a network must be, so that hardly any digit is refused.

    Args:
        probabilities: Softmax probabilities of images of digits that it was not trained on,
            float32 (n, 10).

    Returns:
        The largest confidence below which at most 0.4 % of further digits are expected; 0, which
        refuses nothing, where there are too few images to tell.
    """
    confidences = np.sort(probabilities.max(axis=1))
    below = int(_REFUSED * (len(confidences) + 1)) - 1
    return float(confidences[below]) if below >= 0 else 0.0


def divide_logits(network: keras.Model, temperature: float) -> None:
    """Divide the logits of a network by a temperature, for good.

    Args:
        network: One that ends in a dense layer with softmax; its last weights are changed.
        temperature: The divisor.
    """
    last = network.layers[-1]
    last.set_weights([weights / temperature for weights in last.get_weights()])
