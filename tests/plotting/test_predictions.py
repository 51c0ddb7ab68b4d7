"""Plot of predictions: each image with its boxes, then its digits; size and legibility."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnistcli.errors import ImageError
from mnistcli.plotting.prediction_block import BARS, DIGIT, LINE, NAME, SINGLE, PredictionBlock
from mnistcli.plotting.predictions import lay_out, plot_predictions
from mnistcli.plotting.style import DPI, fit_text
from mnistcli.prediction.results import Prediction
from tests.plotting.builders import (
    ODD_NAMES,
    array_of,
    axes_of,
    footer,
    make_digit,
    make_number,
    make_page,
    make_prediction,
    make_unreadable,
    random_images,
    texts,
    title,
)

Check = Callable[[Figure], None]
REASON = "rejected, below 77.89 %: best guess 7 (31.00 %)"


def plot(*predictions: Prediction) -> Figure:
    return plot_predictions(predictions, model_name="pretrained")


def pixels(figure: Figure) -> tuple[float, float]:
    width, height = figure.get_size_inches() * DPI
    return float(width), float(height)


def rectangles(figure: Figure) -> list[Rectangle]:
    return [patch for patch in axes_of(figure).patches if isinstance(patch, Rectangle)]


def test_a_single_digit_is_drawn_beside_its_input(assert_legible: Check) -> None:
    figure = plot(make_prediction())

    assert title(figure) == "Predicted 7, confidence 90.0 %"
    assert footer(figure) == "model: pretrained, 1 image, 1 digit"
    written = [text.get_text() for text in axes_of(figure).texts]
    assert written[:2] == ["seven.png", "predicted 7, confidence 90.0 %"]
    assert written[2:] == ["7", "7", "90.0 %", *"0123456789"]
    image, seen = axes_of(figure).images
    assert np.array_equal(array_of(seen), random_images(1)[0])
    left, right, bottom, top = image.get_extent()
    assert (right - left) / (bottom - top) == pytest.approx(100 / 80)
    assert_legible(figure)


def test_a_box_has_the_predicted_digit_above_it() -> None:
    figure = plot(make_prediction())

    left, right, bottom, top = axes_of(figure).images[0].get_extent()
    frame, box, *bars = rectangles(figure)
    assert frame.get_width() == pytest.approx(right - left)
    assert (box.get_x() - left) / (right - left) == pytest.approx(0.1, abs=0.03)
    assert (box.get_y() - top) / (bottom - top) == pytest.approx(0.25, abs=0.03)
    assert box.get_width() == pytest.approx((right - left) / 2 + 0.06)
    label = axes_of(figure).texts[2]
    x, y = label.get_position()
    assert x == pytest.approx(box.get_x() + box.get_width() / 2)
    assert y < box.get_y()
    heights = [bar.get_height() for bar in bars]
    assert len(heights) == 10
    assert heights[7] == pytest.approx(0.9 * BARS)
    assert heights[6] == pytest.approx(0.1 / 9 * BARS)
    assert len({bar.get_facecolor() for bar in bars}) == 2


def test_a_number_has_its_image_once_and_then_all_its_digits(assert_legible: Check) -> None:
    figure = plot(make_number("number.png", 12))

    assert title(figure) == "Predicted 012345678901, confidence 28.2 %"
    assert len(axes_of(figure).images) == 1 + 12
    assert texts(figure).count("number.png") == 1
    assert pixels(figure) < (1600, 1200)
    assert_legible(figure)


def test_a_page_is_drawn_with_all_its_digits(assert_legible: Check) -> None:
    figure = plot(make_page("page.png", 6, 4))

    assert footer(figure) == "model: pretrained, 1 image, 24 digits"
    assert len(axes_of(figure).images) == 1 + 24
    width, height = pixels(figure)
    assert width < 2400
    assert height < 1800
    assert_legible(figure)


def test_several_images_are_drawn_without_the_unreadable_one(assert_legible: Check) -> None:
    blank = make_prediction("blank.png", [], mode="RGB", reason="no digit found")
    two = make_prediction("two.png", [make_digit(2), make_digit(5, (60, 20, 90, 70))], mode="RGB")
    figure = plot(make_prediction(), blank, make_unreadable(), two)

    assert title(figure) == "Predictions of 3 images, 1 of them rejected"
    assert footer(figure) == "model: pretrained, 3 images, 3 digits"
    written = texts(figure)
    assert {"seven.png", "blank.png", "no digit found", "predicted 25, confidence 81.0 %"} < set(
        written
    )
    assert "lost.png" not in written
    assert len(axes_of(figure).images) == 2 + 1 + 3
    assert_legible(figure)


def test_a_rejected_image_has_the_reason_and_the_guess(assert_legible: Check) -> None:
    figure = plot(make_prediction(reason=REASON))

    assert title(figure) == "Rejected, below 77.89 %: best guess 7 (31.00 %)"
    written = texts(figure)
    assert {"rejected, below 77.89 %", "best guess 7 (31.00 %)"} < set(written)
    assert not any(text.startswith("predicted") for text in written)
    assert rectangles(figure)[1].get_linestyle() == "--"
    assert_legible(figure)


def test_an_image_without_a_digit_is_drawn(assert_legible: Check) -> None:
    figure = plot(make_prediction(digits=[], reason="no digit found"))

    assert title(figure) == "No digit found"
    assert_legible(figure)


def test_images_align_whether_they_are_rejected_or_not() -> None:
    figure = plot(make_prediction(size=(50, 50)), make_prediction(size=(50, 50), reason=REASON))

    first, _, second, _ = axes_of(figure).images
    assert first.get_extent()[3] == second.get_extent()[3]


@pytest.mark.parametrize("count", [2, 11, 100])
def test_any_number_of_single_digits_is_drawn(count: int, assert_legible: Check) -> None:
    figure = plot(*[make_prediction()] * count)

    assert title(figure) == f"Predictions of {count} images"
    assert len(axes_of(figure).images) == 2 * count
    width, height = pixels(figure)
    assert width < 2500
    assert height < 9000
    if count < 100:
        assert_legible(figure)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: make_number("cheque.png", 5), id="cheques"),
        pytest.param(lambda: make_number("long.png", 40), id="long numbers"),
        pytest.param(lambda: make_page("page.png", 6, 4), id="pages"),
        pytest.param(lambda: make_page("tall.png", 20, 2), id="tall pages"),
    ],
)
def test_a_hundred_large_images_fit_the_maximum_size(make: Callable[[], Prediction]) -> None:
    block = PredictionBlock.open(make())
    blocks, layout = lay_out([block] * 100)

    assert layout.size.width <= 25.5
    assert layout.size.height <= 77
    shown, digits = len(blocks[0].digits), len(block.digits)
    assert shown < digits
    assert blocks[0].caption[-1] == f"inputs shown: {shown} of {digits}"


def test_many_images_are_drawn_without_all_their_digits(
    monkeypatch: pytest.MonkeyPatch, assert_legible: Check
) -> None:
    monkeypatch.setattr("mnistcli.plotting.predictions.MAX_HEIGHT", 11)
    figure = plot(*[make_page("page.png", 6, 4)] * 12)

    assert pixels(figure)[1] < 13 * DPI
    assert len(axes_of(figure).images) == 12 * (1 + 2)
    assert texts(figure).count("inputs shown: 2 of 24") == 12
    assert_legible(figure)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_file_names_are_legible(name: str, assert_legible: Check) -> None:
    figure = plot(*[make_prediction(name)] * 4)

    drawn = axes_of(figure).texts[0]
    assert drawn.get_text() == fit_text(name, SINGLE + 0.2 + DIGIT.width, 11, bold=True)
    assert not drawn.get_parse_math()
    assert_legible(figure)


def test_a_long_number_is_shortened_but_its_confidence_is_not(assert_legible: Check) -> None:
    block = PredictionBlock.open(make_page("page.png", 20, 2)).shrink(0, 2.2)

    (caption, inputs) = block.caption
    assert caption.startswith("predicted 01")
    assert caption.endswith(", confidence 1.5 %")
    assert "…" in caption
    assert inputs == "inputs shown: 0 of 40"
    assert NAME > LINE


@pytest.mark.parametrize("size", [(4000, 3), (3, 4000), (1, 1), (3000, 2000)])
@pytest.mark.parametrize("count", [1, 2])
def test_images_of_any_shape_are_drawn(
    size: tuple[int, int], count: int, assert_legible: Check
) -> None:
    digits = [make_digit(7, (0, 0, *size))] * count
    figure = plot(make_prediction(digits=digits, size=size))

    left, right, bottom, top = axes_of(figure).images[0].get_extent()
    assert (right - left) / (bottom - top) == pytest.approx(size[0] / size[1])
    assert max(right - left, bottom - top) <= 6.5
    assert max(pixels(figure)) < 2000
    if count == 1:
        assert_legible(figure)


def test_each_image_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    open_image = Prediction.open_image

    def spy(self: Prediction) -> object:
        opened.append(self.path.name)
        return open_image(self)

    monkeypatch.setattr(Prediction, "open_image", spy)
    plot(make_number("a.png", 3), make_number("b.png", 30))

    assert opened == ["a.png", "b.png"]


def test_an_image_that_has_been_removed() -> None:
    removed = make_prediction("removed.png")
    assert isinstance(removed.path, Path)
    removed.path.unlink()

    with pytest.raises(ImageError, match="no such file"):
        plot(removed)


@pytest.mark.parametrize("predictions", [[], [make_unreadable()]])
def test_no_image_could_be_read(predictions: list[Prediction]) -> None:
    with pytest.raises(ImageError) as caught:
        plot(*predictions)

    assert caught.value.message == "no image could be read"
    assert caught.value.hint is None


def test_an_image_in_memory_needs_no_file() -> None:
    digit = make_digit(7, (0, 0, 9, 9))
    pixels_in_memory = np.zeros((30, 30), np.uint8)

    figure = plot(Prediction(Path("image 1"), (digit,), source=pixels_in_memory))

    assert "image 1" in texts(figure)
