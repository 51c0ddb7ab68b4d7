"""Metrics, on predictions that are few enough to compute the metrics by hand."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import f1_score, log_loss

from mnistcli.datasets import Dataset
from mnistcli.errors import DataError, ModelError
from mnistcli.evaluation import (
    ClassScores,
    ConfusedPair,
    Evaluation,
    evaluate,
    evaluate_ensemble,
    evaluate_probabilities,
)
from mnistcli.inference.ensemble import Ensemble


class FixedClassifier:
    """A classifier that returns the same probabilities for all images."""

    def __init__(self, probabilities: ArrayLike) -> None:
        self.probabilities = np.asarray(probabilities, np.float32)

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        assert images.dtype == np.uint8
        assert images.shape == (len(self.probabilities), 28, 28)
        return self.probabilities


def make_dataset(labels: Sequence[int] | NDArray[np.int64]) -> Dataset:
    """Return a dataset of black images."""
    labels = np.asarray(labels, np.int64)
    return Dataset(np.zeros((len(labels), 28, 28), np.uint8), labels)


def one_hot(digits: Sequence[int], confidence: float = 1.0) -> NDArray[np.float32]:
    """Return probabilities with the same confidence for each digit, the rest spread evenly."""
    probabilities = np.full((len(digits), 10), (1 - confidence) / 9, np.float32)
    probabilities[np.arange(len(digits)), digits] = confidence
    return probabilities


def evaluate_fixed(
    labels: Sequence[int], predicted: Sequence[int], confidence: float = 1.0
) -> Evaluation:
    classifier = FixedClassifier(one_hot(predicted, confidence))
    return evaluate(classifier, make_dataset(labels))


def test_perfect_predictions_have_perfect_scores() -> None:
    result = evaluate_fixed(range(10), range(10))
    assert (result.samples, result.accuracy, result.macro_f1, result.weighted_f1) == (10, 1, 1, 1)
    assert result.per_class == tuple(ClassScores(digit, 1, 1, 1, 1) for digit in range(10))
    assert result.confusion_matrix.tolist() == np.eye(10).tolist()
    assert result.calibration_error == 0
    assert result.most_confused() == []
    # Keras clips probabilities to at most 1 - 1e-7.
    assert result.loss == pytest.approx(1e-7, rel=1e-3)


def test_scores_agree_with_those_computed_by_hand() -> None:
    # 0 is predicted 3 times, 2 of them correctly; 1 is predicted for one of two images.
    result = evaluate_fixed([0, 0, 1, 1], [0, 0, 0, 1])
    zero, one = result.per_class[:2]
    assert zero.precision == pytest.approx(2 / 3)
    assert (zero.recall, zero.support) == (1, 2)
    assert zero.f1 == pytest.approx(0.8)
    assert (one.precision, one.recall, one.support) == (1, 0.5, 2)
    assert one.f1 == pytest.approx(2 / 3)
    assert result.accuracy == 0.75
    assert result.macro_precision == result.weighted_precision == pytest.approx(5 / 6)
    assert result.macro_recall == result.weighted_recall == pytest.approx(0.75)
    assert result.macro_f1 == result.weighted_f1 == pytest.approx((0.8 + 2 / 3) / 2)


def test_weighted_averages_are_weighted_by_support() -> None:
    result = evaluate_fixed([0, 0, 0, 1], [0, 0, 0, 0])
    assert result.macro_recall == 0.5
    assert result.weighted_recall == 0.75
    assert result.macro_precision == pytest.approx(0.375)
    assert result.weighted_precision == pytest.approx(0.75 * 0.75)


def test_a_digit_without_images_and_predictions_has_scores_of_zero() -> None:
    result = evaluate_fixed([3, 3, 7], [3, 8, 7])
    assert result.per_class[0] == ClassScores(0, 0, 0, 0, 0)
    assert result.per_class[8] == ClassScores(8, 0, 0, 0, 0)
    # The macro average is over 3, 7 and 8, as in scikit-learn by default.
    assert result.macro_f1 == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert result.macro_f1 == pytest.approx(f1_score([3, 3, 7], [3, 8, 7], average="macro"))
    assert result.confusion_matrix.shape == (10, 10)
    assert result.confusion_matrix.sum() == 3


def test_a_single_image_is_evaluated() -> None:
    result = evaluate_fixed([4], [9], 0.6)
    assert result.accuracy == result.macro_f1 == result.weighted_f1 == 0
    assert result.calibration_error == pytest.approx(0.6)
    assert result.most_confused() == [ConfusedPair(4, 9, 1)]


def test_loss_is_mean_cross_entropy() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(10), 50)
    labels = rng.integers(0, 10, 50)
    result = evaluate(FixedClassifier(probabilities), make_dataset(labels))
    assert result.loss == pytest.approx(log_loss(labels, probabilities, labels=range(10)), rel=1e-6)


def test_loss_is_clipped_as_in_keras() -> None:
    assert evaluate_fixed([0], [1]).loss == pytest.approx(-math.log(1e-7))


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    # In the bin of 0.8, 3 of 5 are correct; in the bin of 0.5, 1 of 5.
    labels = [0, 0, 0, 1, 1, 2, 3, 3, 3, 3]
    probabilities = np.concatenate([one_hot([0] * 5, 0.8), one_hot([2] * 5, 0.5)])
    result = evaluate(FixedClassifier(probabilities), make_dataset(labels))
    assert result.calibration_error == pytest.approx((0.2 + 0.3) / 2)


def test_gaps_of_opposite_sign_do_not_cancel_between_bins() -> None:
    # 0.8 is too low by 0.2, 0.6 too high by 0.2.
    labels = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    probabilities = np.concatenate([one_hot([0] * 5, 0.8), one_hot([0] * 5, 0.6)])
    result = evaluate(FixedClassifier(probabilities), make_dataset(labels))
    assert result.calibration_error == pytest.approx(0.2)


def test_the_most_confused_pairs_come_first() -> None:
    result = evaluate_fixed(
        [4] * 5 + [9] * 3 + [2] * 2 + [3] * 2, [9] * 3 + [4] * 2 + [4] * 3 + [7] * 4
    )
    assert result.most_confused() == [
        ConfusedPair(4, 9, 3),
        ConfusedPair(9, 4, 3),
        ConfusedPair(2, 7, 2),
        ConfusedPair(3, 7, 2),
    ]
    assert result.most_confused(2) == [ConfusedPair(4, 9, 3), ConfusedPair(9, 4, 3)]
    assert result.confusion_matrix[4, 4] == 2  # unchanged


def test_predictions_and_labels_are_kept() -> None:
    result = evaluate_fixed([4, 5], [9, 5])
    assert result.predicted.tolist() == [9, 5]
    assert result.labels.tolist() == [4, 5]
    assert result.probabilities.shape == (2, 10)


def test_the_metrics_are_plain_values_for_json() -> None:
    result = evaluate_fixed([0, 1, 1, 2], [0, 1, 2, 2], 0.9)
    content = result.as_dict()
    assert list(content) == [
        "samples",
        "accuracy",
        "loss",
        "macro_f1",
        "weighted_f1",
        "calibration_error",
        "per_class",
        "confusion_matrix",
    ]
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["samples"] == 4
    assert content["accuracy"] == 0.75
    assert content["confusion_matrix"][1] == [0, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert [row["digit"] for row in content["per_class"]] == list(range(10))
    assert content["per_class"][1] == {
        "digit": 1,
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }


def test_an_empty_dataset_is_an_error() -> None:
    with pytest.raises(DataError) as caught:
        evaluate(FixedClassifier(np.empty((0, 10))), make_dataset([]))
    assert caught.value.message == "the dataset has no images to evaluate on"
    assert caught.value.hint == "--dataset digits"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_probabilities_that_are_not_finite(value: float) -> None:
    with pytest.raises(ModelError) as caught:
        evaluate(FixedClassifier(np.full((2, 10), value)), make_dataset([0, 1]))
    assert caught.value.message == "the model outputs NaN; its training diverged"
    assert caught.value.hint == "--model pretrained"


def test_mistakes_are_indices_in_the_dataset_the_most_confident_first() -> None:
    probabilities = np.concatenate(
        [one_hot([3], 0.9), one_hot([4], 0.6), one_hot([5, 6], 0.8), one_hot([7], 0.99)]
    )

    result = evaluate_probabilities(np.array([3, 9, 9, 9, 7]), probabilities)

    assert result.mistakes.tolist() == [2, 3, 1]


def test_an_ensemble_is_evaluated_with_its_members() -> None:
    members = [FixedClassifier(one_hot([3, 3], 0.6)), FixedClassifier(one_hot([5, 3], 0.9))]

    result = evaluate(Ensemble(members), make_dataset([5, 3]))

    assert [member.accuracy for member in result.members] == [0.5, 1]
    assert result.predicted.tolist() == [5, 3]
    assert result.member_accuracy == pytest.approx((0.75, math.sqrt(0.125)))
    again = evaluate_ensemble(result.members)
    np.testing.assert_array_equal(again.probabilities, result.probabilities)
    content = result.as_dict()
    assert content["member_accuracy_mean"] == 0.75
    assert [member["accuracy"] for member in content["members"]] == [0.5, 1]


def test_an_evaluation_is_printed_as_one_line() -> None:
    assert repr(evaluate_fixed([0, 1, 1, 2], [0, 1, 2, 2], 0.9)).startswith(
        "Evaluation(samples=4, accuracy=0.7500, loss="
    )


def test_constant_and_random_predictions_are_at_chance() -> None:
    labels = np.arange(1000) % 10
    constant = np.eye(10, dtype=np.float32)[np.full(1000, 7)]
    noise = np.random.default_rng(0).permutation(labels)

    assert evaluate_probabilities(labels, constant).is_at_chance
    assert evaluate_probabilities(labels, np.eye(10, dtype=np.float32)[noise]).is_at_chance
    better = np.where(np.arange(1000) < 100, labels, noise)
    assert not evaluate_probabilities(labels, np.eye(10, dtype=np.float32)[better]).is_at_chance


def test_one_digit_alone_is_never_at_chance() -> None:
    assert not evaluate_probabilities(
        np.full(5, 7), np.eye(10, dtype=np.float32)[np.full(5, 7)]
    ).is_at_chance
