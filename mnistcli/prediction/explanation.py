"""Explanations of predictions (interpretability): preprocessing stages and occlusion maps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.prediction.occlusion import predict_occluded
from mnistcli.prediction.results import PredictedDigit, Prediction
from mnistcli.preprocessing.stages import Stages, compute_stages


@dataclass(frozen=True, eq=False)
class Explanation:
    """The stages of one prediction, from the image to the occlusion map (saliency) of a digit.

    Attributes:
        prediction: The prediction.
        stages: The stages of preprocessing, the same object for all digits of an image.
        name: The file's name and, if the image has several digits, the digit's position.
        digit: The digit; None for an image without digits.
        classifier_probabilities: The probabilities that the classifier computes for the digit,
            float32 (10,). Those of a digit in a line of several are the line recognizer's.
        occluded_probabilities: Those with a patch centered on each pixel, float32 (28, 28, 10), for
            the occlusion map; None for an image without digits.
    """

    prediction: Prediction
    stages: Stages
    name: str
    digit: PredictedDigit | None = None
    classifier_probabilities: NDArray[np.float32] | None = None
    occluded_probabilities: NDArray[np.float32] | None = None


def explain(
    classifier: DigitClassifier, predictions: Iterable[Prediction]
) -> Iterator[Explanation]:
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
        stages = compute_stages(prediction.open_image())
        if prediction.content.is_tight_crop:
            stages = stages.for_tight_crop([digit.detection for digit in prediction.digits])
        elif prediction.digits and not prediction.content.lines:
            stages = replace(stages, lines=())  # the whole image is one digit
        if not prediction.digits:
            yield Explanation(prediction, stages, prediction.path.name)
        for name, digit in prediction.named_digits:
            image = digit.detection.image
            probabilities = classifier.predict(image[None])[0]
            occluded = predict_occluded(classifier, image)
            yield Explanation(prediction, stages, name, digit, probabilities, occluded)
