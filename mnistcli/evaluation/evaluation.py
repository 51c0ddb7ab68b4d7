"""Evaluation: accuracy, loss, F1, confusion matrix and calibration of a classifier on a dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from mnistcli.datasets import Dataset
from mnistcli.errors import OTHER_DATASET, OTHER_MODEL, DataError, ModelError
from mnistcli.inference.digit_classifier import PROBABILITY_EPSILON, DigitClassifier
from mnistcli.inference.ensemble import Ensemble
from mnistcli.mnist_format import NUM_CLASSES

CALIBRATION_BINS = 15


@dataclass(frozen=True)
class ConfusedPair:
    """An off-diagonal cell of the confusion matrix: one kind of mistake.

    Attributes:
        true: The true digit.
        predicted: The predicted digit.
        count: The number of images.
    """

    true: int
    predicted: int
    count: int


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of one digit.

    Attributes:
        digit: The digit, 0 to 9.
        precision: Fraction of the images predicted as this digit that are this digit.
        recall: Fraction of the images of this digit that are predicted as it.
        f1: Harmonic mean of precision and recall.
        support: Number of images of this digit.
    """

    digit: int
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The metrics of a classifier on a dataset of n images.

    A score with a zero denominator, such as the recall of a digit that the dataset does not
    contain, is 0. Macro averages are the plain mean over the digits that occur in the labels or the
    predictions; weighted averages are weighted by support.

    Attributes:
        samples: Number of images, n.
        accuracy: Fraction of the images that are predicted correctly, 0..1.
        loss: Mean cross-entropy (log loss) in nats, with probabilities clipped as in Keras.
        macro_precision: Macro average of the precision.
        macro_recall: Macro average of the recall.
        macro_f1: Macro average of F1.
        weighted_precision: Weighted average of the precision.
        weighted_recall: Weighted average of the recall.
        weighted_f1: Weighted average of F1.
        per_class: The scores of the digits 0 to 9.
        confusion_matrix: Counts, int64 (10, 10); rows are true digits, columns predicted digits.
        calibration_error: Expected calibration error (ECE), 0..1: mean difference between
            confidence and accuracy, over 15 confidence bins of equal width (Guo et al., "On
            calibration of modern neural networks", ICML 2017, equation 3).
        probabilities: Probabilities of each image, float32 (n, 10).
        labels: True digits, int64 (n,).
        members: The evaluation of each member of an ensemble; empty for a single model.
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

    def __repr__(self) -> str:
        metrics = ", ".join(f"{name}={value:.4f}" for name, value in self.summary.items())
        return f"Evaluation(samples={self.samples}, {metrics})"

    @property
    def member_accuracy(self) -> tuple[float, float]:
        """Mean and standard deviation (n - 1) of the accuracy of the members of an ensemble."""
        accuracies = [member.accuracy for member in self.members]
        return float(np.mean(accuracies)), float(np.std(accuracies, ddof=1))

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most likely digit of each image, int64 (n,)."""
        predicted: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return predicted

    @property
    def mistakes(self) -> NDArray[np.intp]:
        """The indices of the misclassified images in the dataset, the most confident first."""
        indices = np.flatnonzero(self.predicted != self.labels)
        return indices[np.argsort(-self.probabilities[indices].max(axis=1), kind="stable")]

    def most_confused(self, k: int = 5) -> list[ConfusedPair]:
        """Return up to `k` pairs of digits that were confused, the most frequent first."""
        errors = self.confusion_matrix.copy()
        np.fill_diagonal(errors, 0)
        pairs = [
            ConfusedPair(int(true), int(predicted), int(errors[true, predicted]))
            for true, predicted in np.argwhere(errors)
        ]
        return sorted(pairs, key=lambda pair: -pair.count)[:k]

    @property
    def is_at_chance(self) -> bool:
        """Whether the predictions are no better than chance.

        The mean recall of the digits that occur is compared with the recall of guessing, 1 / k for
        k digits, plus two standard errors.
        """
        present = [scores for scores in self.per_class if scores.support]
        guess = 1 / len(present)
        variance = sum(guess * (1 - guess) / scores.support for scores in present)
        chance = guess + 2 * variance**0.5 / len(present)
        recall = float(np.mean([scores.recall for scores in present]))
        return len(present) > 1 and recall <= chance

    @property
    def summary(self) -> dict[str, float]:
        """The metrics over all digits, keyed by name."""
        return {
            "accuracy": self.accuracy,
            "loss": self.loss,
            "macro_f1": self.macro_f1,
            "weighted_f1": self.weighted_f1,
            "calibration_error": self.calibration_error,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the metrics as plain values for JSON, without the values of each image."""
        metrics: dict[str, Any] = {"samples": self.samples, **self.summary}
        metrics["per_class"] = [vars(scores).copy() for scores in self.per_class]
        metrics["confusion_matrix"] = self.confusion_matrix.tolist()
        if self.members:
            mean, deviation = self.member_accuracy
            metrics["members"] = [member.summary for member in self.members]
            metrics["member_accuracy_mean"] = mean
            metrics["member_accuracy_sd"] = deviation
        return metrics


def evaluate(classifier: DigitClassifier, dataset: Dataset) -> Evaluation:
    """Evaluate a classifier on a dataset.

    Args:
        classifier: The classifier. Each member of an ensemble is evaluated as well.
        dataset: Images with labels.

    Raises:
        DataError: The dataset is empty.
        ModelError: A probability is NaN or infinite, because the training diverged.
    """
    if not len(dataset):
        raise DataError("the dataset has no images to evaluate on", hint=OTHER_DATASET)
    if isinstance(classifier, Ensemble):
        return evaluate_ensemble([evaluate(member, dataset) for member in classifier.members])
    return evaluate_probabilities(dataset.labels, classifier.predict(dataset.images))


def evaluate_ensemble(members: Sequence[Evaluation]) -> Evaluation:
    """Evaluate an ensemble, given the evaluations of its members on the same images."""
    probabilities = Ensemble.average([member.probabilities for member in members])
    return replace(evaluate_probabilities(members[0].labels, probabilities), members=tuple(members))


def evaluate_probabilities(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> Evaluation:
    """Compute the metrics of probabilities.

    Args:
        labels: True digits, int64 (n,).
        probabilities: float32 (n, 10).

    Raises:
        ModelError: A probability is NaN or infinite.
    """
    if not np.isfinite(probabilities).all():
        raise ModelError("the model outputs NaN; its training diverged", hint=OTHER_MODEL)
    predicted = probabilities.argmax(axis=1)
    macro, weighted = (
        [float(value) for value in _scores(labels, predicted, average=average)[:3]]
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
        confusion_matrix=confusion_matrix(labels, predicted, labels=range(NUM_CLASSES)),
        calibration_error=_calibration_error(labels, probabilities),
        probabilities=probabilities,
        labels=labels,
    )


def _per_class(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> tuple[ClassScores, ...]:
    columns = _scores(labels, predicted, labels=range(NUM_CLASSES))
    return tuple(
        ClassScores(digit, float(precision), float(recall), float(f1), int(support))
        for digit, (precision, recall, f1, support) in enumerate(zip(*columns, strict=True))
    )


def _scores(
    true: NDArray[np.int64], predicted: NDArray[np.int64], **options: object
) -> tuple[Any, ...]:
    """Return precision, recall, F1 and support; a score with a zero denominator is 0."""
    scores: tuple[Any, ...] = precision_recall_fscore_support(
        true, predicted, zero_division=0, **options
    )
    return scores


def _cross_entropy(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    """Return the mean cross-entropy in nats."""
    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(of_label.clip(PROBABILITY_EPSILON, 1 - PROBABILITY_EPSILON)).mean())


def _calibration_error(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    """Return the expected calibration error (ECE)."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    bins = confidence_bins(confidence)
    # |accuracy - mean confidence| of a bin, times its fraction of the images, is |sum| / n.
    differences = np.bincount(bins, weights=correct - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(differences).sum() / len(labels))


def confidence_bins(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the calibration bin of each confidence.

    Args:
        confidence: float64 (n,) in 0..1.

    Returns:
        int64 (n,), 0 to `CALIBRATION_BINS` - 1; bin b holds the confidences in
        (b / `CALIBRATION_BINS`, (b + 1) / `CALIBRATION_BINS`].
    """
    numbers: NDArray[np.int64] = np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1
    return numbers.clip(0, CALIBRATION_BINS - 1)
