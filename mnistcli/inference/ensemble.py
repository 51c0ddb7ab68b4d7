"""Ensembles: a classifier that averages the probabilities of several classifiers (soft voting)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnistcli.inference.digit_classifier import DigitClassifier


class Ensemble:
    """Several classifiers that predict together: the mean of their probabilities.

    Args:
        members: The classifiers.
    """

    def __init__(self, members: Sequence[DigitClassifier]) -> None:
        self.members = tuple(members)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probability of each digit for each image, as `Classifier.predict` does."""
        return self.average([member.predict(images) for member in self.members])

    @staticmethod
    def average(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return the mean of the probabilities of the members, each float32 (n, 10)."""
        mean: NDArray[np.float32] = np.mean(probabilities, axis=0, dtype=np.float32)
        return mean
