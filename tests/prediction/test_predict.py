"""Images are predicted in parallel and in order, and rejected below the threshold."""

import io
import os
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.image_io import ImageSource, image_modes, open_image
from mnistcli.inference import line_recognizer
from mnistcli.line_format import RecognizedLine
from mnistcli.prediction import preparation, preparation_workers
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.preparation import Preparation, Prepared
from mnistcli.prediction.preparation_workers import PreparationWorkers
from mnistcli.prediction.rejection import Thresholds
from mnistcli.preprocessing import ImageContent
from tests.support.strokes import draw_digit


class Counting:
    """A classifier that predicts the number of images it has been given before, modulo 10."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        seen = sum(self.batches)
        self.batches.append(len(images))
        probabilities = np.full((len(images), 10), 0.01, np.float32)
        probabilities[np.arange(len(images)), np.arange(seen, seen + len(images)) % 10] = 0.91
        return probabilities


class Unsure:
    """A classifier that predicts 7; the images of a call have these confidences in turn."""

    def __init__(self, *confidences: float) -> None:
        self.confidences = confidences

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        probabilities = np.full((len(images), 10), 0.01, np.float32)
        probabilities[:, 7] = np.resize(self.confidences, len(images))
        return probabilities


class ByWidth:
    """A classifier that predicts the same for the same image, regardless of the batch."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        self.seen += [image.tobytes() for image in images]
        widths = (images.max(axis=1) > 0).sum(axis=1)
        probabilities = np.full((len(images), 10), 0.01, np.float32)
        probabilities[np.arange(len(images)), widths % 10] = 0.91
        return probabilities


def draw(*names: str) -> list[str]:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        draw_digit(3, size=40).save(name)
    return list(names)


def draw_number(path: str, *digits: int) -> None:
    number = Image.new("L", (60 * len(digits), 60), 255)
    for index, digit in enumerate(digits):
        number.paste(draw_digit(digit, size=60), (60 * index, 0))
    number.save(path)


def test_predictions_come_in_order_whatever_is_prepared_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = draw(*(f"{number:03}.png" for number in range(70)))
    first_waits = threading.Event()

    def slow_first(source: Path, *, name: str, memory: ExitStack) -> Image.Image:
        if name == "000.png" and (os.cpu_count() or 1) > 1:
            first_waits.wait(5)
        if name == "005.png":
            first_waits.set()
        return open_image(source, name=name, memory=memory)

    monkeypatch.setattr(preparation, "open_image", slow_first)
    predictor = Counting()
    predictions = list(predict_images(predictor, names, single=True))

    assert [str(one.path) for one in predictions] == names
    assert [one.text for one in predictions] == [str(number % 10) for number in range(70)]
    assert predictor.batches == [32, 32, 6]


def test_only_two_groups_are_in_memory() -> None:
    (name,) = draw("a.png")
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield name

    next(predict_images(Counting(), endless(), single=True))

    assert taken <= 3 * 32


