"""Why a digit was read as it was: where it was found, and where the network looked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.inference.classifier import Predictor
from mnistcli.predictions import PredictedDigit, Prediction
from mnistcli.preprocessing import find_foreground, open_image

PATCH = 5
"""The side of what is covered, in pixels: twice as wide as a stroke, a quarter of a digit."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """The stages in which one digit was read, or in which a picture turned out to show none.

    Attributes:
        name: The file's name, and the digit's number where there are several.
        picture: The picture, as fine as ink was looked for: h pixels high, w wide.
        ink: All that was found to be ink on it, shape (h, w).
        factor: How many pixels of the file, along each axis, became one of `picture`.
        digit: The digit; None on a picture without one.
        covered: Probabilities with a patch centred on each pixel, float32 (28, 28, 10); None on a
            picture without a digit.
        reason: Why the picture is refused; empty where it is answered.
    """

    name: str
    picture: Image.Image
    ink: NDArray[np.bool_]
    factor: int
    digit: PredictedDigit | None = None
    covered: NDArray[np.float32] | None = None
    reason: str = ""


def explain(classifier: Predictor, readings: Iterable[Prediction]) -> Iterator[Explanation]:
    """Explain readings digit by digit; pictures that could not be read are left out.

    Args:
        classifier: What read them.
        readings: What was read. Their files are opened again.

    Yields:
        An explanation for each digit, and one for each picture without a digit.

    Raises:
        ImageError: A picture that could be read is gone.
    """
    for reading in readings:
        if reading.error is not None:
            continue
        picture = open_image(reading.path)
        ink, factor = find_foreground(picture)
        picture = picture.reduce(factor)
        if not reading.digits:
            yield Explanation(reading.path.name, picture, ink, factor, reason=reading.reason)
        for name, digit in reading.named_digits:
            covered = occlusion(classifier, digit.found.image)
            yield Explanation(name, picture, ink, factor, digit, covered, reading.reason)


def occlusion(classifier: Predictor, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Ask what a digit would be read as with a small patch of it covered, at every place.

    Where the answer's probability falls most, there the network looked: occlusion sensitivity
    (Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section
    4.2). The patch has the colour of the background, which is 0, so only covered ink counts.

    Args:
        classifier: What reads the digit.
        image: The digit, uint8 (28, 28).

    Returns:
        The probabilities with a patch of side `PATCH` centred on each pixel, float32 (28, 28, 10).
    """
    side = np.arange(len(image))
    near = np.abs(side[:, None] - side) <= PATCH // 2
    # By the patch's row and column, then the pixel's row and column.
    patches = near[:, None, :, None] & near[None, :, None, :]
    covered = np.where(patches, np.uint8(0), image).reshape(-1, *image.shape)
    return classifier.predict(covered).reshape(*image.shape, -1)
