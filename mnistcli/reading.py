"""From picture files to the digits read in them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnistcli.errors import PictureError
from mnistcli.handwriting import Digit, find_digits, open_picture
from mnistcli.inference import Predictor


@dataclass(frozen=True, eq=False)
class ReadDigit:
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
class Reading:
    """What was read on one picture.

    Attributes:
        path: The file.
        picture: The picture as a person sees it, upright; None where it cannot be read.
        digits: The digits on it, in reading order.
        error: Why it cannot be read; None where it can.
    """

    path: Path
    picture: Image.Image | None = None
    digits: tuple[ReadDigit, ...] = ()
    error: PictureError | None = None

    @property
    def text(self) -> str:
        """The digits one after the other; empty where there is none."""
        return "".join(str(digit.digit) for digit in self.digits)

    def as_dict(self) -> dict[str, Any]:
        """Return the reading as plain values, ready for JSON."""
        if self.error is not None:
            return {"path": str(self.path), "error": self.error.message}
        digits = [digit.as_dict() | {"box": list(digit.found.box)} for digit in self.digits]
        alone = self.digits[0].as_dict() if len(self.digits) == 1 else {}
        return {"path": str(self.path), "text": self.text, "digits": digits} | alone


def read_pictures(classifier: Predictor, paths: Iterable[Path]) -> Iterator[Reading]:
    """Read pictures one after the other; one that cannot be read does not stop the rest.

    Args:
        classifier: What tells digits apart.
        paths: Picture files, and directories, which stand for the pictures in them.

    Yields:
        A reading for each picture, in the order of the paths.
    """
    for path in paths:
        try:
            pictures = _list_pictures(path) if path.is_dir() else [path]
        except PictureError as error:
            yield Reading(path, error=error)
            continue
        for picture in pictures:
            yield read_picture(classifier, picture)


def read_picture(classifier: Predictor, path: Path) -> Reading:
    """Read one picture file.

    Args:
        classifier: What tells digits apart.
        path: The file; where it cannot be read, the reading says why.
    """
    try:
        picture = open_picture(path)
    except PictureError as error:
        return Reading(path, error=error)
    found = find_digits(picture, single=True)
    images = (
        np.stack([digit.image for digit in found]) if found else np.empty((0, 28, 28), np.uint8)
    )
    probabilities = classifier.predict(images)
    return Reading(path, picture, tuple(map(ReadDigit, found, probabilities)))


def _list_pictures(folder: Path) -> list[Path]:
    suffixes = Image.registered_extensions()
    pictures = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not pictures:
        raise PictureError(f"no pictures in {str(folder)!r}", hint="mnistcli predict PICTURE")
    return pictures
