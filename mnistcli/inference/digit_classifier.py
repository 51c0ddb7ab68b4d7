"""Protocol of digit classifiers, and the constants that their implementations share."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

BATCH_SIZE = 64
"""Default batch size: images per call of a model."""

PROBABILITY_EPSILON = 1e-7
"""Distance from 0 and 1 to which probabilities are clipped before the logarithm, as in Keras."""


class DigitClassifier(Protocol):
    """Anything that computes class probabilities, such as a `Classifier` or an `Ensemble`."""

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28)."""
        ...
