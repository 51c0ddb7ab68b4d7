"""Plot of explanations: panels, colors, and the patch that matters most."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.plotting.explanation import plot_explanations
from mnistcli.prediction.explanation import Explanation
from mnistcli.prediction.results import Prediction
from mnistcli.preprocessing.stages import Stages
from tests.plotting.builders import (
    ODD_NAMES,
    array_of,
    axes_of,
    footer,
    make_digit,
    make_explanation,
    random_images,
    texts,
    title,
)

Check = Callable[[Figure], None]
MINUS = "\N{MINUS SIGN}"
STAGES = 5  # images before those of the first digit


def plot(*explanations: Explanation) -> Figure:
    return plot_explanations(explanations, model_name="pretrained")


def colors_of(image: AxesImage) -> set[tuple[int, ...]]:
    colors = array_of(image).reshape(-1, 3).astype(int).tolist()
    return {tuple(color) for color in colors}


def test_the_panels_of_a_digit_are_drawn(assert_legible: Check) -> None:
    figure = plot(make_explanation())

    assert title(figure) == "Predicted 7, confidence 90.0 %"
    assert footer(figure) == "model: pretrained, 1 image, 1 digit"
    assert_legible(figure)
    image, foreground, seen, occlusion_map, _ = axes_of(figure).images[STAGES:]
    assert np.array_equal(array_of(seen), random_images(1)[0])
    left, right, bottom, top = image.get_extent()
    assert (right - left) / (bottom - top) == pytest.approx(100 / 80)
    # Twice as wide as the digit is tall: here, all of the image.
    assert array_of(foreground).shape == (80, 100, 3)
    assert colors_of(foreground) == {(255, 255, 255), (0, 114, 178), (200, 200, 200)}
    assert array_of(occlusion_map).shape == (28, 28, 3)
    expected = {f"{MINUS}60", "0", "+60", "patch covered: 1, 61.1 %"}
    assert expected < set(texts(figure))


def test_the_color_bar_goes_from_vermilion_over_white_to_blue() -> None:
    bar = array_of(axes_of(plot(make_explanation())).images[STAGES + 4])

    vermilion, white, blue = (np.round(bar[at, 0], 2).tolist() for at in (0, 100, 200))
    assert white == [1, 1, 1]
    assert vermilion[0] > vermilion[1] > vermilion[2]
    assert blue[0] < blue[1] < blue[2]


def test_the_map_is_vermilion_where_the_probability_falls_and_blue_where_it_rises() -> None:
    colors = array_of(axes_of(plot(make_explanation())).images[STAGES + 3])

    falls, rises = colors[9, 4], colors[20, 20]
    assert falls[0] > falls[2]
    assert rises[2] > rises[0]
    colors[9, 4] = colors[20, 20] = 1
    assert (colors[..., 0] == colors[..., 2]).all()


def test_the_patch_that_matters_most_is_outlined() -> None:
    axes = axes_of(plot(make_explanation()))

    left, _, bottom, top = axes.images[STAGES + 3].get_extent()
    pixel = (bottom - top) / 28
    patch = axes.patches[-1]
    assert isinstance(patch, Rectangle)
    assert patch.get_x() - left == pytest.approx(2 * pixel)
    assert patch.get_y() - top == pytest.approx(7 * pixel)
    assert (patch.get_width(), patch.get_height()) == pytest.approx((5 * pixel, 5 * pixel))


@pytest.mark.parametrize(
    ("fall", "text", "scale"),
    [
        (0.02, "patch covered: still 7, 88.0 %", "+5.0"),
        (0.009, "no single patch matters", "+5.0"),
        (-0.1, "no single patch matters", "+10"),
    ],
)
def test_the_caption_names_a_patch_only_if_it_matters(
    fall: float, text: str, scale: str, assert_legible: Check
) -> None:
    figure = plot(make_explanation(fall=fall))

    assert {text, scale} < set(texts(figure))
    assert_legible(figure)


def test_a_rejected_digit_has_the_reason(assert_legible: Check) -> None:
    reason = "rejected, below 77.89 %: best guess 7 (31.00 %)"
    figure = plot(make_explanation(reason=reason), make_explanation())

    assert title(figure) == "Predicted: none, 7"
    assert reason in texts(figure)
    assert len(axes_of(figure).images) == 2 * (STAGES + 5)
    assert_legible(figure)
    assert title(plot(make_explanation(reason=reason))) == "Rejected"


def test_an_image_without_a_digit_has_only_its_stages(assert_legible: Check) -> None:
    foreground = np.zeros((30, 40), bool)
    white = Stages(Image.new("RGB", (40, 30), "white"), None, foreground, foreground, ())
    blank_prediction = Prediction(Path("blank.png"), reason="no digit found")
    blank = Explanation(blank_prediction, white, "blank.png")
    reason = f"rejected: best guess {'0123456789' * 9} (12.00 %)"
    black = Stages(Image.new("L", (40, 30)), None, ~foreground, foreground, ())
    dash = Explanation(Prediction(Path("dash.png"), reason=reason), black, "dash.png")
    figure = plot(blank, make_explanation(), dash)

    assert title(figure) == "Predicted: none, 7, none"
    assert footer(figure) == "model: pretrained, 3 images, 1 digit"
    written = texts(figure)
    assert {"no digit found", "no text lines", "no form elements", "0 digits"} < set(written)
    assert any(text.startswith("rejected: best guess 0123") for text in written)
    images = axes_of(figure).images
    assert len(images) == 4 + (STAGES + 5) + 4  # the last stage shows the digits
    assert colors_of(images[2]) == {(255, 255, 255)}
    assert colors_of(images[-3]) == {(0x22, 0x22, 0x22)}
    assert_legible(figure)


def test_several_digits_of_one_image_are_one_image(assert_legible: Check) -> None:
    first = make_explanation()
    prediction = Prediction(Path("note.png"), (make_digit(5), make_digit(9)))
    rows = [
        replace(first, prediction=prediction, name=name, digit=digit)
        for name, digit in prediction.named_digits
    ]
    figure = plot(*rows)

    assert title(figure) == "Predicted 59, confidence 81.0 %"
    assert footer(figure) == "model: pretrained, 1 image, 2 digits"
    written = texts(figure)
    heading, name = written.index("input (28\N{MULTIPLICATION SIGN}28)"), "note.png, digit 1 of 2"
    assert written.index(name) < heading
    assert_legible(figure)
    assert title(plot(*rows, make_explanation())) == "Predicted: 59, 7"


def test_a_sheet_is_drawn() -> None:
    explanation = make_explanation()
    sheet = Image.new("L", (100, 80), 200)
    figure = plot(replace(explanation, stages=replace(explanation.stages, sheet=sheet)))

    assert "sheet" in texts(figure)
    assert len(axes_of(figure).images) == STAGES + 1 + 5


def test_only_the_first_explanations_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnistcli.plotting.explanation.MAX_EXPLAINED", 3)
    computed: list[Explanation] = []

    def explain() -> Explanation:
        computed.append(make_explanation())
        return computed[-1]

    figure = plot_explanations((explain() for _ in range(30)), model_name="pretrained")

    assert title(figure) == "Explanations of the first 3 digits"
    assert len(axes_of(figure).images) == 3 * (STAGES + 5)
    assert len(computed) == 4


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_file_names_are_legible(name: str, assert_legible: Check) -> None:
    assert_legible(plot(*[make_explanation(name)] * 2))


@pytest.mark.parametrize(
    ("size", "box", "cropped", "nearby"),
    [
        ((1000, 20), (500, 5, 507, 15), (120, 20), (20, 20)),
        ((20, 1000), (5, 990, 15, 1000), (20, 120), (20, 20)),
        ((1000, 2), (0, 0, 30, 2), (60, 2), (60, 2)),
        ((1, 1), (0, 0, 1, 1), (1, 1), (1, 1)),
        ((500, 200), (100, 50, 110, 70), (500, 200), (40, 40)),
    ],
)
def test_long_images_are_cropped_around_the_digit(
    size: tuple[int, int],
    box: tuple[int, int, int, int],
    cropped: tuple[int, int],
    nearby: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[tuple[int, int]] = []
    boxes: list[tuple[int, int, int, int]] = []

    def draw_image(_: Axes, image: Image.Image, rectangle: tuple[float, ...]) -> tuple[float, ...]:
        sizes.append(image.size)
        return (*rectangle[:2], 0.01)

    def outline_digit(_: Axes, box: tuple[int, int, int, int], *__: object) -> None:
        boxes.append(box)

    monkeypatch.setattr("mnistcli.plotting.explanation.draw_image", draw_image)
    monkeypatch.setattr("mnistcli.plotting.explanation.outline_digit", outline_digit)
    plot(make_explanation(size=size, box=box))

    assert sizes == [cropped, nearby]
    ((left, top, right, bottom),) = boxes
    assert (right - left, bottom - top) == (box[2] - box[0], box[3] - box[1])
    assert 0 <= left < right <= cropped[0]
    assert 0 <= top < bottom <= cropped[1]


def test_without_a_readable_image_there_is_an_error() -> None:
    with pytest.raises(ImageError) as caught:
        plot()

    assert caught.value.message == "no image could be read"
