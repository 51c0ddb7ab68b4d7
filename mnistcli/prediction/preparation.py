"""Preparation of images for the classifier: open each one and find its digits."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.files.object_stores import StoredObject
from mnistcli.image_io import ImageSource, open_image, original_size
from mnistcli.image_io.pages import ImagePage
from mnistcli.line_format import RecognizedLine
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.results import Prediction
from mnistcli.preprocessing import Digit, ImageContent, detect_content
from mnistcli.preprocessing.shapes import Classify


class Prepared(NamedTuple):
    """An image after preprocessing: its prediction without digits, and its content."""

    prediction: Prediction
    content: ImageContent = ImageContent(())


@dataclass(frozen=True)
class Preparation:
    """Opens images and finds their digits, in any thread or process.

    Attributes:
        single: Whether to treat each whole image as a single digit.
        digit_counts: The number of digits that a line may have; None for any.
        threads: Threads of the line recognizer; None for one per processor.
    """

    single: bool = False
    digit_counts: range | None = None
    threads: int | None = None

    def prepare(self, found: InputImage, classify: Classify) -> Prepared:
        """Open an image and find its digits.

        Args:
            found: The image.
            classify: The classifier, for images whose preprocessing it must choose.
        """
        if found.error is not None or found.source is None:
            return Prepared(Prediction(found.path, error=found.error))
        if found.row and isinstance(found.source, np.ndarray):
            return _prepare_row(found, found.source.astype(np.uint8, copy=False))
        try:
            with ExitStack() as memory:  # other threads wait until there is memory for their images
                image = open_image(found.source, name=str(found.path), memory=memory)
                content = detect_content(
                    image,
                    single=self.single,
                    classify=classify,
                    recognize_line=self._read_line,
                    allow_single_digit=self.digit_counts is None or 1 in self.digit_counts,
                )
        except ImageError as error:
            return Prepared(Prediction(found.path, error=error))
        except MemoryError:
            too_large = ImageError(f"not enough memory: {str(found.path)!r}")
            return Prepared(Prediction(found.path, error=too_large))
        prediction = Prediction(
            found.path,
            source=_source_to_reopen(found.source, image),
            is_mnist_format=_is_unchanged(image, content),
            content=content,
            size=original_size(image),
        )
        return Prepared(prediction, content)

    def _read_line(self, images: Sequence[NDArray[np.float32]]) -> RecognizedLine:
        """Read a line; the line recognizer is loaded for the first one with several digits."""
        # A worker process needs LiteRT for nothing else.
        from mnistcli.inference.line_recognizer import load_line_recognizer  # noqa: PLC0415

        return load_line_recognizer(self.threads).read(images, digit_counts=self.digit_counts)


def _prepare_row(found: InputImage, image: NDArray[np.uint8]) -> Prepared:
    """Return a row of a data file, which is in MNIST format, as its only digit."""
    content = ImageContent((Digit(image, (0, 0, *image.shape[::-1]), image > 0),))
    prediction = Prediction(
        found.path, source=image, is_mnist_format=True, row=found.row, content=content
    )
    return Prepared(prediction, content)


def _source_to_reopen(source: ImageSource, image: Image.Image) -> ImageSource | None:
    """Return the source for opening an image again: the image itself if it came from a stream."""
    if isinstance(source, StoredObject):
        return None
    if isinstance(source, (str, os.PathLike)):
        return None if Path(source).is_file() else image  # a named pipe is read only once
    return source if isinstance(source, (np.ndarray, Image.Image, ImagePage)) else image


def _is_unchanged(image: Image.Image, content: ImageContent) -> bool:
    """Return whether the only digit is the image itself, as it is for an image in MNIST format."""
    digits = content.digits
    return (
        len(digits) == 1
        and digits[0].image.shape == image.size[::-1]
        and np.array_equal(digits[0].image, np.asarray(image.convert("L")))
    )