@pytest.mark.parametrize(("count", "starts"), [(95, False), (96, True)])
def test_many_files_are_prepared_in_worker_processes(
    count: int, starts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []
    monkeypatch.setattr(PreparationWorkers, "start", lambda _: started.append(True))
    monkeypatch.setattr(preparation_workers, "count_processes", lambda: 2)

    results = list(predict_images(Counting(), ["gone.png"] * count))

    assert len(results) == count
    assert bool(started) == starts


def test_images_in_memory_are_prepared_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(PreparationWorkers, "start")

    results = list(predict_images(Counting(), [np.zeros((9, 9), np.uint8)] * 100))

    assert len(results) == 100


def test_errors_keep_their_place() -> None:
    good, other = draw("a.png", "c.png")
    Path("b.png").write_text("no image")

    first, bad, last = predict_images(Counting(), [good, "b.png", other], single=True)

    assert (first.text, bad.text, last.text) == ("0", "", "1")
    assert bad.error is not None
    assert bad.error.message == "not an image: 'b.png'"


@pytest.mark.parametrize("name", ["a.png/x.png", "x" * 300, "loop.png", "a\0b.png", "", "x*.png"])
def test_a_name_that_the_system_refuses_does_not_stop_the_rest(name: str) -> None:
    draw("a.png")
    Path("loop.png").symlink_to("loop.png")

    first, bad, last = predict_images(Counting(), ["a.png", name, "a.png"], single=True)

    assert (first.text, last.text) == ("0", "1")
    assert bad.error is not None


def test_too_little_memory_for_one_image_does_not_stop_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw("a.png")

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(preparation, "detect_content", fail)

    (one,) = predict_images(Counting(), "a.png")

    assert one.error is not None
    assert one.error.message == "not enough memory: 'a.png'"


def test_without_a_digit_the_classifier_is_not_called() -> None:
    predictor = Counting()

    assert [one.text for one in predict_images(predictor, ["gone.png"])] == [""]
    assert predictor.batches == []


def test_no_sources_have_no_predictions() -> None:
    assert list(predict_images(Counting(), [], single=True)) == []


def test_a_string_is_one_path() -> None:
    draw("a.png")

    assert [str(one.path) for one in predict_images(Counting(), "a.png")] == ["a.png"]
    assert [str(one.path) for one in predict_images(Counting(), Path("a.png"))] == ["a.png"]


def test_images_in_memory_are_predicted_like_files() -> None:
    draw("a.png")
    with Image.open("a.png") as file:
        image = file.copy()
    pixels = np.asarray(image)
    content = io.BytesIO(Path("a.png").read_bytes())
    inputs: list[ImageSource] = [
        Path("a.png"),
        image,
        image.convert("P"),
        pixels,
        pixels / 255,
        content,
    ]

    results = list(predict_images(ByWidth(), inputs))

    assert len({one.text for one in results}) == 1
    assert len({one.digits[0].detection.box for one in results}) == 1
    assert [str(one.path) for one in results[:3]] == ["a.png", "image 2", "image 3"]
    assert all(one.open_image().size == (40, 40) for one in results)
    assert [one.source for one in results[:4]] == [None, image, inputs[2], pixels]


def test_an_array_that_is_not_an_image_is_an_error_in_its_place() -> None:
    (one,) = predict_images(Counting(), [np.zeros((3, 28, 28))])

    assert one.error is not None
    assert one.error.message.startswith("not the shape of an image: 'image 1' is (3, 28, 28)")


def test_another_object_among_the_images_is_a_type_error() -> None:
    sources: Any = ["gone.png", 7]

    with pytest.raises(TypeError, match=r"not int$"):
        list(predict_images(Counting(), sources))


def test_skipped_files_and_subfolders_are_passed_on() -> None:
    draw("x/a.png", "x/y/b.png")
    Path("x/c.txt").touch()
    notes: list[str] = []

    results = predict_images(Counting(), "x", recursive=True, on_note=notes.append)

    assert [str(one.path) for one in results] == ["x/a.png", "x/y/b.png"]
    assert notes == ["skipped 1 file in 'x': 1 .txt"]


def test_a_pipe_can_be_opened_again() -> None:
    os.mkfifo("pipe")
    (name,) = draw("a.png")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(Path(name).read_bytes(),))
    writer.start()

    (one,) = predict_images(Counting(), "pipe", single=True)

    writer.join()
    assert (one.text, one.open_image().size) == ("0", (40, 40))


class ReadsTwo:
    """A line recognizer that reads 31 in any line, and keeps the digit counts that it was given."""

    def __init__(self, confidence: float = 0.9) -> None:
        self.confidence = confidence
        self.digit_counts: list[range | None] = []

    def read(
        self, images: list[NDArray[np.float32]], *, digit_counts: range | None = None
    ) -> RecognizedLine:
        self.digit_counts.append(digit_counts)
        positions = np.array([0.35, 0.65]) * images[0].shape[1]
        probabilities = np.full((2, 10), 0.01, np.float32)
        probabilities[[0, 1], [3, 1]] = 0.91
        return RecognizedLine("31", self.confidence, 0, positions, probabilities)


@pytest.fixture
def reads_two(monkeypatch: pytest.MonkeyPatch) -> ReadsTwo:
    recognizer = ReadsTwo()
    monkeypatch.setattr(line_recognizer, "load_line_recognizer", lambda threads: recognizer)
    return recognizer


def test_the_digits_of_a_line_are_not_classified_again(reads_two: ReadsTwo) -> None:
    draw_number("two.png", 3, 5)
    predictor = ByWidth()

    (one,) = predict_images(predictor, "two.png")

    assert one.text == "31"
    assert one.text_confidence == 0.9
    assert predictor.seen == []


def test_the_line_recognizer_is_not_loaded_for_one_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int | None) -> None:
        raise AssertionError

    monkeypatch.setattr(line_recognizer, "load_line_recognizer", fail)
    draw("one.png")

    (one,) = predict_images(ByWidth(), "one.png")

    assert len(one.digits) == 1


