"""Prediction pipeline: read, preprocess and classify images in parallel; reject uncertain ones."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.image_listing import FoundImage
from mnistcli.image_sources import Sources, find_images
from mnistcli.inference.classifier import Predictor
from mnistcli.inference.line_recognizer import load_line_recognizer
from mnistcli.line_format import LineReading
from mnistcli.prediction_results import PredictedDigit, Prediction
from mnistcli.preprocessing import (
    Digit,
    ImageContent,
    ImageSource,
    detect_content,
    open_image,
    original_size,
)
from mnistcli.preprocessing.pages import ImagePage
from mnistcli.rejection import NO_THRESHOLDS, Thresholds, apply_rejection

# Images predicted together: enough to keep all processors busy, few enough for early results.
_GROUP = 32


def predict_images(
    classifier: Predictor,
    sources: Sources,
    *,
    single: bool = False,
    thresholds: Thresholds = NO_THRESHOLDS,
    lengths: range | None = None,
    recursive: bool = False,
    on_skip: Callable[[str], None] | None = None,
) -> Iterator[Prediction]:
    """Predict the digits in images, in parallel; an unreadable image does not stop the rest.

    No more than two groups of images are in memory at a time, however many there are.

    Args:
        classifier: The classifier. It is called from several threads at a time.
        sources: One image or several, or what stands for them, as `find_images` takes them.
        single: Whether to treat each whole image as a single digit.
        thresholds: The rejection thresholds. Defaults to none.
        lengths: The number of digits that a line may have. Defaults to any.
        recursive: As `find_images` takes it.
        on_skip: As `find_images` takes it.

    Yields:
        A prediction for each image, in the order of the sources.

    Raises:
        TypeError: A source is not an image.
    """
    images = find_images(sources, recursive=recursive, on_skip=on_skip)
    prepare = partial(_prepare, classifier, single=single, lengths=lengths)
    pool = ThreadPoolExecutor()
    try:
        pending = [pool.submit(prepare, image) for image in islice(images, _GROUP)]
        while pending:
            # The next group is prepared while this one is classified.
            following = [pool.submit(prepare, image) for image in islice(images, _GROUP)]
            group = [future.result() for future in pending]
            for prediction in _classify(classifier, group):
                yield apply_rejection(prediction, thresholds)
            pending = following
    finally:  # also on Ctrl-C: the images that are being prepared are not waited for
        pool.shutdown(wait=False, cancel_futures=True)


class _Prepared(NamedTuple):
    """An image after preprocessing: its prediction without digits, and its content."""

    prediction: Prediction
    content: ImageContent = ImageContent(())


def _prepare(
    classifier: Predictor, found: FoundImage, *, single: bool, lengths: range | None
) -> _Prepared:
    """Open an image and find its digits."""
    if found.error is not None or found.source is None:
        return _Prepared(Prediction(found.path, error=found.error))
    if found.row and isinstance(found.source, np.ndarray):
        return _prepare_row(found, found.source.astype(np.uint8, copy=False))
    try:
        with ExitStack() as memory:  # other threads wait until there is memory for their images
            image = open_image(found.source, name=str(found.path), memory=memory)
            content = detect_content(
                image,
                single=single,
                classify=classifier.predict,
                read_line=partial(_read_line, lengths=lengths),
                may_be_one=lengths is None or 1 in lengths,
            )
    except ImageError as error:
        return _Prepared(Prediction(found.path, error=error))
    except MemoryError:
        too_large = ImageError(f"not enough memory: {str(found.path)!r}")
        return _Prepared(Prediction(found.path, error=too_large))
    prediction = Prediction(
        found.path,
        source=_source_to_reopen(found.source, image),
        is_mnist_format=_is_unchanged(image, content),
        content=content,
        size=original_size(image),
    )
    return _Prepared(prediction, content)


def _read_line(images: Sequence[NDArray[np.float32]], *, lengths: range | None) -> LineReading:
    """Read a line; the line recognizer is loaded for the first one with several digits."""
    return load_line_recognizer().read(images, lengths=lengths)


def _prepare_row(found: FoundImage, image: NDArray[np.uint8]) -> _Prepared:
    """Return a row of a data file, which is in MNIST format, as its only digit."""
    content = ImageContent((Digit(image, (0, 0, *image.shape[::-1]), image > 0),))
    prediction = Prediction(
        found.path, source=image, is_mnist_format=True, row=found.row, content=content
    )
    return _Prepared(prediction, content)


def _source_to_reopen(source: ImageSource, image: Image.Image) -> ImageSource | None:
    """Return the source for opening an image again: the image itself if it came from a stream."""
    if isinstance(source, (str, os.PathLike)):
        return None if Path(source).is_file() else image  # a named pipe is read only once
    return source if isinstance(source, (np.ndarray, Image.Image, ImagePage)) else image


def _is_unchanged(image: Image.Image, content: ImageContent) -> bool:
    """Whether the only digit is the image itself, as it is for an image in MNIST format."""
    digits = content.digits
    return (
        len(digits) == 1
        and digits[0].image.shape == image.size[::-1]
        and np.array_equal(digits[0].image, np.asarray(image.convert("L")))
    )


def _classify(classifier: Predictor, group: Sequence[_Prepared]) -> Iterator[Prediction]:
    """Add the probabilities: those of the segmentation, and of the other digits in one batch."""
    digits = chain.from_iterable(prepared.content.digits for prepared in group)
    images = [digit.image for digit in digits if digit.probabilities is None]
    computed = iter(classifier.predict(np.stack(images)) if images else ())
    for prediction, content in group:
        probabilities: list[NDArray[np.float32]] = [
            next(computed) if digit.probabilities is None else digit.probabilities
            for digit in content.digits
        ]
        predicted = map(PredictedDigit, content.digits, probabilities)
        yield replace(prediction, digits=tuple(predicted))
