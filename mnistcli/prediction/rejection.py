"""Rejection: whether a prediction is confident enough, and the reason if it is not."""

from dataclasses import replace
from typing import NamedTuple

from mnistcli.formatting import percent
from mnistcli.prediction.results import Prediction

MIN_TEXT_CONFIDENCE = 0.6
"""Default threshold of numbers, chosen on cheque amounts: see RESULTS.md."""

MIN_PAIR_CONFIDENCE = 0.8
"""Default threshold of two digits, as letters are often read as two: see RESULTS.md."""

_MAX_IGNORED = 0.5  # of the foreground


class Thresholds(NamedTuple):
    """Rejection thresholds, 0 to 1; images with a lower `Prediction.text_confidence` are rejected.

    Attributes:
        digit: The threshold of an image with one digit.
        pair: The threshold of an image with two digits.
        number: The threshold of an image with more digits.
    """

    digit: float = 0.0
    pair: float = 0.0
    number: float = 0.0

    def for_count(self, count: int) -> float:
        """Return the threshold of an image with this number of digits, at least one."""
        return self[min(count, len(self)) - 1]


NO_THRESHOLDS = Thresholds()
"""Rejects only images without digits."""


def choose_thresholds(min_confidence: float | None, model_min_confidence: float) -> Thresholds:
    """Return the thresholds of a prediction.

    Args:
        min_confidence: The threshold that the user chose; None for the defaults.
        model_min_confidence: The threshold of the model, fitted on single digits.
    """
    if min_confidence is None:
        return Thresholds(model_min_confidence, MIN_PAIR_CONFIDENCE, MIN_TEXT_CONFIDENCE)
    return Thresholds(min_confidence, min_confidence, min_confidence)


def apply_rejection(prediction: Prediction, thresholds: Thresholds) -> Prediction:
    """Reject a prediction without digits, with a low confidence, or of a small part of the ink.

    Returns:
        The prediction, with the reason if it is rejected.
    """
    if prediction.error is not None:
        return prediction
    if not prediction.digits:
        return replace(prediction, reason="no digit found")
    threshold = thresholds.for_count(len(prediction.digits))
    short_reason = _reason_to_reject(prediction, threshold)
    if not short_reason:
        return prediction
    _, confidence = _distinct_percents(threshold, prediction.text_confidence)
    reason = f"rejected, {short_reason} ({confidence})"
    return replace(prediction, reason=reason, short_reason=short_reason)


def _reason_to_reject(prediction: Prediction, threshold: float) -> str:
    """Return the reason to reject a prediction of at least one digit; empty for none."""
    guess = prediction.guess_on_one_line
    if prediction.text_confidence < threshold:
        limit, _ = _distinct_percents(threshold, prediction.text_confidence)
        return f"below {limit}: best guess {guess}"
    ignored = prediction.content.ignored_fraction
    if threshold and ignored > _MAX_IGNORED:
        return f"{percent(ignored, 0)} of the ink is in no digit: best guess {guess}"
    return ""


def _distinct_percents(threshold: float, confidence: float) -> tuple[str, str]:
    """Format a threshold and a confidence below it with enough decimals to differ."""
    for decimals in range(2, 7):
        texts = tuple(percent(value, decimals) for value in (threshold, confidence))
        if texts[0] != texts[1]:
            break
    return texts[0], texts[1]
