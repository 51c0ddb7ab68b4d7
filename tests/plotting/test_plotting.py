"""The pictures: what stands on them, that all of it can be read, and how they are saved."""

import importlib
import math
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

import mnistcli
from mnistcli.errors import DataError, ImageError, RunError
from mnistcli.explanation import Explanation
from mnistcli.plotting import (
    plot_confusion,
    plot_explanations,
    plot_filters,
    plot_history,
    plot_mistakes,
    plot_predictions,
    plot_samples,
    predictions,
    save_figure,
)
from mnistcli.plotting.confusion import CELL, HEAD, LEFT
from mnistcli.plotting.style import columns_for, percent, plain
from mnistcli.predictions import PredictedDigit, Prediction
from mnistcli.preprocessing import Digit
from mnistcli.runs import EpochRow


def words(figure):
    """All that is written on a figure."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def title(figure):
    return figure.texts[0].get_text()


def subtitle(figure):
    return figure.texts[1].get_text()


@pytest.fixture
def assert_legible(monkeypatch):
    """Draw a figure and check every text that appears: none is cut, none runs into another."""
    drawn = []
    draw = Text.draw

    def spy(self, renderer):
        if self.get_visible() and self.get_text().strip():
            drawn.append((self.get_text(), self.get_window_extent(renderer).extents))
        draw(self, renderer)

    def check(figure):
        drawn.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Text, "draw", spy)
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
        width, height = canvas.get_width_height()
        assert drawn
        for text, (left, bottom, right, top) in drawn:
            assert min(left, bottom, width - right, height - top) >= 0, text
        boxes = np.array([extents for _, extents in drawn])
        # A pixel of the boxes may meet where the letters in them do not.
        apart = (boxes[:, None, :2] + 1 >= boxes[None, :, 2:]).any(axis=-1)
        meeting = np.argwhere(~(apart | apart.T) & ~np.eye(len(boxes), dtype=bool))
        assert [(drawn[one][0], drawn[other][0]) for one, other in meeting] == []

    return check


def answers(predicted, confidence):
    """Probabilities, float32 (n, 10): each answer with its confidence, the rest spread evenly."""
    confidence = np.broadcast_to(np.asarray(confidence, np.float64), len(predicted))
    probabilities = np.repeat((1 - confidence[:, None]) / 9, 10, axis=1)
    probabilities[np.arange(len(predicted)), predicted] = confidence
    return probabilities.astype(np.float32)


def digits(count):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)


# --- text ---


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50.0 %"),
        (0.99949, "99.9 %"),
        (0.99996, ">99.9 %"),
        (0.0004, "<0.1 %"),
        (0.0006, "0.1 %"),
        (math.nan, "nan %"),
    ],
)
def test_percent(share, text):
    assert percent(share) == text


def test_percent_digits():
    assert percent(0.98765, 2) == "98.77 %"
    assert percent(0.99999, 2) == ">99.99 %"


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("digit_é.png", "digit_é.png"),
        ("$x$.png", "$x$.png"),
        ("日本\n\t\u202e\udcff.png", "\N{REPLACEMENT CHARACTER}" * 6 + ".png"),
        ("a" * 40, "a" * 40),
        ("a" * 60 + ".png", "a" * 26 + "…" + "a" * 9 + ".png"),
    ],
)
def test_plain(text, drawn):
    assert plain(text) == drawn


@pytest.mark.parametrize(
    ("count", "width", "columns"), [(1, 2.2, 1), (10, 2.2, 5), (24, 2.2, 8), (32, 1.2, 8)]
)
def test_columns(count, width, columns):
    assert columns_for(count, width) == columns


# --- history ---


def history(epochs, *, validated=True):
    return [
        EpochRow(
            epoch=epoch,
            loss=0.5 / epoch,
            accuracy=1 - 0.2 / epoch,
            val_loss=0.1 + 0.001 * (epoch - 3) ** 2 if validated else math.nan,
            val_accuracy=0.98 + 0.0001 * epoch if validated else math.nan,
            learning_rate=0.001,
            seconds=1.0,
        )
        for epoch in range(1, epochs + 1)
    ]


def test_history():
    figure = plot_history(history(8))
    assert title(figure) == "Validation accuracy 98.03 % in epoch 3 of 8"
    assert (
        subtitle(figure) == "Marked: the epoch with the lowest validation loss, whose model is kept"
    )
    accuracy, loss = figure.axes
    assert accuracy.get_title("left") == "Accuracy"
    assert loss.get_title("left") == "Loss (log scale)"
    assert loss.get_yscale() == "log"
    assert accuracy.get_title("right") == "epoch 3: 98.03 %"
    assert loss.get_title("right") == "epoch 3: 0.1000"
    training, validation, line, ring = accuracy.lines
    assert training.get_label() == "training"
    assert training.get_ydata().tolist() == [row.accuracy for row in history(8)]
    assert validation.get_label() == "validation"
    assert validation.get_ydata().tolist() == [row.val_accuracy for row in history(8)]
    assert training.get_linestyle() != validation.get_linestyle()
    assert set(line.get_xdata()) == {3}
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (3, 0.98 + 0.0003)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["training", "validation"]


def test_history_without_validation(assert_legible):
    figure = plot_history(history(4, validated=False))
    assert title(figure) == "Training accuracy 95.00 % in epoch 4 of 4"
    assert subtitle(figure) == "Marked: the last epoch, whose model is kept"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["training"]
    assert_legible(figure)


def test_history_of_a_training_that_keeps_its_last_epoch():
    figure = plot_history(history(8), keeps_last=True)
    assert title(figure).endswith(" in epoch 8 of 8")
    assert subtitle(figure) == "Marked: the last epoch, whose model is kept"
    assert set(figure.axes[0].lines[2].get_xdata()) == {8}


@pytest.mark.parametrize("epochs", [1, 2, 8, 30, 31, 100])
def test_history_of_any_length(epochs, assert_legible):
    figure = plot_history(history(epochs))
    marks = {line.get_marker() for line in figure.axes[0].lines[:2]}
    assert marks == ({"s", "o"} if epochs <= 30 else {""})
    for axes in figure.axes:
        ticks = [tick for tick in axes.get_xticks() if axes.get_xlim()[0] <= tick <= epochs]
        assert ticks
        assert all(tick >= 1 and tick == int(tick) for tick in ticks)
    assert_legible(figure)


def test_history_points_are_on_the_panel():
    for row in (history(1)[0], EpochRow(epoch=1, loss=0, accuracy=1, learning_rate=1, seconds=1)):
        accuracy, loss = plot_history([row]).axes
        assert accuracy.get_ylim()[0] < row.accuracy < accuracy.get_ylim()[1] <= 1.01
        if row.loss:
            assert loss.get_ylim()[0] < row.loss < loss.get_ylim()[1]


def test_history_over_many_decades(assert_legible):
    rows = [
        EpochRow(epoch=n, loss=10.0**-n, accuracy=0.9, learning_rate=1, seconds=1)
        for n in range(1, 8)
    ]
    assert_legible(plot_history(rows))


def test_history_of_a_diverged_training(assert_legible):
    fine, lost = history(2)
    lost = EpochRow(
        epoch=2,
        loss=math.nan,
        accuracy=0.1,
        val_loss=math.inf,
        val_accuracy=0.1,
        learning_rate=1,
        seconds=1,
    )
    figure = plot_history([fine, lost])
    assert title(figure) == "Validation accuracy 98.01 % in epoch 1 of 2"
    assert_legible(figure)
    figure = plot_history([lost])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["training", "validation"]
    assert figure.axes[1].get_title("right") == "epoch 2: inf"
    assert_legible(figure)


def test_history_without_epochs():
    with pytest.raises(RunError) as caught:
        plot_history([])
    assert caught.value.message == "the history has no epoch yet"
    assert caught.value.hint == "mnistcli train"


# --- confusion ---


def confusion(mistakes=()):
    matrix = np.diag(np.arange(100, 110))
    for true, predicted, count in mistakes:
        matrix[true, predicted] += count
    return matrix


def cells(figure):
    """What stands in the cells of the matrix: (row, column) -> (text, colour of the cell)."""
    colors = np.asarray(figure.axes[0].images[0].get_array())
    written = {}
    for text in figure.axes[0].texts:
        column = (text.get_position()[0] - LEFT) / CELL
        row = (text.get_position()[1] - HEAD) / CELL
        if 0 <= row < 10 and 0 <= column < 10:
            written[int(row), int(column)] = text.get_text()
    return written, colors


def test_confusion(assert_legible):
    matrix = confusion([(4, 9, 7), (5, 3, 1)])
    figure = plot_confusion(matrix)
    assert title(figure) == "Confusion matrix: 99.24 % of 1,053 digits right"
    assert subtitle(figure) == "The commonest of 8 mistakes: 4 read as 9, 7 times"
    written, colors = cells(figure)
    assert written == {
        (row, column): str(matrix[row, column]) for row, column in np.argwhere(matrix)
    }
    # Cells without a count are white; a single mistake is not; right is blue, wrong is orange.
    assert (colors[matrix == 0] == 1).all()
    red, _, blue = colors[5, 3]
    assert red > blue + 0.1
    assert colors[4, 9].sum() < colors[5, 3].sum()
    assert all(blue > red + 0.1 for red, _, blue in colors[np.eye(10, dtype=bool)])
    for there in ("recall", "precision", "true digit", "predicted digit", "93.7 %", "94.0 %"):
        assert there in words(figure)
    assert_legible(figure)


def test_confusion_without_mistakes(assert_legible):
    figure = plot_confusion(confusion())
    assert title(figure) == "Confusion matrix: 100 % of 1,045 digits right"
    assert subtitle(figure) == "No digit is taken for another one"
    assert words(figure).count("100 %") == 21  # recall, precision and the end of the one scale
    assert "mistaken, share of row" not in words(figure)
    assert_legible(figure)


def test_confusion_with_one_mistake():
    figure = plot_confusion(confusion([(4, 9, 1)]))
    assert subtitle(figure) == "The only mistake: 4 read as 9"
    figure = plot_confusion(confusion([(4, 9, 1), (9, 4, 1)]))
    assert subtitle(figure) == "The commonest of 2 mistakes: 4 read as 9, once"


def test_confusion_of_absent_digits(assert_legible):
    matrix = np.zeros((10, 10), np.int64)
    matrix[4, 9] = 1
    figure = plot_confusion(matrix)
    assert title(figure) == "Confusion matrix: 0 % of 1 digits right"
    # No recall but of the 4, no precision but of the 9.
    assert words(figure).count("\N{EN DASH}") == 18
    assert_legible(figure)
    assert_legible(plot_confusion(np.zeros((10, 10), np.int64)))


@pytest.mark.parametrize("factor", [9, 90, 9000])
def test_confusion_of_large_counts(factor, assert_legible):
    matrix = confusion([(row, column, 100) for row, column in np.ndindex(10, 10)]) * factor
    figure = plot_confusion(matrix)
    FigureCanvasAgg(figure).draw()
    widest = max(
        text.get_window_extent().width
        for text in figure.axes[0].texts
        if text.get_text().replace(",", "").isdigit()
    )
    assert widest < CELL * figure.dpi
    assert_legible(figure)


# --- samples and mistakes ---


def frames(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]


def test_samples(assert_legible):
    labels = np.array([3, 4, 5])
    images = digits(3)
    figure = plot_samples(images, labels, answers([3, 9, 5], [1, 0.75, 0.99999]), name="test $x$")
    assert title(figure) == "2 of 3 test $x$ read correctly"
    axes = figure.axes[0]
    assert np.array_equal([drawn.get_array() for drawn in axes.images], images)
    captions = [text.get_text() for text in axes.texts]
    assert captions == [
        *("✓ 3", "100 %", "true 3"),
        *("✗ 9", "75.0 %", "true 4"),
        *("✓ 5", ">99.9 %", "true 5"),
    ]
    assert len(frames(figure)) == 1
    assert_legible(figure)


@pytest.mark.parametrize("count", [1, 2, 24, 40])
def test_samples_of_any_number(count, assert_legible):
    labels = np.arange(count) % 10
    figure = plot_samples(digits(count), labels, answers((labels + 1) % 10, 0.99999))
    assert title(figure) == f"0 of {count} digits read correctly"
    assert len(figure.axes[0].images) == len(frames(figure)) == count
    assert_legible(figure)


def test_samples_and_mistakes_have_an_end(monkeypatch):
    monkeypatch.setattr("mnistcli.plotting.digit_grid.MOST_TILES", 5)
    labels = np.zeros(9, np.int64)
    figure = plot_samples(digits(9), labels, answers(labels, 0.9))
    assert title(figure) == "5 of 5 digits read correctly"
    assert len(figure.axes[0].images) == 5
    figure = plot_mistakes(digits(9), labels, answers(labels + 1, 0.9), count=7)
    assert title(figure) == "9 of 9 digits misread: the worst 5"


def test_mistakes_worst_first(assert_legible):
    labels = np.array([0, 1, 2, 3, 4])
    probabilities = answers([0, 7, 8, 9, 6], [0.9, 0.6, 0.8, 1, 1])
    probabilities[4, 4] = 1e-9  # as sure as 3 read as 9, and left the truth a little more
    figure = plot_mistakes(digits(5), labels, probabilities, count=3)
    assert title(figure) == "4 of 5 digits misread: the worst 3"
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == [
        *("✗ 9", "100 %", "true 3"),
        *("✗ 6", "100 %", "true 4"),
        *("✗ 8", "80.0 %", "true 2"),
    ]
    assert np.array_equal(axes.images[0].get_array(), digits(5)[3])
    assert_legible(figure)
    assert title(plot_mistakes(digits(5), labels, probabilities)) == (
        "4 of 5 digits misread, worst first"
    )


def test_no_mistakes(assert_legible):
    labels = np.arange(10)
    figure = plot_mistakes(digits(10), labels, answers(labels, np.arange(50, 60) / 60), count=2)
    assert title(figure) == "All 10 digits read correctly: the least certain 2"
    assert [text.get_text() for text in figure.axes[0].texts] == [
        *("✓ 0", "83.3 %", "true 0"),
        *("✓ 1", "85.0 %", "true 1"),
    ]
    assert_legible(figure)


@pytest.mark.parametrize("plot", [plot_samples, plot_mistakes])
def test_no_digits(plot):
    with pytest.raises(DataError) as caught:
        plot(digits(0), np.empty(0, np.int64), np.empty((0, 10), np.float32))
    assert caught.value.message == "there is no digit to draw"
    assert caught.value.hint == "mnistcli plot --dataset digits"


# --- filters ---


def filters(count, side=3, channels=1, low=0.0):
    rng = np.random.default_rng(0)
    kernels = rng.normal(size=(side, side, channels, count)).astype(np.float32)
    maps = rng.uniform(low, 2, (12, 12, count)).astype(np.float32)
    return kernels, digits(1)[0], maps


def test_filters(assert_legible):
    kernels, image, maps = filters(6)
    maps[..., 2] = 0
    maps[..., 3] = 1.5
    maps[..., 4] *= 1e-4
    figure = plot_filters(kernels, image, maps)
    assert title(figure) == "6 learned 3\N{MULTIPLICATION SIGN}3 kernels: 3 respond to this digit"
    drawn, *scales_and_pairs = figure.axes[0].images
    assert np.array_equal(drawn.get_array(), image)
    pairs = scales_and_pairs[2:]
    assert len(pairs) == 12
    heaviest = np.abs(kernels).max()
    for index in range(6):
        kernel, response = pairs[2 * index : 2 * index + 2]
        assert np.allclose(kernel.get_array() * heaviest, kernels[..., 0, index])
        assert kernel.get_clim() == (-1, 1)
        assert response.get_clim() == (0, 1)
    assert pairs[1].get_array().max() == 1
    assert not pairs[5].get_array().any()
    assert pairs[9].get_array().max() < 0.02  # noise is not made to look like an answer
    assert f"\N{MINUS SIGN}{heaviest:.2g}" in words(figure)
    assert_legible(figure)


def test_filters_of_negative_responses(assert_legible):
    figure = plot_filters(*filters(4, low=-1))
    response = figure.axes[0].images[-1]
    assert response.get_clim() == (-1, 1)
    assert response.get_cmap().name == figure.axes[0].images[-2].get_cmap().name
    assert "\N{MINUS SIGN}strongest" in words(figure)
    assert_legible(figure)


@pytest.mark.parametrize(
    ("count", "side", "channels"), [(1, 3, 1), (32, 3, 1), (64, 5, 4), (6, 3, 3)]
)
def test_filters_of_any_size(count, side, channels, assert_legible):
    figure = plot_filters(*filters(count, side, channels))
    assert len(figure.axes[0].images) == 3 + count * (channels + 1)
    assert (f"{channels} input channels" in subtitle(figure)) == (channels > 1)
    assert_legible(figure)
    width, height = figure.get_size_inches()
    for image in figure.axes[0].images:
        left, right, bottom, top = image.get_extent()
        assert 0 < left < right < width
        assert 0 < top < bottom < height


def test_filters_of_an_untrained_network():
    kernels, image, maps = filters(2)
    figure = plot_filters(kernels * 0, image, maps * 0)
    assert title(figure) == "2 learned 3\N{MULTIPLICATION SIGN}3 kernels: 0 respond to this digit"


# --- predictions ---


def reading(name="seven.png", size=(100, 80), box=(10, 20, 60, 70), digit=7, count=1, mode="L"):
    found = tuple(
        PredictedDigit(Digit(digits(1)[0], box, np.ones((5, 5), bool)), answers([digit], 0.9)[0])
        for _ in range(count)
    )
    return Prediction(drawable(Path("folder") / name, mode, size), found)


def drawable(path, mode="L", size=(30, 30), color=0):
    path.parent.mkdir(exist_ok=True)
    Image.new(mode, size, color).save(path, "PNG")
    return path


def test_prediction(assert_legible):
    figure = plot_predictions([reading()])
    assert title(figure) == "Read as 7, 90.0 % sure"
    axes = figure.axes[0]
    assert axes.texts[0].get_text() == "seven.png"
    picture, seen = axes.images
    assert np.array_equal(seen.get_array(), digits(1)[0])
    left, right, bottom, top = picture.get_extent()
    assert (right - left) / (bottom - top) == pytest.approx(100 / 80)
    bold = [text.get_text() for text in axes.texts if text.get_weight() == "bold"]
    assert bold == ["seven.png", "7", "90.0 %"]
    assert [text.get_text() for text in axes.texts].count("1.1 %") == 9
    outline, box, *bars = axes.patches
    assert outline.get_width() == pytest.approx(right - left)
    # Half as wide as the picture, and a little room on both sides.
    assert box.get_width() == pytest.approx((right - left) / 2 + 0.06)
    widths = [bar.get_width() for bar in bars]
    assert len(widths) == 10
    assert widths[7] / widths[6] == pytest.approx(81, rel=1e-4)
    assert len({bar.get_facecolor() for bar in bars}) == 2
    assert_legible(figure)


def test_small_probabilities_are_not_written():
    found = Digit(digits(1)[0], (0, 0, 9, 9), np.ones((9, 9), bool))
    digit = PredictedDigit(found, answers([3], 0.999)[0])
    figure = plot_predictions([Prediction(drawable(Path("a.png")), (digit,))])
    assert [text for text in words(figure) if text.endswith(" %")] == ["99.9 %"]


def test_predictions_of_several_pictures(assert_legible):
    reason = "no digit: best guess 7 at 31 %"
    blank = Prediction(drawable(Path("blank.png"), "RGB", color="white"), reason=reason)
    lost = Prediction(Path("lost.png"), error=ImageError("no such file: 'lost.png'"))
    two = reading("two.png", digit=2, count=2, mode="RGB")
    figure = plot_predictions(iter([reading(), blank, lost, two]))
    assert title(figure) == "Read as 7, none, 2, 2"
    written = words(figure)
    assert "no digit:\nbest guess 7 at 31 %" in written
    assert "lost.png" not in written
    assert "two.png (1 of 2)" in written
    assert "two.png (2 of 2)" in written
    assert len(figure.axes[0].images) == 7
    assert_legible(figure)


def test_a_picture_is_opened_once_for_all_its_digits(monkeypatch):
    opened = []
    really = predictions.open_image
    monkeypatch.setattr(
        predictions, "open_image", lambda path: (opened.append(path.name), really(path))[1]
    )
    plot_predictions([reading("a.png", count=3), reading("b.png", count=120)])
    assert opened == ["a.png", "b.png"]


def test_a_picture_that_is_gone_is_an_error():
    gone = reading("gone.png")
    gone.path.unlink()
    with pytest.raises(ImageError, match="no such file"):
        plot_predictions([gone])


def test_prediction_without_a_digit():
    blank = Prediction(drawable(Path("blank.png")), reason="no digit found")
    assert title(plot_predictions([blank])) == "No digit found"


@pytest.mark.parametrize("count", [2, 11])
def test_many_predictions(count, assert_legible):
    figure = plot_predictions([reading()] * count)
    expected = "Read as 7, 7" if count == 2 else f"{count} digits read"
    assert title(figure) == expected
    assert_legible(figure)


def test_predictions_have_an_end(monkeypatch):
    monkeypatch.setattr("mnistcli.plotting.predictions.MOST_ROWS", 11)
    figure = plot_predictions([reading()] * 12)
    assert title(figure) == "12 digits read, the first 11 shown"
    assert len(figure.axes[0].images) == 22


@pytest.mark.parametrize(
    "name",
    [
        "W" * 80 + ".png",
        "日本語" * 20 + ".png",
        "a_$long$_name_" * 6,
        "$\\frac{1}{0$",
        "[red]x[red]",
        "two\nlines.png",
        "\udcff.png",
        "\N{GRINNING FACE}.png",
    ],
)
def test_odd_names(name, assert_legible):
    figure = plot_predictions([reading(name)] * 4)
    drawn = figure.axes[0].texts[0]
    assert drawn.get_text() == plain(name, 34)
    assert not drawn.get_parse_math()
    assert_legible(figure)


@pytest.mark.parametrize("size", [(4000, 3), (3, 4000), (1, 1), (3000, 2000)])
def test_pictures_of_any_shape(size):
    width, height = size
    figure = plot_predictions([reading(size=size, box=(0, 0, width, height))])
    drawn = figure.axes[0].images[0]
    assert max(drawn.get_array().shape) <= 252
    left, right, bottom, top = drawn.get_extent()
    assert max(right - left, bottom - top) == pytest.approx(1.68)
    assert (right - left) / (bottom - top) == pytest.approx(width / height)


@pytest.mark.parametrize("readings", [[], [Prediction(Path("x"), error=ImageError("gone"))]])
def test_nothing_to_draw(readings):
    with pytest.raises(ImageError) as caught:
        plot_predictions(readings)
    assert caught.value.message == "no picture could be read"
    assert caught.value.hint == "mnistcli predict digit.png"


# --- explanations ---


def explanation(name="seven.png", size=(100, 80), box=(20, 10, 60, 70), fall=0.6, other=1):
    """A 7 read with 90 %, whose answer falls with row 9 and column 4 covered."""
    left, top, right, bottom = box
    own = np.ones((bottom - top, right - left), bool)
    ink = np.zeros(size[::-1], bool)
    ink[top:bottom, left:right] = True
    ink[0, 0] = True
    digit = PredictedDigit(Digit(digits(1)[0], box, own), answers([7], 0.9)[0])
    covered = np.tile(digit.probabilities, (28, 28, 1))
    covered[9, 4, 7] -= fall
    covered[9, 4, other] += fall
    covered[20, 20, 7] += 0.05
    return Explanation(name, Image.new("L", size, 255), ink, 1, digit, covered)


def colors_of(image):
    return {tuple(color) for color in np.asarray(image.get_array()).reshape(-1, 3).tolist()}


def test_explanation(assert_legible):
    figure = plot_explanations([explanation()])
    assert title(figure) == "Read as 7, 90.0 % sure"
    assert_legible(figure)
    picture, ink, seen, changes, scale = figure.axes[0].images
    assert np.array_equal(seen.get_array(), digits(1)[0])
    left, right, bottom, top = picture.get_extent()
    assert (right - left) / (bottom - top) == pytest.approx(100 / 80)
    # Twice as wide as the digit is high, so that all of the picture's height and width is shown.
    assert ink.get_array().shape == (80, 100, 3)
    assert colors_of(ink) == {(255, 255, 255), (0, 114, 178), (200, 200, 200)}
    assert np.asarray(changes.get_array()).shape == (28, 28, 3)
    written = words(figure)
    assert {"\N{MINUS SIGN}60 points", "0", "+60 points", "at the frame: 1, 61.1 %"} < set(written)
    drawn = np.asarray(scale.get_array())
    red, white, blue = (np.round(drawn[at, 0], 2).tolist() for at in (0, 100, 200))
    assert white == [1, 1, 1]
    assert red[0] > red[1] > red[2]
    assert blue[0] < blue[1] < blue[2]


def test_the_map_is_red_where_the_answer_falls_and_blue_where_it_rises():
    changes = np.asarray(plot_explanations([explanation()]).axes[0].images[3].get_array())
    red, blue = changes[9, 4], changes[20, 20]
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    changes[9, 4] = changes[20, 20] = 1
    assert (changes[..., 0] == changes[..., 2]).all()


def test_the_frame_is_round_the_place_that_matters_most():
    axes = plot_explanations([explanation()]).axes[0]
    left, _, bottom, top = axes.images[3].get_extent()
    pixel = (bottom - top) / 28
    frame = axes.patches[-1]
    assert frame.get_x() - left == pytest.approx(2 * pixel)
    assert frame.get_y() - top == pytest.approx(7 * pixel)
    assert (frame.get_width(), frame.get_height()) == pytest.approx((5 * pixel, 5 * pixel))


@pytest.mark.parametrize(
    ("fall", "told", "scale"),
    [
        (0.02, "at the frame: still 7, 88.0 %", "+5.0 points"),
        (0.009, "no one place matters", "+5.0 points"),
        (-0.1, "no one place matters", "+10 points"),
    ],
)
def test_an_answer_that_hangs_on_no_one_place(fall, told, scale, assert_legible):
    figure = plot_explanations([explanation(fall=fall)])
    assert {told, scale} < set(words(figure))
    assert_legible(figure)


def test_explanation_of_a_refused_digit(assert_legible):
    refused = replace(explanation(), reason="no digit: best guess 7 at 31 %")
    figure = plot_explanations([refused, explanation()])
    assert title(figure) == "Read as none, 7"
    assert "no digit: best guess 7 at 31 %" in words(figure)
    assert len(figure.axes[0].images) == 10
    assert_legible(figure)


def test_explanation_of_a_picture_without_a_digit(assert_legible):
    ink = np.zeros((30, 40), bool)
    white = Image.new("RGB", (40, 30), "white")
    blank = Explanation("blank.png", white, ink, 1, reason="no digit found")
    guess = f"no digit: best guess {'0123456789' * 9} at 12%"
    dash = Explanation("dash.png", Image.new("L", (40, 30)), ~ink, 1, reason=guess)
    figure = plot_explanations([blank, explanation(), dash])
    assert title(figure) == "Read as none, 7, none"
    written = words(figure)
    told = [
        "no digit found",
        "no ink on the paper",
        plain(guess, 60),
        "what ink was found is in grey",
    ]
    assert [text for text in written if text in told] == told
    images = figure.axes[0].images
    assert len(images) == 9
    assert colors_of(images[1]) == {(255, 255, 255)}
    assert colors_of(images[8]) == {(102, 102, 102)}
    assert_legible(figure)


def test_many_explanations(assert_legible):
    figure = plot_explanations([explanation()] * 3)
    assert title(figure) == "Read as 7, 7, 7"
    assert_legible(figure)


def test_explanations_have_an_end(monkeypatch):
    monkeypatch.setattr("mnistcli.plotting.explanation.MOST_ROWS", 3)
    asked = []
    figure = plot_explanations(asked.append(one) or one for one in [explanation()] * 30)
    assert title(figure) == "The first 3 readings; there are more"
    assert len(figure.axes[0].images) == 15
    assert len(asked) == 4


@pytest.mark.parametrize(
    "name", ["W" * 80 + ".png", "日本語" * 30, "$\\frac{1}{0$", "[red]x[red]", "two\nlines.png"]
)
def test_odd_names_explained(name, assert_legible):
    figure = plot_explanations([explanation(name)] * 2)
    assert plain(name, 60) in words(figure)
    assert_legible(figure)


@pytest.mark.parametrize(
    ("size", "box", "shown", "near"),
    [
        ((1000, 20), (500, 5, 507, 15), (120, 20), (20, 20)),
        ((20, 1000), (5, 990, 15, 1000), (20, 120), (20, 20)),
        ((1000, 2), (0, 0, 30, 2), (60, 2), (60, 2)),
        ((1, 1), (0, 0, 1, 1), (1, 1), (1, 1)),
        ((500, 200), (100, 50, 110, 70), (500, 200), (40, 40)),
    ],
)
def test_what_lies_round_the_digit_is_shown(size, box, shown, near, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "mnistcli.plotting.explanation.draw_picture",
        lambda axes, picture, box, left, top: drawn.append((picture.size, box)),
    )
    plot_explanations([explanation(size=size, box=box)])
    (whole, inside), (close, none) = drawn
    assert (whole, close, none) == (shown, near, None)
    left, top, right, bottom = inside
    assert (right - left, bottom - top) == (box[2] - box[0], box[3] - box[1])
    assert 0 <= left < right <= shown[0]
    assert 0 <= top < bottom <= shown[1]


def test_nothing_to_explain():
    with pytest.raises(ImageError) as caught:
        plot_explanations([])
    assert caught.value.message == "no picture could be read"


# --- all of them ---


FIGURES = {
    "history": lambda: plot_history(history(5)),
    "confusion": lambda: plot_confusion(confusion([(1, 7, 2)])),
    "samples": lambda: plot_samples(digits(4), np.arange(4), answers([0, 1, 2, 5], 0.8)),
    "mistakes": lambda: plot_mistakes(digits(4), np.arange(4), answers([0, 1, 2, 5], 0.8)),
    "filters": lambda: plot_filters(*filters(4)),
    "predictions": lambda: plot_predictions([reading()]),
    "explanations": lambda: plot_explanations([explanation()]),
}


@pytest.mark.parametrize("plot", FIGURES.values(), ids=FIGURES)
def test_saved_bytes_repeat(plot, tmp_path):
    first = save_figure(plot(), tmp_path / "new" / "folder" / "first.png")
    second = save_figure(plot(), tmp_path / "second.png")
    assert first == tmp_path / "new" / "folder" / "first.png"
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as picture:
        assert picture.format == "PNG"
        width, height = plot().get_size_inches()
        assert picture.size == (int(width * 150 + 0.01), int(height * 150 + 0.01))
        assert "Software" not in picture.info


def test_pyplot_stays_out(monkeypatch):
    monkeypatch.setattr(mnistcli, "plotting", mnistcli.plotting)  # put back afterwards
    for name in [name for name in sys.modules if name.startswith("mnistcli.plotting")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # importing it fails now
    again = importlib.import_module("mnistcli.plotting")
    assert again.plot_history is not plot_history
    FigureCanvasAgg(again.plot_history(history(2))).draw()


def test_settings_stay_as_they_were():
    before = dict(matplotlib.rcParams)
    for plot in FIGURES.values():
        plot()
    assert dict(matplotlib.rcParams) == before


def test_save_replaces(tmp_path):
    path = tmp_path / "figure.png"
    path.write_text("old")
    save_figure(Figure(figsize=(1, 1)), path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "reason", "hint"),
    [
        ("a folder", "Is a directory", "ls -ld ."),
        ("file/figure.png", "File exists", "ls -ld file"),
        ("file/sub dir/figure.png", "Not a directory", "ls -ld 'file/sub dir'"),
    ],
)
def test_save_fails(name, reason, hint):
    Path("a folder").mkdir()
    Path("file").write_text("mine")
    with pytest.raises(RunError) as caught:
        save_figure(Figure(figsize=(1, 1)), Path(name))
    assert caught.value.message == f"cannot write {name!r}: {reason}"
    assert caught.value.hint == hint
    assert sorted(path.name for path in Path().iterdir()) == ["a folder", "file"]
    assert Path("file").read_text() == "mine"
