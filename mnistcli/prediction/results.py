"""Prediction results of one image, and their JSON object: digits, confidence, a rejection."""

import math
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.files.object_stores import FileName
from mnistcli.image_io import ImageSource, open_image, reduction_factor
from mnistcli.inference.digit_score import digit_scores
from mnistcli.line_format import Alternative, RecognizedLine
from mnistcli.preprocessing import Box, Digit, ImageContent


@dataclass(frozen=True, eq=False)
class PredictedDigit:
    """One predicted digit: the detected digit and its class probabilities.

    Attributes:
        detection: The digit's box in the image and its 28x28 array, the input of the model.
        probabilities: float32 (10,), summing to 1.
    """

    detection: Digit
    probabilities: npt.NDArray[np.float32]

    @property
    def digit(self) -> int:
        """The most likely class, 0 to 9."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of the most likely class."""
        return float(self.probabilities.max())

    @property
    def digit_score(self) -> float:
        """The digit score, 0.1 to 1; see `mnistcli.inference.digit_score`."""
        return float(digit_scores(self.probabilities[None])[0])

    def most_likely(self, count: int) -> list[tuple[int, float]]:
        """Return the `count` most likely classes with their probabilities, in descending order."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]

    def as_dict(self) -> dict[str, Any]:
        """Return the prediction as plain values, ready for JSON."""
        return {
            "digit": self.digit,
            "confidence": self.confidence,
            "digit_score": self.digit_score,
            "probabilities": [float(value) for value in self.probabilities],
        }


@dataclass(frozen=True, eq=False)
class PredictedLine:
    """The prediction of a text line.

    Attributes:
        digits: The digits from left to right.
        starts_row: Whether it starts a new row, instead of standing beside the previous line.
        recognized: The recognized line; None for a line with one digit.
    """

    digits: tuple[PredictedDigit, ...]
    starts_row: bool = True
    recognized: RecognizedLine | None = None

    @property
    def text(self) -> str:
        """The digits as a string."""
        return "".join(str(digit.digit) for digit in self.digits)

    @property
    def text_confidence(self) -> float:
        """The probability that all digits are correct."""
        if self.recognized is not None:
            return self.recognized.text_confidence
        return math.prod(digit.confidence for digit in self.digits)

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """The likeliest transcriptions of a number, best first; none for a line of one digit."""
        return () if self.recognized is None else self.recognized.alternatives

    def as_dict(self) -> dict[str, Any]:
        """Return the line as plain values for JSON; ``confidence`` is its text confidence."""
        values: dict[str, Any] = {"text": self.text, "confidence": self.text_confidence}
        if self.alternatives:
            values["alternatives"] = [
                {"text": text, "confidence": confidence} for text, confidence in self.alternatives
            ]
        return values


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """The prediction for one image: its digits, or the reason why there is no prediction.

    Attributes:
        path: The image file, or the object in a store; a name for an image that is neither.
        digits: The digits in reading order; for a rejected image, the best guess.
        reason: The reason for the rejection; empty if not rejected.
        error: The error of an image that could not be read; None if there was no error.
        source: The image itself, if `path` cannot be opened again; None for a file.
        is_mnist_format: Whether the model was given the image as it is, without preprocessing.
        short_reason: The reason without the confidence, for a rejected image with digits.
        row: The identifier of a row of a data file; empty for an image.
        content: The content of the image: what was detected, and what was removed or ignored. If
            the image has more than 50 megapixels, its boxes are in pixels of the reduced image
            that `open_image` returns; `as_dict` returns them in pixels of the file.
        size: Width and height of the upright image in pixels; None if it could not be read.
    """

    path: FileName
    digits: tuple[PredictedDigit, ...] = ()
    reason: str = ""
    error: ImageError | None = None
    source: ImageSource | None = None
    is_mnist_format: bool = False
    short_reason: str = ""
    row: str = ""
    content: ImageContent = field(default_factory=lambda: ImageContent(()))
    size: tuple[int, int] | None = None

    def __repr__(self) -> str:
        result = f"text={self.text!r}, text_confidence={self.text_confidence:.4f}"
        if self.error is not None:
            result = f"error={self.error.message!r}"
        elif self.reason:
            result = f"reason={self.reason!r}"
        return f"Prediction({str(self.path)!r}, {result})"

    @property
    def text(self) -> str:
        """The predicted digits, with a line break between rows of digits.

        It is empty for a rejected image or one without a digit.
        """
        return "" if self.reason else self.guess

    @property
    def guess(self) -> str:
        """The most likely digits, regardless of confidence; a line break between rows."""
        parts = [("\n" if line.starts_row else "") + line.text for line in self.lines]
        return "".join(parts).removeprefix("\n")

    @property
    def guess_on_one_line(self) -> str:
        """The most likely digits for a message or a table."""
        return self.guess.replace("\n", " / ")

    @property
    def lines(self) -> list[PredictedLine]:
        """The text lines with digits in reading order, regardless of confidence."""
        ends = list(accumulate(line.digit_count for line in self.content.lines))
        if not self.digits or not ends or ends[-1] != len(self.digits):
            return [PredictedLine(self.digits)] if self.digits else []
        return [
            PredictedLine(self.digits[start:end], line.starts_row, line.recognized)
            for start, end, line in zip([0, *ends], ends, self.content.lines, strict=False)
        ]

    @property
    def text_confidence(self) -> float:
        """The joint probability that all digits are correct; 0 without digits.

        It is the product of the text confidences of the lines, and is compared with the minimum
        confidence.
        """
        return math.prod(line.text_confidence for line in self.lines) if self.digits else 0.0

    @property
    def confidence(self) -> float:
        """The mean confidence of the digits: the fraction expected to be correct; 0 without digits.

        The mean is over the whole image. Rejection uses `text_confidence`, not this mean.
        """
        return float(np.mean([digit.confidence for digit in self.digits])) if self.digits else 0.0

    @property
    def named_digits(self) -> list[tuple[str, PredictedDigit]]:
        """The digits with the name of the file and, if there are several, their position."""
        name, count = self.path.name or str(self.path), len(self.digits)
        if count == 1:
            return [(name, self.digits[0])]
        return [
            (f"{name}, digit {number} of {count}", digit)
            for number, digit in enumerate(self.digits, start=1)
        ]

    def open_image(self) -> Image.Image:
        """Open the image again, as `mnistcli.image_io.open_image` does.

        Raises:
            ImageError: The file has been removed or changed.
        """
        return open_image(self.path if self.source is None else self.source)

    def as_dict(self, model_name: str | None = None) -> dict[str, Any]:
        """Return the JSON record of the image, as plain values.

        Args:
            model_name: The name of the model.

        Returns:
            The keys ``path``, ``model``, ``text``, ``confidence`` (the mean over the digits) and
            ``digits``; ``reason`` for a rejected image and ``error`` for one that could not be
            read; ``digit``, ``digit_score`` and ``probabilities`` for an image with exactly one
            digit. For an image that could be read, ``text_confidence`` is the probability that all
            digits are correct, ``lines`` lists the text lines with their text confidence and the
            alternatives of each number, ``marks`` and ``form_elements`` are lists of boxes,
            ``mark_symbols`` lists the symbol of each mark, and ``specks`` contains their number and
            the area of the largest one in square pixels.
        """
        values: dict[str, Any] = {
            "path": str(self.path),
            "model": model_name,
            "text": self.text,
            "confidence": self.confidence,
        }
        if self.reason:
            values["reason"] = self.reason
        if self.error is not None:
            values["error"] = self.error.message
        values["digits"] = [
            digit.as_dict() | {"box": self._enlarge(digit.detection.box)} for digit in self.digits
        ]
        if self.error is None:
            values["text_confidence"] = self.text_confidence
            values["lines"] = [line.as_dict() for line in self.lines]
            values["marks"] = [self._enlarge(box) for box in self.content.marks]
            values["mark_symbols"] = list(self.content.mark_symbols)
            values["form_elements"] = [self._enlarge(box) for box in self.content.form_elements]
            area = self.content.largest_speck * self._factor**2
            values["specks"] = {"count": self.content.speck_count, "area": area}
        if len(self.digits) == 1:
            values |= self.digits[0].as_dict()
        return values

    @property
    def _factor(self) -> int:
        """Pixels of the image file per pixel of the boxes, along each axis."""
        return 1 if self.size is None else reduction_factor(self.size)

    def _enlarge(self, box: Box) -> list[int]:
        """Return a box in pixels of the image file."""
        left, top, right, bottom = (edge * self._factor for edge in box)
        if self.size is None:
            return [left, top, right, bottom]
        return [left, top, min(right, self.size[0]), min(bottom, self.size[1])]
