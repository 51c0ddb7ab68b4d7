import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli import prediction
from mnistcli.errors import ImageError
from mnistcli.image_sources import find_images, require_other_files
from mnistcli.prediction import predict_images
from tests.support.strokes import draw_digit


class Counting:
    """A predictor that answers with the number of images it has been shown before, modulo 10."""

    def __init__(self) -> None:
        self.groups: list[int] = []

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        seen = sum(self.groups)
        self.groups.append(len(images))
        answers = np.full((len(images), 10), 0.01, np.float32)
        answers[np.arange(len(images)), np.arange(seen, seen + len(images)) % 10] = 0.91
        return answers


def draw(*names: str) -> list[str]:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        draw_digit(3, size=40).save(name)
    return list(names)


def test_readings_come_in_order_whatever_is_prepared_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = draw(*(f"{number:03}.png" for number in range(70)))
    first_waits = threading.Event()
    really = prediction.open_image

    def slow_first(path: Path) -> object:
        if path.name == "000.png" and (os.cpu_count() or 1) > 1:
            first_waits.wait(5)
        if path.name == "005.png":
            first_waits.set()
        return really(path)

    monkeypatch.setattr(prediction, "open_image", slow_first)
    predictor = Counting()
    readings = list(predict_images(predictor, names, single=True))

    assert [str(one.path) for one in readings] == names
    assert [one.text for one in readings] == [str(number % 10) for number in range(70)]
    assert predictor.groups == [32, 32, 6]


def test_only_two_groups_are_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = draw("a.png")
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield name

    next(predict_images(Counting(), endless(), single=True))

    assert taken <= 3 * 32


def test_errors_keep_their_place() -> None:
    good, other = draw("a.png", "c.png")
    Path("b.png").write_text("no picture")

    first, bad, last = predict_images(Counting(), [good, "b.png", other], single=True)

    assert (first.text, bad.text, last.text) == ("0", "", "1")
    assert bad.error is not None
    assert bad.as_dict() == {"path": "b.png", "error": "not a picture: 'b.png'"}


def test_a_group_without_a_digit_is_not_shown_to_the_network() -> None:
    predictor = Counting()

    assert [one.text for one in predict_images(predictor, ["gone.png"])] == [""]
    assert predictor.groups == []


def test_no_sources_have_no_readings() -> None:
    assert list(predict_images(Counting(), [], single=True)) == []


def test_a_directory_stands_for_its_pictures_in_order() -> None:
    draw("d/b.png", "d/a.PNG", "d/c.jpg")
    Path("d/notes.txt").touch()

    assert [str(path) for path in find_images(["d"])] == ["d/a.PNG", "d/b.png", "d/c.jpg"]


@pytest.mark.parametrize("absolute", [False, True])
def test_a_pattern_stands_for_what_it_fits(tmp_path: Path, absolute: bool) -> None:
    draw("d/b.png", "d/a.png", "d/e/c.png", "d/x.jpg")
    start = f"{tmp_path}/" if absolute else ""

    assert [str(path) for path in find_images([f"{start}d/*.png"])] == [
        f"{start}d/a.png",
        f"{start}d/b.png",
    ]
    assert len(list(find_images([f"{start}d/**/*.png"]))) == 3


def test_a_file_whose_name_looks_like_a_pattern_is_that_file() -> None:
    draw("a[1].png", "a1.png")

    assert list(find_images(["a[1].png"])) == [Path("a[1].png")]


@pytest.mark.parametrize(
    ("source", "message"), [("*.gif", "no file fits '*.gif'"), ("empty", "no pictures in 'empty'")]
)
def test_nothing_is_an_error_in_its_place(source: str, message: str) -> None:
    Path("empty").mkdir()

    (nothing,) = find_images([source])

    assert nothing.error is not None
    assert (nothing.error.message, str(nothing.path)) == (message, source)


def test_digits_are_ranked() -> None:
    (one,) = predict_images(Counting(), draw("a.png"), single=True)

    assert one.digits[0].ranked(2)[0] == (0, pytest.approx(0.91))
    assert len(one.digits[0].ranked(10)) == 10
    assert one.as_dict()["digit"] == 0


def test_the_classifier_is_asked_how_to_part_what_may_be_several_digits() -> None:
    predictor = Counting()

    (one,) = predict_images(predictor, draw("a.png"))

    assert len(one.digits) == 1
    assert len(predictor.groups) >= 2  # the parts, and at last the digits


def test_several_digits_are_as_sure_as_all_of_them() -> None:
    (one,) = predict_images(Counting(), draw("a.png"), single=True)
    several = replace(one, digits=one.digits * 2)

    assert several.text == "00"
    assert several.confidence == pytest.approx(0.91)
    assert "digit" not in several.as_dict()


class Unsure:
    """A predictor that gives the images of each call these confidences, in turn."""

    def __init__(self, *confidences: float) -> None:
        self.confidences = confidences

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        answers = np.full((len(images), 10), 0.01, np.float32)
        answers[:, 7] = np.resize(self.confidences, len(images))
        return answers


@pytest.mark.parametrize(("least", "text"), [(0.0, "7"), (0.3, "7"), (0.32, ""), (1.0, "")])
def test_a_digit_that_is_not_sure_enough_is_refused(least: float, text: str) -> None:
    (one,) = predict_images(Unsure(0.31), draw("a.png"), single=True, min_confidence=least)

    assert one.text == text
    shown = one.as_dict()
    assert (one.guess, [digit["digit"] for digit in shown["digits"]]) == ("7", [7])
    if not text:
        assert shown["text"] == ""
        assert shown["reason"] == "no digit: best guess 7 at 31 %"
        assert shown["confidence"] == pytest.approx(0.31)


@pytest.mark.parametrize(("last", "text"), [(0.6, "77"), (0.21, "")])
def test_a_number_is_answered_whole_or_not_at_all(last: float, text: str) -> None:
    """The mean counts: 0.75 of 0.9 and 0.6, and 0.555 of 0.9 and 0.21."""
    two = Image.new("L", (120, 60), 255)
    two.paste(draw_digit(3, size=60), (0, 0))
    two.paste(draw_digit(5, size=60), (60, 0))
    two.save("two.png")

    (one,) = predict_images(Unsure(0.9, last), ["two.png"], min_confidence=0.7)

    assert one.text == text
    assert one.reason == ("" if text else "no digit: best guess 77 at 55 %")


def test_a_blank_picture_has_a_reason() -> None:
    Image.new("L", (50, 50), 255).save("blank.png")

    (one,) = predict_images(Counting(), ["blank.png"])

    assert one.as_dict() == {
        "path": "blank.png", "text": "", "digits": [], "reason": "no digit found"
    }  # fmt: skip


@pytest.mark.parametrize("source", ["in/a.png", "in", "in/*.png", "./in/../in/a.png"])
def test_a_picture_that_is_read_is_not_drawn_over(source: str) -> None:
    draw("in/a.png")

    with pytest.raises(ImageError) as caught:
        require_other_files([Path("in/a.png")], [source])

    assert caught.value.message == "'in/a.png' is to be read: drawing would replace it"
    require_other_files([Path("in/b.png"), Path("c.png")], [source])


def test_two_drawings_need_two_names() -> None:
    with pytest.raises(ImageError, match=r"two drawings cannot both be 'a\.png'"):
        require_other_files([Path("a.png"), Path("a.png")], ["b.png"])


def test_a_name_no_file_can_have_is_no_file() -> None:
    (one,) = predict_images(Counting(), ["a\0b.png"])

    assert one.error is not None
    assert one.error.message == "no such file: 'a\\x00b.png'"
