"""What a data set's scores are, on answers small enough to work out by hand."""

import json
import math

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss

from mnistcli.datasets import Dataset
from mnistcli.errors import CheckpointError, DataError
from mnistcli.evaluation import ClassScores, Confused, evaluate


class Answers:
    """A classifier that gives the same answers to whatever it is asked."""

    def __init__(self, probabilities):
        self.probabilities = np.asarray(probabilities, np.float32)

    def predict(self, images):
        assert images.dtype == np.uint8
        assert images.shape == (len(self.probabilities), 28, 28)
        return self.probabilities


def dataset(labels):
    labels = np.asarray(labels, np.int64)
    return Dataset(np.zeros((len(labels), 28, 28), np.uint8), labels)


def sure(digits, confidence=1.0):
    """Probabilities of answers that are all as sure, the rest spread evenly."""
    probabilities = np.full((len(digits), 10), (1 - confidence) / 9)
    probabilities[np.arange(len(digits)), digits] = confidence
    return probabilities


def score(labels, predicted, confidence=1.0):
    return evaluate(Answers(sure(predicted, confidence)), dataset(labels))


def test_all_right():
    result = score(range(10), range(10))
    assert (result.samples, result.accuracy, result.macro_f1, result.weighted_f1) == (10, 1, 1, 1)
    assert result.per_class == tuple(ClassScores(digit, 1, 1, 1, 1) for digit in range(10))
    assert result.confusion_matrix.tolist() == np.eye(10).tolist()
    assert result.calibration_error == 0
    assert result.most_confused() == []
    # Keras never takes the logarithm of 1 - 1e-7 < p.
    assert result.loss == pytest.approx(1e-7, rel=1e-3)


def test_averages_by_hand():
    # 0 is read 3 times, twice rightly; 1 once, rightly, of the 2 there are.
    result = score([0, 0, 1, 1], [0, 0, 0, 1])
    zero, one = result.per_class[:2]
    assert (zero.precision, zero.recall, zero.f1, zero.support) == (
        pytest.approx(2 / 3),
        1,
        pytest.approx(0.8),
        2,
    )
    assert (one.precision, one.recall, one.f1, one.support) == (1, 0.5, pytest.approx(2 / 3), 2)
    assert result.accuracy == 0.75
    assert result.macro_precision == result.weighted_precision == pytest.approx(5 / 6)
    assert result.macro_recall == result.weighted_recall == pytest.approx(0.75)
    assert result.macro_f1 == result.weighted_f1 == pytest.approx((0.8 + 2 / 3) / 2)


def test_weights_by_support():
    result = score([0, 0, 0, 1], [0, 0, 0, 0])
    assert result.macro_recall == 0.5
    assert result.weighted_recall == 0.75
    assert result.macro_precision == pytest.approx(0.375)
    assert result.weighted_precision == pytest.approx(0.75 * 0.75)


def test_absent_digits():
    result = score([3, 3, 7], [3, 8, 7])
    assert result.per_class[0] == ClassScores(0, 0, 0, 0, 0)
    assert result.per_class[8] == ClassScores(8, 0, 0, 0, 0)
    # The macro average is over 3, 7 and 8, as scikit-learn has it by default.
    assert result.macro_f1 == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert result.macro_f1 == pytest.approx(f1_score([3, 3, 7], [3, 8, 7], average="macro"))
    assert result.confusion_matrix.shape == (10, 10)
    assert result.confusion_matrix.sum() == 3


def test_single_image():
    result = score([4], [9], 0.6)
    assert result.accuracy == result.macro_f1 == result.weighted_f1 == 0
    assert result.calibration_error == pytest.approx(0.6)
    assert result.most_confused() == [Confused(4, 9, 1)]


def test_loss_is_mean_cross_entropy():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(10), 50)
    labels = rng.integers(0, 10, 50)
    result = evaluate(Answers(probabilities), dataset(labels))
    assert result.loss == pytest.approx(log_loss(labels, probabilities, labels=range(10)), rel=1e-6)


def test_loss_is_clipped_where_keras_clips():
    assert score([0], [1]).loss == pytest.approx(-math.log(1e-7))


def test_calibration_error():
    # In the bin of 0.8, 3 of 5 are right; in the bin of 0.5, 1 of 5.
    labels = [0, 0, 0, 1, 1, 2, 3, 3, 3, 3]
    probabilities = np.concatenate([sure([0] * 5, 0.8), sure([2] * 5, 0.5)])
    result = evaluate(Answers(probabilities), dataset(labels))
    assert result.calibration_error == pytest.approx((0.2 + 0.3) / 2)


def test_calibration_bins_do_not_mix():
    # Over and under by 0.2 each: the gaps of two bins add up and do not cancel.
    labels = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    probabilities = np.concatenate([sure([0] * 5, 0.8), sure([0] * 5, 0.6)])
    result = evaluate(Answers(probabilities), dataset(labels))
    assert result.calibration_error == pytest.approx(0.2)


def test_most_confused():
    result = score([4] * 5 + [9] * 3 + [2] * 2 + [3] * 2, [9] * 3 + [4] * 2 + [4] * 3 + [7] * 4)
    assert result.most_confused() == [
        Confused(4, 9, 3),
        Confused(9, 4, 3),
        Confused(2, 7, 2),
        Confused(3, 7, 2),
    ]
    assert result.most_confused(2) == [Confused(4, 9, 3), Confused(9, 4, 3)]
    assert result.confusion_matrix[4, 4] == 2  # as it was


def test_answers_are_kept():
    result = score([4, 5], [9, 5])
    assert result.predicted.tolist() == [9, 5]
    assert result.labels.tolist() == [4, 5]
    assert result.probabilities.shape == (2, 10)


def test_as_dict_is_plain():
    result = score([0, 1, 1, 2], [0, 1, 2, 2], 0.9)
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


def test_empty_dataset():
    with pytest.raises(DataError) as caught:
        evaluate(Answers(np.empty((0, 10))), dataset([]))
    assert caught.value.message == "the data set has no image to evaluate on"
    assert caught.value.hint == "mnistcli evaluate --dataset digits"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_model_without_numbers(value):
    with pytest.raises(CheckpointError) as caught:
        evaluate(Answers(np.full((2, 10), value)), dataset([0, 1]))
    assert caught.value.message == "the model answers with NaN: its training diverged"
    assert caught.value.hint == "mnistcli train --learning-rate 0.001"
