"""Occlusion maps (saliency heat maps): the pixels of a digit that matter for its prediction."""

import numpy as np
from numpy.typing import NDArray

from mnistcli.inference.digit_classifier import DigitClassifier

PATCH = 5
"""The side of the occluding patch in pixels: twice a stroke's width, a quarter of a digit."""


def predict_occluded(classifier: DigitClassifier, digit: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Compute the probabilities of a digit with a patch covered: a sliding window over all pixels.

    The patch has the color of the background, which is 0, so only covered ink has an effect.

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


def occlusion_map(
    probabilities: NDArray[np.float32], occluded: NDArray[np.float32], label: int
) -> NDArray[np.float32]:
    """Return an occlusion map: how much the probability of a class falls with a patch covered.

    The pixels where it falls most matter most. This attribution by perturbation is called occlusion
    sensitivity (Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV
    2014, section 4.2).

    Args:
        probabilities: The probabilities of the digit, float32 (10,).
        occluded: Those with a patch covered, float32 (28, 28, 10), from `predict_occluded`.
        label: The class.

    Returns:
        The decrease with the patch centered on each pixel, float32 (28, 28); negative where the
        probability rises.
    """
    decrease: NDArray[np.float32] = probabilities[label] - occluded[..., label]
    return decrease
