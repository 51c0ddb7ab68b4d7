"""Explanations of predictions: the stages of preprocessing, and occlusion maps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.inference.classifier import Predictor
from mnistcli.prediction_results import PredictedDigit, Prediction
from mnistcli.preprocessing import find_foreground

PATCH = 5
"""The side of the occluding patch in pixels: twice a stroke's width, a quarter of a digit."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """The stages of one prediction: image, foreground, 28x28 digit, probabilities, occlusion map.

    Attributes:
        name: The file's name and, if the image has several digits, the digit's position.
        image: The image at the resolution of the binarization, h pixels high and w wide.
        foreground: The ink mask of the whole image, shape (h, w).
        form: The ink mask of the form elements that were removed, shape (h, w).
        scale: Pixels of the file per pixel of `image`, along each axis.
        digit: The digit; None for an image without digits.
        occlusion_map: Probabilities with a patch centered on each pixel, float32 (28, 28, 10); None
            for an image without digits.
        reason: Why the image was rejected; empty if it was not.
    """

    name: str
    image: Image.Image
    foreground: NDArray[np.bool_]
    form: NDArray[np.bool_]
    scale: int
    digit: PredictedDigit | None = None
    occlusion_map: NDArray[np.float32] | None = None
    reason: str = ""


def explain(classifier: Predictor, predictions: Iterable[Prediction]) -> Iterator[Explanation]:
    """Explain predictions digit by digit; images that could not be read are skipped.

    Args:
        classifier: The classifier that made the predictions.
        predictions: The predictions. Their images are opened again.

    Yields:
        An explanation for each digit, and one for each image without digits.

    Raises:
        ImageError: An image has been removed since it was predicted.
    """
    for prediction in predictions:
        if prediction.error is not None:
            continue
        image = prediction.open_image()
        foreground, form, scale = find_foreground(image)
        stages = image.reduce(scale), foreground, form, scale
        reason = prediction.reason
        if not prediction.digits:
            yield Explanation(prediction.path.name, *stages, reason=reason)
        for name, digit in prediction.named_digits:
            occlusion_map = occlusion(classifier, digit.detection.image)
            yield Explanation(name, *stages, digit, occlusion_map, reason)


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
