"""Calibration: the temperature of a model (temperature scaling)."""

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.architectures import build_model
from mnistcli.inference.temperature import apply_temperature
from mnistcli.training.calibration import (
    divide_logits,
    find_logits_layer,
    fit_temperature,
)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32)


@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
def test_the_temperature_of_miscalibrated_probabilities_is_found(temperature: float) -> None:
    """Labels are drawn from the true probabilities; the others are over- or underconfident."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2.0, size=(20_000, 10))
    true = softmax(logits)
    labels = (true.cumsum(axis=1) < rng.random((len(true), 1))).sum(axis=1).clip(max=9)

    found = fit_temperature(softmax(logits * temperature), labels.astype(np.int64))

    assert found == pytest.approx(temperature, rel=0.05)


def test_a_model_without_errors_does_not_become_certain() -> None:
    probabilities = np.full((50, 10), 0.05, np.float32)
    probabilities[:, 3] = 0.55

    assert fit_temperature(probabilities, np.full(50, 3)) == pytest.approx(0.25, rel=0.05)


def test_dividing_the_logits_changes_the_confidence_and_no_prediction() -> None:
    model = build_model("fast")
    images = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    before = keras.ops.convert_to_numpy(model(images))

    divide_logits(model.layers[-1], 0.5)

    after = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_array_equal(after.argmax(axis=1), before.argmax(axis=1))
    np.testing.assert_allclose(after, softmax(2 * np.log(before)), atol=1e-5)
    np.testing.assert_allclose(after, apply_temperature(before, 0.5), atol=1e-6)


def test_the_layer_of_the_logits_is_found_before_a_separate_softmax() -> None:
    inner = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10, name="logits")])
    separate = keras.Sequential([keras.Input((10,)), inner, keras.layers.Softmax()])
    sigmoid = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10, "sigmoid")])

    layers = [find_logits_layer(model) for model in (build_model("fast"), separate, sigmoid, inner)]

    assert [layer and layer.activation.__name__ for layer in layers] == [
        "softmax", "linear", None, None,
    ]  # fmt: skip


def test_a_temperature_of_1_changes_nothing() -> None:
    probabilities = softmax(np.random.default_rng(0).normal(scale=3.0, size=(50, 10)))

    np.testing.assert_allclose(apply_temperature(probabilities, 1.0), probabilities, atol=1e-6)