def test_the_number_of_digits_is_given_to_the_line_recognizer(reads_two: ReadsTwo) -> None:
    draw("one.png")

    (one,) = predict_images(ByWidth(), "one.png", digit_counts=range(2, 4))

    assert reads_two.digit_counts == [range(2, 4)]
    assert one.text == "31"


def test_an_image_in_mnist_format_is_told_from_others(mnist_like: NDArray[np.uint8]) -> None:
    Image.fromarray(mnist_like).save("digit.png")
    Image.fromarray(255 - mnist_like).save("inverted.png")
    draw("photo.png")
    Image.new("L", (28, 28)).save("blank.png")

    names = ["digit.png", "inverted.png", "photo.png", "blank.png", "gone.png"]
    results = list(predict_images(ByWidth(), names))

    assert [one.is_mnist_format for one in results] == [True, False, False, False, False]


@pytest.fixture
def mnist_like() -> NDArray[np.uint8]:
    """A digit as in the MNIST dataset: centered, 20 pixels high, white on black."""
    drawn = draw_digit(3, size=84, width=0.15, ink=255, paper=0)
    box = drawn.getbbox()
    assert box is not None
    digit = drawn.crop(box).resize((14, 20), Image.Resampling.BOX)
    pixels = np.asarray(digit, np.float64)
    rows, columns = pixels.sum(axis=1), pixels.sum(axis=0)
    top = round(14 - float(rows @ np.arange(20) / rows.sum()))
    left = round(14 - float(columns @ np.arange(14) / columns.sum()))
    image = np.zeros((28, 28), np.uint8)
    image[top : top + 20, left : left + 14] = np.asarray(digit)
    return image


@pytest.mark.parametrize(("threshold", "text"), [(0.0, "7"), (0.3, "7"), (0.32, ""), (1.0, "")])
def test_a_digit_below_the_threshold_is_rejected(threshold: float, text: str) -> None:
    (one,) = predict_images(
        Unsure(0.31), draw("a.png"), single=True, thresholds=Thresholds(DigitThresholds(threshold))
    )

    assert one.text == text
    assert (one.guess, [digit.digit for digit in one.digits]) == ("7", [7])
    expected = f"rejected, below {100 * threshold:.2f} %: best guess 7 (31.00 %)"
    assert one.reason == ("" if text else expected)


def test_a_blank_image_is_rejected() -> None:
    Image.new("L", (50, 50), 255).save("blank.png")

    (one,) = predict_images(Counting(), ["blank.png"])

    assert (one.text, one.reason, one.digits) == ("", "no digit found", ())


def test_the_generator_ends_without_waiting_for_images_in_preparation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C waited for up to 64 images."""
    names = draw(*(f"{number}.png" for number in range(40)))
    end = threading.Event()
    prepare = Preparation.prepare

    def slow(self: Preparation, found: InputImage, classify: Any) -> Prepared:
        if int(found.path.name.removesuffix(".png")) >= 32:  # not in the first group
            end.wait(20)
        return prepare(self, found, classify)

    monkeypatch.setattr(Preparation, "prepare", slow)
    predictions = predict_images(Counting(), names, single=True)
    assert isinstance(predictions, Generator)
    next(predictions)

    begin = time.monotonic()
    predictions.close()
    waited = time.monotonic() - begin
    end.set()

    assert waited < 2


@pytest.mark.parametrize("orientation", [1, 6])
def test_the_json_of_a_reduced_image_has_boxes_in_pixels_of_the_file(
    orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.new("L", (301, 200), 255)
    image.paste(draw_digit(3, size=150), (149, 48))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save("a.png", exif=exif)
    (whole,) = predict_images(ByWidth(), "a.png")
    expected = np.array(whole.as_dict()["digits"][0]["box"])
    monkeypatch.setattr(image_modes, "MAX_FULL_PIXELS", 10_000)

    (reduced,) = predict_images(ByWidth(), "a.png")

    assert reduced.open_image().width <= 101
    assert reduced.size == whole.size == ((301, 200) if orientation == 1 else (200, 301))
    box = np.array(reduced.as_dict()["digits"][0]["box"])
    assert np.abs(box - expected).max() <= 6  # two pixels of the reduced image
    # The edge of the image is not a whole pixel of the reduced one.
    at_edge = replace(reduced, content=ImageContent((), marks=((99, 60, 101, 67),)))
    (mark,) = at_edge.as_dict()["marks"]
    assert mark == [297, 180, min(303, reduced.size[0]), min(201, reduced.size[1])]
