"""Predictions are printed as an aligned table or as JSON Lines, with notes on stderr."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistcli.cli.prediction.prediction_table import PrintedPredictions, print_predictions
from mnistcli.errors import ImageError
from mnistcli.line_format import RecognizedLine
from mnistcli.model_lookup import ModelRef
from mnistcli.prediction.results import PredictedDigit, Prediction
from mnistcli.preprocessing import Digit, ImageContent
from mnistcli.preprocessing.shapes import DetectedLine

Captured = pytest.CaptureFixture[str]


class Model(ModelRef):
    """A model with a known description."""

    name = "m"
    description = "m (classic)"
    is_for_photos = True


class DigitModel(Model):
    """A model that was trained on digits in MNIST format only."""

    is_for_photos = False


class PackagedModel(Model):
    """The model that is packaged beside the line recognizer."""

    name = "pretrained"


def digit(number: int, confidence: float = 0.91) -> PredictedDigit:
    probabilities = np.full(10, (1 - confidence) / 9, np.float32)
    probabilities[number] = confidence
    detection = Digit(np.zeros((28, 28), np.uint8), (0, 0, 1, 1), np.ones((1, 1), bool))
    return PredictedDigit(detection, probabilities)


def number(path: str, text: str, **options: Any) -> Prediction:
    return Prediction(Path(path), tuple(digit(int(character)) for character in text), **options)


def missing(path: str) -> Prediction:
    return Prediction(Path(path), error=ImageError(f"no such file: {path!r}", hint="--hint x"))


def printed(
    *predictions: Prediction, model: type[ModelRef] = Model, top: int = 3, **options: Any
) -> PrintedPredictions:
    return print_predictions(iter(predictions), model(()), top=top, **options)


def table(capsys: Captured, *predictions: Prediction, **options: Any) -> list[str]:
    printed(*predictions, **options)
    return capsys.readouterr().out.splitlines()


def test_single_digits_have_runners_up(capsys: Captured) -> None:
    assert table(capsys, number("seven.png", "7"), number("b.png", "3")) == [
        "digits  confidence  runner-up           image",
        "7       91.00 %     0 1.00 %  1 1.00 %  seven.png",
        "3       91.00 %     0 1.00 %  1 1.00 %  b.png",
    ]


def test_one_class_per_digit_needs_no_third_column(capsys: Captured) -> None:
    assert table(capsys, number("seven.png", "7"), top=1) == [
        "digits  confidence  image",
        "7       91.00 %     seven.png",
    ]


def test_a_narrow_third_column_fits_its_header(capsys: Captured) -> None:
    assert table(capsys, number("seven.png", "7"), top=2) == [
        "digits  confidence  runner-up  image",
        "7       91.00 %     0 1.00 %   seven.png",
    ]


def test_numbers_of_any_length_are_aligned_without_an_empty_column(capsys: Captured) -> None:
    """From 8 digits on, columns shifted, and an empty column moved the path."""
    assert table(capsys, number("a.png", "20250012345678"), number("b.png", "42")) == [
        "digits          confidence  image",
        "20250012345678  26.70 %     a.png",
        "42              82.81 %     b.png",
    ]


def test_a_rejected_image_has_its_confidence_and_an_aligned_path(capsys: Captured) -> None:
    """A reason that was wider than its column moved the path of its row only."""
    rejected = {
        "reason": "rejected, below 99.98 %: best guess 1 (91.00 %)",
        "short_reason": "below 99.98 %: best guess 1",
    }
    rows = (
        number("note.png", "59"),
        number("cat.png", "1", **rejected),
        number("seven.png", "7"),
        Prediction(Path("blank.png"), reason="no digit found"),
    )

    assert table(capsys, *rows) == [
        "digits  confidence  runner-up                    image",
        "59      82.81 %                                  note.png",
        "-       91.00 %     below 99.98 %: best guess 1  cat.png",
        "7       91.00 %     0 1.00 %  1 1.00 %           seven.png",
        "-       no digit found                           blank.png",
    ]
    assert table(capsys, *rows[:2])[0] == ("digits  confidence                               image")


def test_a_reason_without_a_confidence_spans_two_columns(capsys: Captured) -> None:
    blank = Prediction(Path("blank.png"), reason="no digit found")

    assert table(capsys, blank, number("a.png", "7"), top=2) == [
        "digits  confidence  runner-up  image",
        "-       no digit found         blank.png",
        "7       91.00 %     0 1.00 %   a.png",
    ]
    assert table(capsys, blank) == [
        "digits  confidence      image",
        "-       no digit found  blank.png",
    ]


def test_a_later_row_widens_the_columns(capsys: Captured) -> None:
    rows = table(
        capsys, *[number("a.png", "42")] * 32, number("b.png", "123456789"), number("c", "1")
    )

    assert rows[0] == "digits  confidence  image"
    assert rows[1:33] == ["42      82.81 %     a.png"] * 32
    assert rows[33:] == [
        "123456789  42.79 %     b.png",
        "1          91.00 %     0 1.00 %  2 1.00 %  c",
    ]


def test_a_table_with_short_paths_fits_into_80_columns(capsys: Captured) -> None:
    rows = table(capsys, number("x" * 36, "7"), number("x" * 36, "1234"))

    assert max(map(len, rows)) <= 80


def test_without_a_readable_image_there_is_no_header(capsys: Captured) -> None:
    result = printed(missing("a.png"))

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "model: m (classic)",
        "error: no such file: 'a.png'",
        "hint: --hint x",
    ]
    assert (result.has_failures, result.images, result.kept) == (True, 0, [])


def test_the_order_of_rows_and_errors_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    result = printed(missing("a.png"), number("b.png", "7"), missing("c.png"), top=1)

    assert result.has_failures
    assert capfd.readouterr().out.splitlines()[1:] == ["7       91.00 %     b.png"]


def test_json_is_printed_as_one_object_per_line(capsys: Captured) -> None:
    predictions = (number("a.png", "42"), missing("b.png"))

    printed(*predictions, as_json=True)

    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    assert lines == [prediction.as_dict("m") for prediction in predictions]
    assert "error: no such file: 'b.png'" in captured.err


def test_a_model_for_mnist_format_brings_one_note_on_photos(capsys: Captured) -> None:
    stored = number("a.png", "7", is_mnist_format=True)

    printed(stored, missing("b.png"), model=DigitModel)
    assert "pretrained" not in capsys.readouterr().err

    printed(stored, number("photo.png", "7"), number("scan.png", "7"), model=DigitModel)
    assert capsys.readouterr().err.splitlines() == [
        "model: m (classic)",
        "this model was not trained for photos; for photos and scans use --model pretrained",
    ]

    printed(number("photo.png", "7"))
    assert capsys.readouterr().err == "model: m (classic)\n"


def test_another_model_brings_one_note_on_numbers(capsys: Captured) -> None:
    recognized = RecognizedLine(
        "73", 0.8, 0, np.array([1.0, 2.0]), np.zeros((2, 10), np.float32), (), ()
    )
    content = ImageContent((), lines=(DetectedLine(2, True, recognized),))
    first, second = (number(path, "73", content=content) for path in ("a.png", "b.png"))

    printed(number("c.png", "7"), first, second)
    note = "the packaged line recognizer predicts numbers; this model predicts single digits"
    assert capsys.readouterr().err.splitlines() == ["model: m (classic)", note]

    printed(first, model=PackagedModel)
    assert note not in capsys.readouterr().err


def test_the_first_predictions_are_kept_and_all_are_counted(capsys: Captured) -> None:
    blank = Prediction(Path("blank.png"), reason="no digit found")
    predictions = (number("a.png", "123"), missing("b.png"), blank, number("c.png", "4"))

    result = printed(*predictions, keep=2)

    assert [str(one.path) for one in result.kept] == ["a.png", "blank.png"]
    assert (result.images, result.digits, result.has_failures) == (3, 5, True)


def test_names_are_printed_as_they_are_unless_they_break_the_line(capsys: Captured) -> None:
    rows = table(capsys, number("a[/red].png", "1"), number(":smile:\n.png", "1"), top=1)

    assert [row[20:] for row in rows[1:]] == ["a[/red].png", "':smile:\\n.png'"]


def test_ignored_marks_are_counted(capsys: Captured) -> None:
    one, two = (ImageContent((), marks=((0, 0, 5, 5),) * count) for count in (1, 2))

    lines = table(capsys, number("a.png", "12", content=two), number("b.png", "7", content=one))

    assert lines == [
        "digits  confidence  runner-up                           image",
        "12      82.81 %     2 marks ignored                     a.png",
        "7       91.00 %     0 1.00 %  1 1.00 %  1 mark ignored  b.png",
    ]
