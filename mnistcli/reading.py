"""From picture files to the digits read in them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnistcli.errors import PictureError
from mnistcli.handwriting import Digit, find_digits, is_picture_name, open_picture
from mnistcli.inference import Predictor

# Pictures read together: enough to keep all processors busy, few enough to see results at once.
_GROUP = 32


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
        digits: The digits on it, in reading order; of a refused picture, the guesses.
        reason: Why it is refused; empty where it is answered.
        error: Why it cannot be read; None where it can.
    """

    path: Path
    digits: tuple[ReadDigit, ...] = ()
    reason: str = ""
    error: PictureError | None = None

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
    def named_digits(self) -> list[tuple[str, ReadDigit]]:
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


def find_pictures(sources: Iterable[str]) -> Iterator["Path | Reading"]:
    """Return the picture files that are meant, one after the other.

    Args:
        sources: Each a file; a directory, which stands for the pictures in it; or a pattern such
            as ``scans/*.png``, which stands for the files it fits (``*`` and ``?`` make a pattern).

    Yields:
        The files, those of a directory or a pattern in the order of their names; a reading with an
        error in the place of a directory without pictures or of a pattern that fits nothing.
    """
    for source in sources:
        path = Path(source)
        if path.is_dir():
            yield from _pictures_in(path)
        elif {"*", "?"} & set(source) and not path.exists():
            found: list[Path] = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
            yield from found
            if not found:
                yield _nothing(path, "no file fits")
        else:
            yield path


def require_other_files(outputs: Sequence[Path], sources: Iterable[str]) -> None:
    """Check that no picture that is to be read would be replaced by one that is to be drawn.

    Args:
        outputs: What is to be drawn.
        sources: As `find_pictures` takes them.

    Raises:
        PictureError: One would, or two drawings have the same name.
    """
    if len(set(outputs)) < len(outputs):
        raise PictureError(
            f"two drawings cannot both be {str(outputs[0])!r}",
            hint="mnistcli predict IMAGE --save drawing.png --explain steps.png",
        )
    for output in (path for path in outputs if path.exists()):
        for picture in find_pictures(sources):
            if isinstance(picture, Path) and picture.exists() and picture.samefile(output):
                raise PictureError(
                    f"{str(output)!r} is to be read: drawing would replace it",
                    hint=f"mnistcli predict IMAGE --save {output.stem}_read.png",
                )


def _pictures_in(folder: Path) -> Iterator["Path | Reading"]:
    try:
        pictures = sorted(filter(is_picture_name, folder.iterdir()), key=lambda path: path.name)
    except PermissionError:
        yield _nothing(folder, "not allowed to read")
        return
    if not pictures:
        yield _nothing(folder, "no pictures in")
    yield from pictures


def _nothing(path: Path, what: str) -> "Reading":
    deeper = path / "**" / "*.png" if path.is_dir() else "*.png"
    error = PictureError(f"{what} {str(path)!r}", hint=f"mnistcli predict '{deeper}'")
    return Reading(path, error=error)


def read_pictures(
    classifier: Predictor,
    sources: Iterable[str],
    *,
    single: bool = False,
    min_confidence: float = 0.0,
) -> Iterator[Reading]:
    """Read pictures in parallel; one that cannot be read does not stop the rest.

    No more than two groups of pictures are at hand at a time, however many there are.

    Args:
        classifier: What tells digits apart, from several threads at a time.
        sources: As `find_pictures` takes them.
        single: Whether each picture is known to show one digit.
        min_confidence: The least `Reading.confidence`, 0 to 1. A picture is answered as a whole or
            not at all: a number with a digit left out would be another number.

    Yields:
        A reading for each picture, in the order of the sources.
    """
    pictures = find_pictures(sources)
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
_Prepared = tuple[Reading, list[Digit]]


def _prepare(classifier: Predictor, source: Path | Reading, *, single: bool) -> _Prepared:
    if isinstance(source, Reading):
        return source, []
    try:
        picture = open_picture(source)
    except PictureError as error:
        return Reading(source, error=error), []
    return Reading(source), find_digits(picture, single=single, score=classifier.predict)


def _classify(
    classifier: Predictor, group: list[_Prepared], min_confidence: float
) -> Iterator[Reading]:
    images = [digit.image for digit in chain.from_iterable(digits for _, digits in group)]
    answers = iter(classifier.predict(np.stack(images)) if images else ())
    for reading, digits in group:
        read = replace(reading, digits=tuple(ReadDigit(digit, next(answers)) for digit in digits))
        yield _answered(read, min_confidence)


def _answered(reading: Reading, min_confidence: float) -> Reading:
    """Return a reading, with the reason where there is no digit or it is too unsure."""
    if reading.error is not None:
        return reading
    if not reading.digits:
        return replace(reading, reason="no digit found")
    if reading.confidence >= min_confidence:
        return reading
    percent = math.floor(100 * reading.confidence)  # 100 would be sure enough
    return replace(reading, reason=f"no digit: best guess {reading.guess} at {percent} %")
