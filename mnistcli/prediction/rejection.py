"""Rejection (reject option): compare text confidence, digit score and ignored ink with thresholds.

The classifier abstains: a rejected prediction has no text, but states the reason. The thresholds of
one digit belong to the model (`mnistcli.digit_thresholds`): training fits them
(`mnistcli.training.rejection_thresholds`). Those of numbers are constants here.
"""

from dataclasses import replace
from typing import NamedTuple

from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS, DigitThresholds
from mnistcli.formatting import percent
from mnistcli.prediction.results import Prediction

MIN_NUMBER_CONFIDENCE = 0.6
"""Default threshold of numbers, chosen on amounts on bank checks: see RESULTS.md."""

MIN_PAIR_CONFIDENCE = 0.8
"""Default threshold of two digits, as letters are often read as two: see RESULTS.md."""

_MAX_IGNORED = 0.5  # share of the ink that may lie outside the digits, form elements aside


class Thresholds(NamedTuple):
    """Rejection thresholds of images, by their number of digits.

    Attributes:
        digit: The thresholds of an image with one digit.
        pair: The minimum text confidence of an image with two digits, 0 to 1.
        number: The minimum text confidence of an image with more digits, 0 to 1.
    """

    digit: DigitThresholds = NO_DIGIT_THRESHOLDS
    pair: float = 0.0
    number: float = 0.0

    def min_confidence(self, count: int) -> float:
        """Return the minimum text confidence of an image with this number of digits, from 1."""
        return (self.digit.min_confidence, self.pair, self.number)[min(count, 3) - 1]


NO_THRESHOLDS = Thresholds()
"""Rejects only images without digits."""


def choose_thresholds(
    min_confidence: float | None, model_thresholds: DigitThresholds
) -> Thresholds:
    """Return the thresholds of a prediction.

    Args:
        min_confidence: The minimum text confidence that the user chose, instead of all thresholds;
            None for the defaults.
        model_thresholds: The thresholds of the model, fitted on single digits.
    """
    if min_confidence is None:
        return Thresholds(model_thresholds, MIN_PAIR_CONFIDENCE, MIN_NUMBER_CONFIDENCE)
    return Thresholds(DigitThresholds(min_confidence), min_confidence, min_confidence)


def apply_rejection(prediction: Prediction, thresholds: Thresholds) -> Prediction:
    """Reject a prediction: no digits, low confidence or digit score, or ink mostly outside digits.

    The digit score detects non-digits (out-of-distribution images). It applies only to an image
    with one digit.

    Returns:
        The prediction, with the reason if it is rejected.
    """
    if prediction.error is not None:
        return prediction
    if not prediction.digits:
        return replace(prediction, reason="no digit found")
    min_confidence = thresholds.min_confidence(len(prediction.digits))
    reason = _reason_to_reject(prediction, min_confidence, thresholds.digit.min_digit_score)
    if not reason:
        return prediction
    short_reason = f"{reason}: best guess {prediction.guess_on_one_line}"
    _, confidence = _distinct_percents(min_confidence, prediction.text_confidence)
    reason = f"rejected, {short_reason} ({confidence})"
    return replace(prediction, reason=reason, short_reason=short_reason)


def _reason_to_reject(prediction: Prediction, min_confidence: float, min_digit_score: float) -> str:
    """Return the reason to reject a prediction of at least one digit; empty for none."""
    if prediction.text_confidence < min_confidence:
        limit, _ = _distinct_percents(min_confidence, prediction.text_confidence)
        return f"below {limit}"
    ignored = prediction.content.ignored_fraction
    if min_confidence and ignored > _MAX_IGNORED:
        return f"{percent(ignored, 0)} of the ink is outside the digits"
    if len(prediction.digits) == 1 and prediction.digits[0].digit_score < min_digit_score:
        return "unlike a digit"
    return ""


def _distinct_percents(threshold: float, confidence: float) -> tuple[str, str]:
    """Format a threshold and a confidence below it with enough decimals to differ."""
    for decimals in range(2, 7):
        texts = tuple(percent(value, decimals) for value in (threshold, confidence))
        if texts[0] != texts[1]:
            break
    return texts[0], texts[1]
