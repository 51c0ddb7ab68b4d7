"""Calibration: temperature scaling, and the rejection thresholds of a model.

Label smoothing makes a model underconfident. Dividing its logits by a temperature, fitted on
labeled images and folded into the last layer, corrects the confidence and changes no prediction
(Guo et al., "On calibration of modern neural networks", ICML 2017).

Ambiguous digits are rejected by the confidence, non-digits by the digit score.
"""

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import rankdata

from mnistcli.architectures import leaf_layers
from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS, DigitThresholds
from mnistcli.inference.digit_score import digit_scores
from mnistcli.inference.temperature import apply_temperature, to_logits

# Range of the logarithm of the temperature: wide enough for any training, and narrow enough that a
# few correctly classified images cannot make a model certain.
_LOG_TEMPERATURE_RANGE = (np.log(0.25), np.log(4.0))
# Fraction of digits that may be rejected in order to reject non-digits.
_REJECTED_DIGITS = 0.004


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Fit the temperature with the lowest cross-entropy.

    Args:
        probabilities: Softmax probabilities of labeled images, float32 (n, 10).
        labels: Their digits, int64 (n,).

    Returns:
        The divisor of the logits, 0.25 to 4; below 1 for an underconfident model.
    """
    logits = to_logits(probabilities)
    correct = np.arange(len(labels)), labels

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[correct]))

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_TEMPERATURE_RANGE, method="bounded").x))


def find_logits_layer(model: keras.Model) -> keras.Layer | None:
    """Return the dense layer that computes the logits of a model; None if no layer does it alone.

    It is the last layer with softmax, or the one before a separate softmax. An external model
    can also end with sigmoid or with the mean of several networks.
    """
    leaves = [
        layer for layer in leaf_layers(model) if not isinstance(layer, keras.layers.InputLayer)
    ]
    has_softmax = isinstance(leaves[-1], keras.layers.Softmax)
    last = leaves[-2] if has_softmax and len(leaves) > 1 else leaves[-1]
    expected = "linear" if has_softmax else "softmax"
    is_dense = isinstance(last, keras.layers.Dense)
    return last if is_dense and last.activation.__name__ == expected else None


def calibrate(
    model: keras.Model, probabilities: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Fit the temperature on labeled images, and divide the logits of the model by it.

    A model without a layer that computes its logits alone is not changed.

    Args:
        model: The model; its weights are changed.
        probabilities: Its softmax probabilities of the images, float32 (n, 10).
        labels: The digits of the images, int64 (n,).

    Returns:
        The calibrated probabilities of the images, float32 (n, 10).
    """
    layer = find_logits_layer(model)
    if layer is None:
        return probabilities
    temperature = fit_temperature(probabilities, labels)
    divide_logits(layer, temperature)
    return apply_temperature(probabilities, temperature).astype(np.float32)


def divide_logits(layer: keras.Layer, temperature: float) -> None:
    """Divide the logits of a model by a temperature, by changing the weights of a layer.

    Args:
        layer: The layer that `find_logits_layer` returns.
        temperature: The divisor.
    """
    layer.set_weights([weights / temperature for weights in layer.get_weights()])


def fit_digit_thresholds(probabilities: NDArray[np.float32]) -> DigitThresholds:
    """Fit the rejection thresholds, so that together they reject about 0.4 % of further digits.

    Each threshold alone rejects as many of the digits.

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
