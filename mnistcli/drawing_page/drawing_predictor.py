"""Prediction of drawings: predictions and occlusion maps as JSON, as `predict` computes them."""

import base64
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.occlusion import occlusion_map, predict_occluded
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.rejection import Thresholds
from mnistcli.prediction.results import Prediction

_NAME = Path("image")  # of a drawing, in messages


class DrawingPredictor:
    """Predicts the digits of drawings, one at a time.

    Args:
        classifier: The classifier.
        model_name: The name of the model.
        thresholds: The rejection thresholds.
    """

    def __init__(
        self, classifier: DigitClassifier, model_name: str, thresholds: Thresholds
    ) -> None:
        self.model = model_name
        self._classifier = classifier
        self._thresholds = thresholds
        self._lock = threading.Lock()
        self._warm_up()

    def predict(self, image: bytes) -> Prediction:
        """Predict the digits in an image file.

        Raises:
            ImageError: The file cannot be read.
        """
        found = InputImage(_NAME, BytesIO(image))
        with self._lock:
            (prediction,) = predict_images(self._classifier, [found], thresholds=self._thresholds)
        if prediction.error is not None:
            raise prediction.error
        return prediction

    def describe(self, image: bytes) -> dict[str, Any]:
        """Predict the digits in an image file; return plain values, ready for JSON.

        Returns:
            The keys of `Prediction.as_dict` and ``guess``, the most likely digits. Each digit has
            its ``image`` as well: 784 bytes in base64.

        Raises:
            ImageError: The image cannot be read.
        """
        prediction = self.predict(image)
        values = prediction.as_dict(self.model) | {"guess": prediction.guess}
        for described, digit in zip(values["digits"], prediction.digits, strict=True):
            pixels = digit.detection.image.tobytes()
            described["image"] = base64.b64encode(pixels).decode("ascii")
        return values

    def occlusion_map(self, pixels: bytes) -> list[float]:
        """Return the occlusion map of a digit, 784 values; 0 where its probability rises.

        Args:
            pixels: The digit in MNIST format, 784 bytes.

        Raises:
            ValueError: The pixels are not 784 bytes of a digit.
        """
        digit = np.frombuffer(pixels, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)
        # Not under the lock: the next drawing does not wait for the map of the last one.
        (probabilities,) = self._classifier.predict(digit)
        occluded = predict_occluded(self._classifier, digit)
        decrease = occlusion_map(probabilities, occluded, int(probabilities.argmax()))
        return [round(value, 4) for value in decrease.clip(0).ravel().tolist()]

    def _warm_up(self) -> None:
        """Warm up: predict a number, so that no cold start (libraries, models) delays a drawing."""
        eleven = np.full((200, 320), 255, np.uint8)
        eleven[40:160, 100:118] = eleven[40:160, 200:218] = 0
        list(predict_images(self._classifier, [InputImage(_NAME, eleven)]))
