"""Ensembles: averaging the probabilities of several classifiers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli.inference.classifier import BATCH_SIZE, Classifier, Predictor


class Ensemble:
    """Several networks that answer together: the mean of their probabilities.

    Args:
        members: The networks.
    """

    def __init__(self, members: Sequence[Predictor]) -> None:
        self.members = tuple(members)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probability of each digit for each image, as `Classifier.predict` does."""
        return self.average([member.predict(images) for member in self.members])

    @staticmethod
    def average(answers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return what the ensemble makes of its members' answers, each float32 (n, 10)."""
        mean: NDArray[np.float32] = np.mean(answers, axis=0, dtype=np.float32)
        return mean


def load_classifier(files: Sequence[Path], *, batch_size: int = BATCH_SIZE) -> Predictor:
    """Return what reads digits with the network in a `.keras` file, or with those in several.

    Args:
        files: One or more files.
        batch_size: Images computed at a time.

    Raises:
        CheckpointError: One cannot be loaded, or is a network for something else.
    """
    members = [Classifier.load(file, batch_size=batch_size) for file in files]
    return members[0] if len(members) == 1 else Ensemble(members)
