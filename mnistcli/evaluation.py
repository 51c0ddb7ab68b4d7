"""How well a classifier reads a data set, in scikit-learn's numbers."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from mnistcli.config import CLASSES
from mnistcli.datasets import Dataset
from mnistcli.errors import CheckpointError, DataError
from mnistcli.inference.classifier import Predictor
from mnistcli.inference.ensemble import Ensemble

CALIBRATION_BINS = 15
# Keras keeps probabilities this far from 0 and 1 before it takes the logarithm.
EPSILON = 1e-7


@dataclass(frozen=True)
class Confused:
    """One kind of mistake.

    Attributes:
        true: The digit that it is.
        predicted: The digit that it was taken for.
        count: How many images.
    """

    true: int
    predicted: int
    count: int


@dataclass(frozen=True)
class ClassScores:
    """How well one digit is read.

    Attributes:
        digit: The digit, 0 to 9.
        precision: Share of the images read as this digit that are this digit.
        recall: Share of the images of this digit that are read as it.
        f1: Harmonic mean of the two.
        support: Images of this digit.
    """

    digit: int
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a classifier made of a data set of n images.

    A share with nothing to divide by, such as the recall of a digit the data set has no image
    of, is 0. The macro average is over the digits that occur in the labels or the predictions
    and weighs them alike; the weighted average weighs them by support.

    Attributes:
        samples: The number of images, n.
        accuracy: Share of the images that are read correctly, 0..1.
        loss: Mean cross-entropy in nats, with Keras' clipping of the probabilities.
        macro_precision: Macro average of the precision.
        macro_recall: Macro average of the recall.
        macro_f1: Macro average of F1.
        weighted_precision: Weighted average of the precision.
        weighted_recall: Weighted average of the recall.
        weighted_f1: Weighted average of F1.
        per_class: The scores of the digits 0 to 9.
        confusion_matrix: Counts, int64 (10, 10); a row is a true digit, a column a predicted one.
        calibration_error: Expected calibration error, 0..1: the mean gap between the confidence
            and the accuracy, over 15 confidence bins of equal width (Guo et al., "On calibration
            of modern neural networks", ICML 2017, equation 3).
        probabilities: What the classifier answered, float32 (n, 10).
        labels: The truth, int64 (n,).
        members: What each member of an ensemble made of it; empty for a single network.
    """

    samples: int
    accuracy: float
    loss: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    weighted_precision: float
    weighted_recall: float
    weighted_f1: float
    per_class: tuple[ClassScores, ...]
    confusion_matrix: NDArray[np.int64]
    calibration_error: float
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    members: tuple["Evaluation", ...] = ()

    @property
    def member_accuracy(self) -> tuple[float, float]:
        """Mean and standard deviation (n - 1) of the accuracy of an ensemble's members."""
        accuracies = [member.accuracy for member in self.members]
        return float(np.mean(accuracies)), float(np.std(accuracies, ddof=1))

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The digit with the highest probability for each image, int64 (n,)."""
        predicted: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return predicted

    def most_confused(self, k: int = 5) -> list[Confused]:
        """Return up to `k` kinds of mistake that occurred, the most frequent first."""
        errors = self.confusion_matrix.copy()
        np.fill_diagonal(errors, 0)
        pairs = [
            Confused(int(true), int(predicted), int(errors[true, predicted]))
            for true, predicted in np.argwhere(errors)
        ]
        return sorted(pairs, key=lambda pair: -pair.count)[:k]

    @property
    def summary(self) -> dict[str, float]:
        """The scores over all digits, by name."""
        return {
            "accuracy": self.accuracy,
            "loss": self.loss,
            "macro_f1": self.macro_f1,
            "weighted_f1": self.weighted_f1,
            "calibration_error": self.calibration_error,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the scores, without the answer to each image, as plain values for JSON."""
        scores: dict[str, Any] = {"samples": self.samples, **self.summary}
        scores["per_class"] = [vars(one).copy() for one in self.per_class]
        scores["confusion_matrix"] = self.confusion_matrix.tolist()
        if self.members:
            mean, deviation = self.member_accuracy
            scores["members"] = [member.summary for member in self.members]
            scores["member_accuracy_mean"] = mean
            scores["member_accuracy_sd"] = deviation
        return scores


def evaluate(classifier: Predictor, dataset: Dataset) -> Evaluation:
    """Let a classifier read a data set and score its answers.

    Args:
        classifier: What turns images, uint8 (n, 28, 28), into probabilities, float32 (n, 10); of an
            ensemble, each member is scored too.
        dataset: Images and the digits on them.

    Raises:
        DataError: The data set is empty.
        CheckpointError: The classifier answers NaN, as one does whose training diverged.
    """
    if not len(dataset):
        raise DataError(
            "the data set has no image to evaluate on", hint="mnistcli evaluate --dataset digits"
        )
    if isinstance(classifier, Ensemble):
        members = tuple(evaluate(member, dataset) for member in classifier.members)
        return combined(members)
    return score(dataset.labels, classifier.predict(dataset.images))


def combined(members: tuple[Evaluation, ...]) -> Evaluation:
    """Score what an ensemble answers, given what each member answered to the same images."""
    answer = Ensemble.average([member.probabilities for member in members])
    return replace(score(members[0].labels, answer), members=members)


def score(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> Evaluation:
    """Compute the metrics of probabilities that have been predicted already.

    Args:
        labels: True digits, int64 (n,).
        probabilities: float32 (n, 10).

    Raises:
        CheckpointError: A probability is NaN.
    """
    if not np.isfinite(probabilities).all():
        raise CheckpointError(
            "the model answers with NaN: its training diverged",
            hint="mnistcli train --learning-rate 0.001",
        )
    predicted = probabilities.argmax(axis=1)
    macro, weighted = (
        [float(score) for score in _scores(labels, predicted, average=average)[:3]]
        for average in ("macro", "weighted")
    )
    return Evaluation(
        samples=len(labels),
        accuracy=float(np.mean(predicted == labels)),
        loss=_cross_entropy(labels, probabilities),
        macro_precision=macro[0],
        macro_recall=macro[1],
        macro_f1=macro[2],
        weighted_precision=weighted[0],
        weighted_recall=weighted[1],
        weighted_f1=weighted[2],
        per_class=_per_class(labels, predicted),
        confusion_matrix=confusion_matrix(labels, predicted, labels=range(CLASSES)),
        calibration_error=_calibration_error(labels, probabilities),
        probabilities=probabilities,
        labels=labels,
    )


def _per_class(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> tuple[ClassScores, ...]:
    columns = _scores(labels, predicted, labels=range(CLASSES))
    return tuple(
        ClassScores(digit, float(precision), float(recall), float(f1), int(support))
        for digit, (precision, recall, f1, support) in enumerate(zip(*columns, strict=True))
    )


def _scores(*answers: NDArray[np.int64], **how: object) -> tuple[Any, ...]:
    """Return precision, recall, F1 and support; 0 where there is nothing to divide by."""
    scores: tuple[Any, ...] = precision_recall_fscore_support(*answers, zero_division=0, **how)
    return scores


def _cross_entropy(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(of_truth.clip(EPSILON, 1 - EPSILON)).mean())


def _calibration_error(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    # Bin b holds the confidences in (b / bins, (b + 1) / bins].
    bins = np.ceil(confidence * CALIBRATION_BINS).clip(1, CALIBRATION_BINS).astype(np.int64) - 1
    # |accuracy - mean confidence| of a bin, times its share of the images, is |sum| / n.
    gaps = np.bincount(bins, weights=right - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))
