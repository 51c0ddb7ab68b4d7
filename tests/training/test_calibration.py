import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.architectures import build_model
from mnistcli.training.calibration import divide_logits, fit_min_confidence, fit_temperature


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
def test_the_temperature_of_made_up_answers_is_found(temperature: float) -> None:
    """Labels are drawn as the true probabilities say; the answers are too sure or not sure enough."""
    generator = np.random.default_rng(0)
    logits = generator.normal(scale=2.0, size=(20_000, 10))
    true = softmax(logits)
    labels = (true.cumsum(axis=1) < generator.random((len(true), 1))).sum(axis=1).clip(max=9)

    found = fit_temperature(softmax(logits * temperature), labels.astype(np.int64))

    assert found == pytest.approx(temperature, rel=0.05)


def test_a_network_that_is_always_right_does_not_become_certain() -> None:
    answers = np.full((50, 10), 0.05, np.float32)
    answers[:, 3] = 0.55

    assert fit_temperature(answers, np.full(50, 3)) == pytest.approx(0.25, rel=0.05)


def test_dividing_logits_changes_how_sure_it_is_and_no_answer() -> None:
    network = build_model("fast")
    images = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    before = keras.ops.convert_to_numpy(network(images))

    divide_logits(network, 0.5)

    after = keras.ops.convert_to_numpy(network(images))
    np.testing.assert_array_equal(after.argmax(axis=1), before.argmax(axis=1))
    np.testing.assert_allclose(after, softmax(2 * np.log(before)), atol=1e-5)


def surest(confidences: NDArray[np.float64]) -> NDArray[np.float32]:
    """Probabilities of which the largest is as given, 0.1 at least."""
    confidences = confidences.clip(0.1)
    rest = (1 - confidences) / 9
    return np.column_stack([confidences, *[rest] * 9]).astype(np.float32)


def test_few_further_digits_are_refused() -> None:
    generator = np.random.default_rng(0)
    further = generator.beta(8, 1, 100_000)
    refused = []
    for _ in range(20):
        held_out = surest(generator.beta(8, 1, 6000))
        found = fit_min_confidence(held_out)
        assert (held_out.max(axis=1) < found).sum() == 23
        refused.append((further < found).mean())

    assert np.mean(refused) == pytest.approx(0.004, rel=0.1)


def test_a_network_that_is_never_sure_refuses_no_more() -> None:
    confidences = np.linspace(0.15, 0.6, 1000)

    assert fit_min_confidence(surest(confidences)) == pytest.approx(confidences[3])


def test_nothing_is_refused_on_the_word_of_a_few_images() -> None:
    assert fit_min_confidence(surest(np.full(200, 0.9))) == 0
    assert fit_min_confidence(np.empty((0, 10), np.float32)) == 0
