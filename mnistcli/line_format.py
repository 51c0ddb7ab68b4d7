"""Line recognition: the format of line images and of recognized lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LINE_HEIGHT = 32
"""Height of a line image in pixels."""

LINE_DIGIT_HEIGHT = 20
"""Usual height of the digits in a line image, in pixels."""

COLUMN_WIDTH = 4
"""Pixels of a line image per column (time step) of the network's output: its horizontal stride."""

OTHER_MARK = "*"
"""The symbol of any other mark: a tick, a letter, a struck-out digit."""

MARKS = ".,-=:/#$+()" + OTHER_MARK
"""The marks of a number, mostly punctuation: recognized, and left out of its digits."""

SYMBOLS = "0123456789" + MARKS
"""The alphabet of the line recognizer, by index in its output; the blank of CTC comes last."""


class Alternative(NamedTuple):
    """A candidate transcription of a line, and its probability."""

    text: str
    probability: float


class Mark(NamedTuple):
    """A mark of a line, and its column in pixels of the line image."""

    symbol: str
    column: float


@dataclass(frozen=True, eq=False)
class RecognizedLine:
    """The output of the line recognizer: text, digits and marks of a line.

    Attributes:
        text: The digits; empty for a line without any.
        text_confidence: The probability that all digits are correct.
        image_index: The index of the line image that the columns belong to.
        columns: The middle of each digit in pixels of the line image, float64 (n,).
        probabilities: The class probabilities of each digit, float32 (n, 10).
        marks: The marks from left to right.
        alternatives: The most likely transcriptions in descending order (n-best); the first one is
            `text`.
    """

    text: str
    text_confidence: float
    image_index: int
    columns: NDArray[np.float64]
    probabilities: NDArray[np.float32]
    marks: tuple[Mark, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


RecognizeLine = Callable[[Sequence[NDArray[np.float32]]], RecognizedLine]
"""A line recognizer: images of one line at several scales, float32 (32, w) in 0..1, to its text."""
