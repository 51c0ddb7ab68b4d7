"""Rejection thresholds of a model: fitted on digits, they reject few further ones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS
from mnistcli.inference.digit_score import digit_scores
from mnistcli.training.rejection_thresholds import fit_digit_thresholds
from tests.support.digit_rejection import is_rejected


def with_confidence(confidences: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return probabilities whose maximum is as given, at least 0.1."""
    confidences = confidences.clip(0.1)
    rest = (1 - confidences) / 9
    return np.column_stack([confidences, *[rest] * 9]).astype(np.float32)


def random_digits(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Return probabilities whose confidence and digit score are not in the same order."""
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
