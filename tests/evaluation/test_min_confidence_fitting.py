"""Threshold fitting: the rejection threshold of a model."""

import numpy as np
import pytest

from mnistcli.evaluation import evaluate_probabilities
from mnistcli.evaluation.min_confidence_fitting import fit_min_confidence


def test_the_threshold_is_the_lowest_at_which_enough_predictions_are_right() -> None:
    confidences = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    probabilities = np.zeros((5, 10), np.float32)
    probabilities[:, 3], probabilities[:, 4] = confidences, 1 - confidences - 0.01
    labels = np.array([3, 3, 9, 3, 9])

    fitted = fit_min_confidence(evaluate_probabilities(labels, probabilities), 0.75)

    assert fitted is not None
    assert fitted.min_confidence == pytest.approx(0.6)
    assert (fitted.accuracy, fitted.accepted_fraction) == (0.75, 0.8)
    strict = fit_min_confidence(evaluate_probabilities(labels, probabilities), 1.0)
    assert strict is not None
    assert strict.accepted_fraction == 0.4
    assert fit_min_confidence(evaluate_probabilities(np.full(5, 9), probabilities), 0.5) is None
