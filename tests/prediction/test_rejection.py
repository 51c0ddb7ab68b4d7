"""Rejection of uncertain predictions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.prediction.rejection import Thresholds, apply_rejection, choose_thresholds
from mnistcli.prediction.results import PredictedDigit, Prediction
from mnistcli.preprocessing import Digit, ImageContent
from tests.support.digit_rejection import is_rejected

ONE = DigitThresholds(0.99)


def predicted(digit: int, confidence: float) -> PredictedDigit:
    probabilities = np.full(10, (1 - confidence) / 9)
    probabilities[digit] = confidence
    detected = Digit(np.zeros((28, 28), np.uint8), (0, 0, 1, 1), np.ones((1, 1), bool))
    return PredictedDigit(detected, probabilities)


def prediction(*digits: tuple[int, float], ignored: float = 0) -> Prediction:
    members = tuple(predicted(digit, confidence) for digit, confidence in digits)
    return Prediction(Path("a.png"), members, content=ImageContent((), ignored_fraction=ignored))


@pytest.mark.parametrize(("last", "text"), [(0.8, "77"), (0.6, "")])
def test_a_number_is_predicted_or_rejected_as_a_whole(last: float, text: str) -> None:
    """The probability that all digits are correct counts: 0.72 and 0.54."""
    result = apply_rejection(prediction((7, 0.9), (7, last)), Thresholds(ONE, 0.7, 0.99))

    assert (result.text, result.guess) == (text, "77")
    assert result.reason == ("" if text else "rejected, below 70.00 %: best guess 77 (54.00 %)")


def test_one_uncertain_digit_rejects_a_number() -> None:
    """The plus sign of +73935 was read as a 1. The mean of the digits is 0.875."""
    number = prediction((1, 0.3), *((digit, 0.99) for digit in (7, 3, 9, 3, 5)))

    assert apply_rejection(number, Thresholds(ONE, 0.7, 0.7)).text == ""
    assert apply_rejection(number, Thresholds()).text == "173935"


@pytest.mark.parametrize(
    ("threshold", "confidence", "reason"),
    [
        (0.9998, 0.9995, "rejected, below 99.98 %: best guess 7 (99.95 %)"),
        (0.99984, 0.99981, "rejected, below 99.984 %: best guess 7 (99.981 %)"),
        (1.0, 0.999999, "rejected, below 100.0000 %: best guess 7 (99.9999 %)"),
    ],
)
def test_the_reason_tells_threshold_and_confidence_apart(
    threshold: float, confidence: float, reason: str
) -> None:
    rejected = apply_rejection(prediction((7, confidence)), Thresholds(DigitThresholds(threshold)))

    assert rejected.reason == reason
    assert f"rejected, {rejected.short_reason} (" in reason


def test_an_image_of_which_most_ink_is_in_no_digit_is_rejected() -> None:
    result = apply_rejection(prediction((1, 0.99), ignored=0.6), Thresholds(DigitThresholds(0.7)))

    assert (
        result.reason == "rejected, 60 % of the ink is outside the digits: best guess 1 (99.00 %)"
    )


@pytest.mark.parametrize(("count", "threshold"), [(1, 0.7), (2, 0.8), (3, 0.6), (100, 0.6)])
def test_the_threshold_depends_on_the_number_of_digits(count: int, threshold: float) -> None:
    assert Thresholds(DigitThresholds(0.7), 0.8, 0.6).min_confidence(count) == threshold


def test_a_chosen_threshold_holds_for_digits_and_numbers() -> None:
    model = DigitThresholds(0.7, 0.3)

    assert choose_thresholds(0.9, model) == Thresholds(DigitThresholds(0.9), 0.9, 0.9)
    assert choose_thresholds(0, model) == Thresholds()
    assert choose_thresholds(None, model) == Thresholds(model, 0.8, 0.6)


def test_one_digit_with_a_low_digit_score_is_rejected_although_its_confidence_is_high() -> None:
    """The rest of the probability is spread over all digits, as for a letter."""
    thresholds = Thresholds(DigitThresholds(0.7, 0.5), 0.7, 0.7)

    rejected = apply_rejection(prediction((7, 0.9)), thresholds)
    number = apply_rejection(prediction((7, 0.9), (1, 0.9)), thresholds)

    assert rejected.reason == "rejected, unlike a digit: best guess 7 (90.00 %)"
    assert number.text == "71"
    assert (
        apply_rejection(prediction((7, 0.9)), choose_thresholds(0.7, thresholds.digit)).text == "7"
    )


@pytest.mark.parametrize(
    ("thresholds", "rejected"),
    [
        (DigitThresholds(), [False, False]),
        (DigitThresholds(0.7), [True, False]),
        (DigitThresholds(0, 0.4), [False, True]),
        (DigitThresholds(0.7, 0.4), [True, True]),
    ],
)
def test_each_threshold_rejects(thresholds: DigitThresholds, rejected: list[bool]) -> None:
    """The first digit is ambiguous, the second a non-digit."""
    probabilities = np.array([[0.6, 0.3999, *[0.0001 / 8] * 8], [0.8, *[0.2 / 9] * 9]], np.float32)
    images = [
        Prediction(Path("a.png"), (replace(predicted(0, 1), probabilities=row),))
        for row in probabilities
    ]

    results = [apply_rejection(image, Thresholds(thresholds)) for image in images]

    assert [not result.text for result in results] == rejected
    assert is_rejected(probabilities, thresholds).tolist() == rejected
