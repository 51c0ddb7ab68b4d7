"""From picture files to the digits read in them."""

import math
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

import numpy as np

from mnistcli.errors import ImageError
from mnistcli.image_sources import find_images
from mnistcli.inference.classifier import Predictor
from mnistcli.predictions import PredictedDigit, Prediction
from mnistcli.preprocessing import Digit, find_digits, open_image

# Pictures read together: enough to keep all processors busy, few enough to see results at once.
_GROUP = 32


def predict_images(
    classifier: Predictor,
    sources: Iterable[str],
    *,
    single: bool = False,
    min_confidence: float = 0.0,
) -> Iterator[Prediction]:
    """Read pictures in parallel; one that cannot be read does not stop the rest.

    No more than two groups of pictures are at hand at a time, however many there are.

    Args:
        classifier: What tells digits apart, from several threads at a time.
        sources: As `find_images` takes them.
        single: Whether each picture is known to show one digit.
        min_confidence: The least `Prediction.confidence`, 0 to 1. A picture is answered as a whole or
            not at all: a number with a digit left out would be another number.

    Yields:
        A reading for each picture, in the order of the sources.
    """
    pictures = find_images(sources)
    prepare = partial(_prepare, classifier, single=single)
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(prepare, picture) for picture in islice(pictures, _GROUP)]
        while waiting:
            # The next group is prepared while this one is classified.
            following = [pool.submit(prepare, picture) for picture in islice(pictures, _GROUP)]
            group = [future.result() for future in waiting]
            yield from _classify(classifier, group, min_confidence)
            waiting = following


# A picture with the digits found on it, not read yet.
_Prepared = tuple[Prediction, list[Digit]]


def _prepare(classifier: Predictor, source: Path | Prediction, *, single: bool) -> _Prepared:
    if isinstance(source, Prediction):
        return source, []
    try:
        picture = open_image(source)
    except ImageError as error:
        return Prediction(source, error=error), []
    return Prediction(source), find_digits(picture, single=single, score=classifier.predict)


def _classify(
    classifier: Predictor, group: list[_Prepared], min_confidence: float
) -> Iterator[Prediction]:
    images = [digit.image for digit in chain.from_iterable(digits for _, digits in group)]
    answers = iter(classifier.predict(np.stack(images)) if images else ())
    for reading, digits in group:
        read = replace(
            reading, digits=tuple(PredictedDigit(digit, next(answers)) for digit in digits)
        )
        yield _answered(read, min_confidence)


def _answered(reading: Prediction, min_confidence: float) -> Prediction:
    """Return a reading, with the reason where there is no digit or it is too unsure."""
    if reading.error is not None:
        return reading
    if not reading.digits:
        return replace(reading, reason="no digit found")
    if reading.confidence >= min_confidence:
        return reading
    percent = math.floor(100 * reading.confidence)  # 100 would be sure enough
    return replace(reading, reason=f"no digit: best guess {reading.guess} at {percent} %")
