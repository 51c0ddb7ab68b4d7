"""Calibration: temperature scaling of the confidence.

Label smoothing makes a model underconfident. Dividing its logits by a temperature, fitted on
labeled images and folded into the last layer, corrects the confidence and changes no prediction
(Guo et al., "On calibration of modern neural networks", ICML 2017).
"""

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from mnistcli.architectures import leaf_layers
from mnistcli.inference.temperature import apply_temperature, to_logits

# Range of the logarithm of the temperature: wide enough for any training, and narrow enough that a
# few correctly classified images cannot make a model certain.
_LOG_TEMPERATURE_RANGE = (np.log(0.25), np.log(4.0))


def fit_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Fit the temperature with the lowest cross-entropy (negative log-likelihood).

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
