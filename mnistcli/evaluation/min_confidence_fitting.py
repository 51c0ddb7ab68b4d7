"""Rejection threshold: fit the minimum confidence on labeled images of the user.

This is selective classification (classification with a reject option): an operating point on the
risk-coverage curve is chosen.
"""

from dataclasses import dataclass

import numpy as np

from mnistcli.evaluation.evaluation import Evaluation


@dataclass(frozen=True)
class FittedMinConfidence:
    """The lowest rejection threshold at which enough of the predictions are correct.

    Attributes:
        min_confidence: The threshold, 0..1.
        accuracy: Fraction of the predictions at or above it that are correct.
        accepted_fraction: Fraction of the images whose predictions are accepted (coverage).
    """

    min_confidence: float
    accuracy: float
    accepted_fraction: float

    def as_dict(self) -> dict[str, float]:
        """Return the threshold as plain values for JSON."""
        return {
            "min_confidence": self.min_confidence,
            "accuracy": self.accuracy,
            "predicted_fraction": self.accepted_fraction,
        }


def fit_min_confidence(evaluation: Evaluation, accuracy: float) -> FittedMinConfidence | None:
    """Find the lowest rejection threshold at which this fraction of the predictions is correct.

    Args:
        evaluation: The predictions on labeled images.
        accuracy: The target accuracy, 0..1.

    Returns:
        The threshold; None if no threshold is high enough.
    """
    confidence = evaluation.probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    correct = (evaluation.predicted == evaluation.labels)[order]
    accuracies = np.cumsum(correct) / np.arange(1, len(correct) + 1)
    # Images of equal confidence are predicted or rejected together.
    ordered = confidence[order]
    is_last = np.append(ordered[:-1] != ordered[1:], True)
    enough = np.flatnonzero(is_last & (accuracies >= accuracy))
    if not len(enough):
        return None
    last = int(enough[-1])
    return FittedMinConfidence(
        float(ordered[last]), float(accuracies[last]), (last + 1) / len(correct)
    )
