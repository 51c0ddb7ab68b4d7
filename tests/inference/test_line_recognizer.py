"""The line recognizer, with a network whose output is given."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.errors import ModelError
from mnistcli.inference import line_recognizer
from mnistcli.inference.line_recognizer import Calibration, LineRecognizer, load_line_recognizer
from mnistcli.line_format import SYMBOLS

BLANK = len(SYMBOLS)


def network_of(*texts: dict[int, dict[str, float]]) -> LineRecognizer:
    """Return a recognizer that gives each image the probabilities {column: {symbol: p}}."""

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        columns = images.shape[2] // 4
        probabilities = np.full((len(images), columns, BLANK + 1), 1e-7)
        probabilities[:, :, BLANK] = 1
        for output, spikes in zip(probabilities, texts, strict=True):
            for column, symbols in spikes.items():
                output[column, BLANK] = 1 - sum(symbols.values()) + 1e-7
                for symbol, probability in symbols.items():
                    output[column, SYMBOLS.index(symbol)] = probability
        return np.log(probabilities).astype(np.float32)

    return LineRecognizer(compute)


def blank(width: int = 64) -> NDArray[np.float32]:
    return np.zeros((32, width), np.float32)


def test_digits_have_positions_and_probabilities() -> None:
    recognized = network_of({2: {"4": 0.9, "9": 0.09}, 7: {"1": 0.98}}).read([blank()])

    assert recognized.text == "41"
    assert recognized.columns == pytest.approx([10, 30], abs=0.5)
    assert recognized.probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert recognized.probabilities[0, [4, 9]] == pytest.approx([0.9, 0.1], abs=0.02)
    assert recognized.text_confidence == pytest.approx(0.9 * 0.98, abs=0.02)


def test_alternatives_are_in_descending_order_and_sum_to_1() -> None:
    recognized = network_of({2: {"4": 0.8, "9": 0.15}, 7: {"1": 0.9, "7": 0.06}}).read([blank()])

    texts = [text for text, _ in recognized.alternatives]
    probabilities = [probability for _, probability in recognized.alternatives]
    assert texts[:2] == ["41", "91"]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1)


def test_marks_are_left_out_of_the_digits() -> None:
    recognized = network_of({1: {"4": 0.9}, 4: {".": 0.9}, 6: {"4": 0.9}}).read([blank()])

    assert recognized.text == "44"
    assert [(mark.symbol, round(mark.column)) for mark in recognized.marks] == [(".", 18)]


def test_the_text_with_the_highest_mean_over_the_scales_is_read() -> None:
    recognizer = network_of({2: {"4": 0.6, "9": 0.4}}, {2: {"9": 0.9}}, {2: {"9": 0.5, "4": 0.4}})

    recognized = recognizer.read([blank(), blank(40), blank(64)])

    assert recognized.text == "9"
    assert recognized.image_index == 1
    assert recognized.probabilities[0, 9] == pytest.approx(0.6, abs=0.06)


def test_the_number_of_digits_can_be_given() -> None:
    recognizer = network_of({1: {"4": 0.9}, 4: {"1": 0.3}, 6: {"2": 0.9}})

    assert recognizer.read([blank()]).text == "42"
    assert recognizer.read([blank()], digit_counts=range(3, 5)).text == "412"
    assert recognizer.read([blank()], digit_counts=range(1, 2)).text in {"4", "2"}


def test_a_line_without_digits_has_an_empty_text() -> None:
    recognized = network_of({3: {"-": 0.9}}).read([blank()])

    assert (recognized.text, len(recognized.columns), len(recognized.probabilities)) == ("", 0, 0)


def test_a_calibration_is_monotonic() -> None:
    calibrated = [Calibration(0.5, -1.0).apply(value) for value in (0.0, 0.3, 0.9, 1.0)]

    assert calibrated == sorted(calibrated)
    assert 0 < calibrated[0] < calibrated[-1] < 1
    assert Calibration().apply(0.7) == pytest.approx(0.7)


def test_the_packaged_recognizer_reads_images_of_any_width() -> None:
    recognizer = load_line_recognizer()

    assert recognizer.read([blank(32), blank(45)]).text == ""
    assert recognizer.read([blank(700)]).text == ""
    assert load_line_recognizer() is recognizer


def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(line_recognizer.LINE_RECOGNIZER_DIR, tmp_path / "lines")
    with (tmp_path / "lines" / "model.tflite").open("ab") as file:
        file.write(b"?")
    monkeypatch.setattr(line_recognizer, "LINE_RECOGNIZER_DIR", tmp_path / "lines")

    with pytest.raises(ModelError, match="damaged") as caught:
        load_line_recognizer.__wrapped__()
    assert caught.value.hint == "pip install --force-reinstall ."
