"""Prediction results: the digits of one image, their confidence, and the reason for a rejection."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnistcli.errors import ImageError
from mnistcli.preprocessing import Digit


@dataclass(frozen=True, eq=False)
class PredictedDigit:
    """One digit that was read.

    Attributes:
        found: Where it stands on the picture, and its 28x28 form that the network saw.
        probabilities: float32 (10,), summing to 1.
    """

    found: Digit
    probabilities: npt.NDArray[np.float32]

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of the most probable digit."""
        return float(self.probabilities.max())

    def ranked(self, count: int) -> list[tuple[int, float]]:
        """Return up to `count` digits with their probabilities, the most probable first."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as plain values, ready for JSON."""
        return {
            "digit": self.digit,
            "confidence": self.confidence,
            "probabilities": [float(value) for value in self.probabilities],
        }


@dataclass(frozen=True, eq=False)
class Prediction:
    """What was read on one picture.

    Attributes:
        path: The file.
        digits: The digits on it, in reading order; of a refused picture, the guesses.
        reason: Why it is refused; empty where it is answered.
        error: Why it cannot be read; None where it can.
    """

    path: Path
    digits: tuple[PredictedDigit, ...] = ()
    reason: str = ""
    error: ImageError | None = None

    @property
    def text(self) -> str:
        """The digits one after the other; empty where there is none and where it is refused."""
        return "" if self.reason else self.guess

    @property
    def guess(self) -> str:
        """The digits one after the other, however unsure they are."""
        return "".join(str(digit.digit) for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The share of the digits expected to be right: the mean of their confidences."""
        return float(np.mean([digit.confidence for digit in self.digits]))

    @property
    def named_digits(self) -> list[tuple[str, PredictedDigit]]:
        """The digits with the name of the file and, where there are several, their number."""
        name, count = self.path.name, len(self.digits)
        if count == 1:
            return [(name, self.digits[0])]
        return [
            (f"{name} ({number} of {count})", digit)
            for number, digit in enumerate(self.digits, start=1)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the reading as plain values, ready for JSON."""
        if self.error is not None:
            return {"path": str(self.path), "error": self.error.message}
        shown: dict[str, Any] = {"path": str(self.path), "text": self.text}
        if self.reason:
            shown["reason"] = self.reason
        shown["digits"] = [
            digit.as_dict() | {"box": list(digit.found.box)} for digit in self.digits
        ]
        if len(self.digits) == 1:
            shown |= self.digits[0].as_dict()
        return shown
