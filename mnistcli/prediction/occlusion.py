"""Occlusion maps: saliency of the pixels of a digit."""

import numpy as np
from numpy.typing import NDArray

from mnistcli.inference.classifier import Predictor

PATCH = 5
"""The side of the occluding patch in pixels: twice a stroke's width, a quarter of a digit."""


def occlusion(classifier: Predictor, digit: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Compute an occlusion map: the probabilities with a patch of the digit covered.

    The pixels that matter most are those where the probability of the predicted class falls most:
    occlusion sensitivity (Zeiler and Fergus, "Visualizing and understanding convolutional
    networks", ECCV 2014, section 4.2). The patch has the color of the background, which is 0, so
    only covered ink has an effect.

    Args:
        classifier: The classifier.
        digit: The digit, uint8 (28, 28).

    Returns:
        The probabilities with a patch of side `PATCH` centered on each pixel, float32 (28, 28, 10).
    """
    positions = np.arange(len(digit))
    near = np.abs(positions[:, None] - positions) <= PATCH // 2
    # Axes: row and column of the patch, then row and column of the pixel.
    patches = near[:, None, :, None] & near[None, :, None, :]
    occluded = np.where(patches, np.uint8(0), digit).reshape(-1, *digit.shape)
    changed = (occluded != digit).any(axis=(1, 2))  # half of the patches cover no ink
    # The last row is the digit itself, which all others show.
    computed = classifier.predict(np.concatenate([occluded[changed], digit[None]]))
    probabilities = np.repeat(computed[-1:], len(occluded), axis=0)
    probabilities[changed] = computed[:-1]
    return probabilities.reshape(*digit.shape, -1)
