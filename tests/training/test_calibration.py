"""Calibration: the temperature and the rejection thresholds of a model."""

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.architectures import build_model
from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS
from mnistcli.inference.digit_score import digit_scores
from mnistcli.inference.temperature import apply_temperature
from mnistcli.training.calibration import (
    divide_logits,
    find_logits_layer,
    fit_digit_thresholds,
    fit_temperature,
)
from tests.support.digit_rejection import is_rejected


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32)


def with_confidence(confidences: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return probabilities whose maximum is as given, 0.1 at least."""
    confidences = confidences.clip(0.1)
    rest = (1 - confidences) / 9
    return np.column_stack([confidences, *[rest] * 9]).astype(np.float32)


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
    probabilities = with_confidence(np.linspace(0.1, 1, 50))

    np.testing.assert_allclose(apply_temperature(probabilities, 1.0), probabilities, atol=1e-6)


def random_digits(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Return probabilities of which the confidence and the digit score are not in one order."""
    confidences = rng.beta(8, 1, count)
    second = (1 - confidences) * rng.uniform(0.1, 1, count)
    rest = (1 - confidences - second) / 8
    columns = [confidences, second, *[rest] * 8]
    return np.stack(columns, axis=1).astype(np.float32)


def test_the_thresholds_together_reject_few_further_digits() -> None:
    rng = np.random.default_rng(0)
    further = random_digits(rng, 20_000)
    rejected = []
    for _ in range(100):
        held_out = random_digits(rng, 6000)
        found = fit_digit_thresholds(held_out)
        # Two digits can have the same rank: one by its confidence, the other by its score.
        assert is_rejected(held_out, found).sum() in {22, 23}
        rejected.append(is_rejected(further, found).mean())

    assert np.mean(rejected) == pytest.approx(0.004, rel=0.1)


def test_each_threshold_rejects_as_many_digits() -> None:
    held_out = random_digits(np.random.default_rng(0), 6000)

    found = fit_digit_thresholds(held_out)

    by_confidence = (held_out.max(axis=1) < found.min_confidence).sum()
    by_score = (digit_scores(held_out) < found.min_digit_score).sum()
    assert 10 < by_confidence == by_score < 23


def test_an_underconfident_model_rejects_as_few() -> None:
    digits = with_confidence(np.linspace(0.15, 0.6, 1000))

    found = fit_digit_thresholds(digits)

    assert found.min_confidence == pytest.approx(digits[3].max())
    assert is_rejected(digits, found).sum() == 3


def test_too_few_digits_for_a_threshold_reject_nothing() -> None:
    assert fit_digit_thresholds(with_confidence(np.full(248, 0.9))) == NO_DIGIT_THRESHOLDS
    found = fit_digit_thresholds(with_confidence(np.full(249, 0.9)))
    assert found.min_confidence == pytest.approx(0.9)
    assert fit_digit_thresholds(np.empty((0, 10), np.float32)) == NO_DIGIT_THRESHOLDS
