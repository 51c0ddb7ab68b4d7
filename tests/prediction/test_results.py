"""A prediction has a text and a confidence, or a reason, and one JSON shape."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.line_format import Alternative, RecognizedLine
from mnistcli.prediction.results import PredictedDigit, Prediction
from mnistcli.preprocessing import Digit, ImageContent
from mnistcli.preprocessing.shapes import DetectedLine


def predicted(digit: int, confidence: float) -> PredictedDigit:
    probabilities = np.full(10, (1 - confidence) / 9, np.float32)
    probabilities[digit] = confidence
    detection = Digit(np.zeros((28, 28), np.uint8), (1, 2, 3, 4), np.ones((2, 2), bool))
    return PredictedDigit(detection, probabilities)


SEVEN = predicted(7, 0.91)
THREE = predicted(3, 0.55)


def test_classes_are_ordered_by_probability() -> None:
    (first, confidence), (second, other) = SEVEN.most_likely(2)
    assert (first, second) == (7, 0)
    assert [confidence, other] == pytest.approx([0.91, 0.01])
    assert [digit for digit, _ in SEVEN.most_likely(10)] == [7, 0, 1, 2, 3, 4, 5, 6, 8, 9]


def test_the_confidence_is_the_mean_over_the_digits() -> None:
    prediction = Prediction(Path("a.png"), (SEVEN, THREE))

    assert prediction.text == prediction.guess == "73"
    assert prediction.confidence == pytest.approx(0.73)
    assert prediction.text_confidence == pytest.approx(0.91 * 0.55)


def test_a_rejected_prediction_has_a_guess_but_no_text() -> None:
    prediction = Prediction(Path("a.png"), (THREE,), reason="rejected")

    assert (prediction.text, prediction.guess) == ("", "3")
    assert prediction.confidence == pytest.approx(0.55)


def test_without_digits_the_confidence_is_0() -> None:
    assert Prediction(Path("a.png")).confidence == 0


@pytest.mark.parametrize(
    ("path", "count", "names"),
    [
        ("x/a.png", 1, ["a.png"]),
        ("a.png", 2, ["a.png, digit 1 of 2", "a.png, digit 2 of 2"]),
        ("-", 1, ["-"]),
        ("a.png", 0, []),
    ],
)
def test_digits_are_named_after_their_image(path: str, count: int, names: list[str]) -> None:
    prediction = Prediction(Path(path), (SEVEN,) * count)

    assert [name for name, _ in prediction.named_digits] == names


def test_the_json_of_one_digit_has_its_probabilities() -> None:
    values = Prediction(Path("a.png"), (SEVEN,)).as_dict("pretrained")

    assert list(values) == [
        "path", "model", "text", "confidence", "digits", "text_confidence", "lines", "marks",
        "mark_symbols", "form_elements", "specks", "digit", "digit_score", "probabilities",
    ]  # fmt: skip
    assert (values["path"], values["model"], values["text"]) == ("a.png", "pretrained", "7")
    assert values["confidence"] == pytest.approx(0.91)
    assert values["digit"] == 7
    assert 0.1 < values["digit_score"] < 1
    assert len(values["probabilities"]) == 10
    assert values["digits"] == [
        {
            "digit": 7,
            "confidence": values["confidence"],
            "digit_score": values["digit_score"],
            "probabilities": values["probabilities"],
            "box": [1, 2, 3, 4],
        }
    ]


def test_the_json_of_a_number_has_a_confidence() -> None:
    values = Prediction(Path("a.png"), (SEVEN, THREE)).as_dict()

    assert list(values) == [
        "path", "model", "text", "confidence", "digits", "text_confidence", "lines", "marks",
        "mark_symbols", "form_elements", "specks",
    ]  # fmt: skip
    assert values["text"] == "73"
    assert values["model"] is None
    assert values["confidence"] == pytest.approx(0.73)
    assert values["text_confidence"] == pytest.approx(0.91 * 0.55)
    assert values["lines"] == [{"text": "73", "confidence": values["text_confidence"]}]


def _page() -> Prediction:
    """Return two rows: a number that was read, and a digit beside a small number."""
    texts = (Alternative("73", 0.8), Alternative("13", 0.2))
    rows = np.zeros((2, 10), np.float32)
    recognized = RecognizedLine("73", 0.8, 0, np.array([1.0, 2.0]), rows, (), texts)
    lines = (DetectedLine(2, True, recognized), DetectedLine(1), DetectedLine(2, False, recognized))
    content = ImageContent((), lines=lines)
    digits = (SEVEN, THREE, SEVEN, SEVEN, THREE)
    return Prediction(Path("a.png"), digits, content=content)


def test_the_text_has_a_line_break_between_rows() -> None:
    assert _page().text == "73\n773"
    assert _page().guess_on_one_line == "73 / 773"


def test_the_confidence_of_the_text_is_the_product_over_the_lines() -> None:
    assert _page().text_confidence == pytest.approx(0.8 * 0.91 * 0.8)
    assert Prediction(Path("a.png")).text_confidence == 0


def test_the_json_has_the_lines_with_their_alternatives() -> None:
    lines = _page().as_dict()["lines"]

    assert [line["text"] for line in lines] == ["73", "7", "73"]
    assert lines[0]["alternatives"] == [
        {"text": "73", "confidence": 0.8},
        {"text": "13", "confidence": 0.2},
    ]
    assert "alternatives" not in lines[1]


def test_the_json_of_a_rejected_image_has_the_reason_and_the_guess() -> None:
    values = Prediction(Path("a.png"), (THREE,), reason="rejected").as_dict()

    assert (values["text"], values["reason"], values["digit"]) == ("", "rejected", 3)


def test_the_json_of_an_unreadable_image_has_the_error() -> None:
    values = Prediction(Path("a.png"), error=ImageError("no such file: 'a.png'")).as_dict("m")

    assert values == {
        "path": "a.png",
        "model": "m",
        "text": "",
        "confidence": 0.0,
        "error": "no such file: 'a.png'",
        "digits": [],
    }


def test_the_json_accounts_for_all_foreground() -> None:
    content = ImageContent(
        (), marks=((1, 2, 3, 4), (5, 6, 7, 8)), form_elements=((0, 0, 9, 9),), speck_count=3,
        largest_speck=12,
    )  # fmt: skip

    values = Prediction(Path("a.png"), (SEVEN,), content=content).as_dict()

    assert values["marks"] == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert values["form_elements"] == [[0, 0, 9, 9]]
    assert values["specks"] == {"count": 3, "area": 12}


def test_a_prediction_in_a_notebook_is_one_line() -> None:
    path = Path("a.png")

    assert (
        repr(Prediction(path, (SEVEN,))) == "Prediction('a.png', text='7', text_confidence=0.9100)"
    )
    assert repr(Prediction(path, reason="no")) == "Prediction('a.png', reason='no')"
    assert repr(Prediction(path, error=ImageError("bad"))) == "Prediction('a.png', error='bad')"


def test_the_image_can_be_opened_again() -> None:
    Image.new("L", (5, 7)).save("a.png")

    assert Prediction(Path("a.png")).open_image().size == (5, 7)
    memory = Prediction(Path("image 1"), source=np.zeros((9, 8), np.uint8))
    assert memory.open_image().size == (8, 9)
    with pytest.raises(ImageError, match=r"^no such file: 'b\.png'$"):
        Prediction(Path("b.png")).open_image()
