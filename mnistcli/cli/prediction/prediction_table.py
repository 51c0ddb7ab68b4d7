"""Streaming output of predictions: a table with aligned columns, or JSON Lines."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol

from mnistcli.cli.errors import print_failure
from mnistcli.cli.escaping import quote_name
from mnistcli.cli.streams import print_json, print_line, print_model, print_note
from mnistcli.formatting import format_count, percent

if TYPE_CHECKING:  # loads NumPy and Pillow; help and usage errors must not
    from mnistcli.model_lookup import ModelRef
    from mnistcli.prediction.results import Prediction

# Predictions that determine the column widths; this many are predicted together.
_WIDTH_SAMPLE = 32

_PHOTO_NOTE = "this model was not trained for photos; for photos and scans use --model pretrained"
_NUMBER_NOTE = "the packaged line recognizer predicts numbers; this model predicts single digits"


class RowPrinter(Protocol):
    """Prints predictions one by one."""

    def print_row(self, prediction: "Prediction") -> None:
        """Print a prediction."""


@dataclass
class PrintedPredictions:
    """A summary of the predictions that were printed.

    Attributes:
        kept: The first predictions of images that could be read.
        images: The number of images that could be read.
        digits: The number of their digits; an image without digits counts as one.
        has_failures: Whether an image could not be read.
    """

    kept: list["Prediction"] = field(default_factory=list)
    images: int = 0
    digits: int = 0
    has_failures: bool = False

    def add(self, prediction: "Prediction", *, keep: int) -> None:
        """Count a prediction, and keep it if it is one of the first `keep`."""
        if prediction.error is not None:
            self.has_failures = True
            return
        if self.images < keep:
            self.kept.append(prediction)
        self.images += 1
        self.digits += max(1, len(prediction.digits))


def print_predictions(
    predictions: Iterable["Prediction"],
    model: "ModelRef",
    *,
    top: int,
    as_json: bool = False,
    printer: RowPrinter | None = None,
    keep: int = 0,
    count: Callable[[], int] | None = None,
) -> PrintedPredictions:
    """Print predictions to stdout; the model, notes and errors go to stderr.

    Args:
        predictions: The predictions, one per image.
        model: The model. If it was not trained for photos, a note says so at the first image that
            is not in MNIST format. If it is not the packaged one, a note says at the first number
            that the line recognizer predicts it.
        top: The number of candidates to show (top-k): classes of a digit, or alternatives for a
            number.
        as_json: Print JSON Lines instead of a table.
        printer: Prints the predictions in another format instead, such as CSV.
        keep: The number of predictions to return.
        count: Counts the images, for the progress; None if their number cannot be known.
    """
    from mnistcli.cli.progress import image_progress
    from mnistcli.model_lookup import PRETRAINED

    print_model(model.description)
    printed = PrintedPredictions()
    photos_expected = model.is_for_photos
    numbers_expected = model.name == PRETRAINED
    with image_progress(predictions, count) as progress:
        stream = iter(progress)
        first = list(islice(stream, _WIDTH_SAMPLE))
        table = _Table(top, first)
        for prediction in chain(first, stream):
            printed.add(prediction, keep=keep)
            if not photos_expected and _needs_preprocessing(prediction):
                print_note(_PHOTO_NOTE)
                photos_expected = True
            if not numbers_expected and any(line.recognized for line in prediction.lines):
                print_note(_NUMBER_NOTE)
                numbers_expected = True
            if printer is not None:
                printer.print_row(prediction)
            elif as_json:
                print_json(prediction.as_dict(model.name), indent=None)
            elif prediction.error is None:
                table.print_row(prediction)
            if prediction.error is not None:
                print_failure(prediction.error)
    return printed


def _needs_preprocessing(prediction: "Prediction") -> bool:
    return prediction.error is None and not prediction.is_mnist_format


class _Table:
    """A table whose columns are as wide as the first predictions need, or a later one.

    Args:
        top: The number of candidates to show: classes of a digit, or alternatives for a number.
        first: The first predictions.
    """

    def __init__(self, top: int, first: Iterable["Prediction"]) -> None:
        self._top = top
        self._digits, self._confidence, self._comment = len("digits"), len("confidence"), 0
        self._title = ""  # of the third column
        self._has_header = False
        for prediction in first:
            if prediction.error is None:
                self._widen(prediction)

    def print_row(self, prediction: "Prediction") -> None:
        """Print a prediction, and the header before the first one."""
        self._widen(prediction)
        if not self._has_header:
            self._print("digits", f"{'confidence':<{self._confidence}}  {self._title}", "image")
            self._has_header = True
        text = "-" if prediction.reason else prediction.guess_on_one_line
        middle = prediction.reason
        if prediction.text or prediction.short_reason:
            confidence = f"{percent(prediction.text_confidence):<{self._confidence}}"
            middle = f"{confidence}  {_comment(prediction, self._top)}"
        self._print(text, middle, quote_name(prediction.path))

    def _print(self, digits: str, middle: str, path: str) -> None:
        width = self._confidence + (2 + self._comment if self._comment else 0)
        print_line(f"{digits:<{self._digits}}  {middle.rstrip():<{width}}  {path}")

    def _widen(self, prediction: "Prediction") -> None:
        self._digits = max(
            self._digits, 0 if prediction.reason else len(prediction.guess_on_one_line)
        )
        comment = _comment(prediction, self._top)
        needed = len(comment)
        if prediction.reason and not comment:  # the reason spans two columns
            needed = len(prediction.reason) - self._confidence - 2
        elif comment and not prediction.reason:
            self._title = "runner-up"
            needed = max(needed, len(self._title))
        self._comment = max(self._comment, needed)


def _comment(prediction: "Prediction", top: int) -> str:
    """Return the third column: the rejection, or the runners-up and the number of marks."""
    if prediction.reason:
        return prediction.short_reason
    parts = []
    if len(prediction.digits) == 1:
        others = prediction.digits[0].most_likely(top)[1:]
        parts = [f"{digit} {percent(probability)}" for digit, probability in others]
    elif len(prediction.lines) == 1:
        texts = prediction.lines[0].alternatives[1:top]
        parts = [f"{text} {percent(probability)}" for text, probability in texts]
    if marks := len(prediction.content.marks):
        parts.append(f"{format_count(marks, 'mark')} ignored")
    return "  ".join(parts)
