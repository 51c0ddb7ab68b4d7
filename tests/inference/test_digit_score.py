"""Digit score (out-of-distribution score): how much an image resembles a digit."""

import numpy as np
from numpy.typing import NDArray

from mnistcli.inference.digit_score import digit_scores


def spread(*likely: float) -> NDArray[np.float32]:
    """Return probabilities with these values; the rest is spread over the other digits."""
    rest = (1 - sum(likely)) / (10 - len(likely))
    return np.array([*likely, *[rest] * (10 - len(likely))], np.float32)


def test_the_score_is_1_for_a_certain_digit_and_a_tenth_for_equal_probabilities() -> None:
    scores = digit_scores(np.stack([spread(1.0), spread()]))

    np.testing.assert_allclose(scores, [1, 0.1], atol=1e-3)
    assert scores.dtype == np.float64


def test_an_ambiguous_digit_has_a_higher_score_than_a_non_digit() -> None:
    """The confidence has the opposite order."""
    ambiguous, non_digit = spread(0.6, 0.3999), spread(0.8)

    of_ambiguous, of_non_digit = digit_scores(np.stack([ambiguous, non_digit]))

    assert of_ambiguous > 0.45 > 0.35 > of_non_digit
    assert ambiguous.max() < non_digit.max()
