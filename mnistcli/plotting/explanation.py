"""Plot of explanations: image, foreground, 28x28 digit, probabilities and occlusion map."""

from collections.abc import Iterable
from itertools import islice

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.explanation import PATCH, Explanation
from mnistcli.plotting.drawing import draw_array, draw_image, outline, outline_digit
from mnistcli.plotting.style import (
    BLACK,
    BLUE,
    GRAY,
    LIGHT_GRAY,
    MARGIN,
    ORANGE,
    SMALL,
    TEXT,
    TOP,
    VERMILION,
    Footer,
    fit_text,
    new_figure,
    percent,
    plural,
)
from mnistcli.prediction_results import PredictedDigit
from mnistcli.preprocessing import Digit

MAX_ROWS = 20
# Lengths are in inches: at `style.DPI`, nine pixels of the file per pixel of a digit.
SIZE = 1.68
GAP = 0.25
# Longest bar of a probability.
BAR = 1.3
# Widths of the columns: three squares, the bars, and the occlusion map with its color bar.
COLUMNS = (SIZE + GAP, SIZE + GAP, SIZE + GAP, 0.2 + BAR + 0.85, SIZE + 1.1)
LEFTS = np.cumsum((MARGIN, *COLUMNS)).tolist()
HEADINGS = (
    "image",
    "ink (orange: form)",
    "input (28\N{MULTIPLICATION SIGN}28)",
    "probabilities",
    "occlusion map",
)
SUBTITLE = (
    f"Occlusion map: covering a {PATCH}\N{MULTIPLICATION SIGN}{PATCH} patch lowers (vermilion) or "
    "raises (blue) the probability of the predicted digit"
)
HEAD, ROW_STEP = TOP + 0.35, SIZE + 0.7
COLOR_BAR_WIDTH, MINUS = 0.14, "\N{MINUS SIGN}"
# The part of the foreground that is shown, relative to the digit, so that its neighbors are seen.
NEIGHBORHOOD = 2
# Longer images are cropped around the digit.
MAX_ASPECT = 6
# Smaller probabilities, and smaller changes of the probability, are not written.
MIN_WRITTEN = 0.01


def plot_explanations(explanations: Iterable[Explanation], *, model: str) -> Figure:
    """Plot explanations of predictions, one row per digit, from the image to the occlusion map.

    Args:
        explanations: The explanations; the first `MAX_ROWS` are drawn.
        model: Name of the model.

    Raises:
        ImageError: There are none.
    """
    rows = list(islice(explanations, MAX_ROWS + 1))
    if not rows:
        raise ImageError("no image could be read")
    shown = rows[:MAX_ROWS]
    title = (
        _title(shown) if len(rows) == len(shown) else f"Explanations of the first {MAX_ROWS} digits"
    )
    images = plural(len({id(row.image) for row in shown}), "image")
    digits = plural(sum(row.digit is not None for row in shown), "digit")
    figure, axes = new_figure(
        LEFTS[-1] + MARGIN,
        HEAD + len(shown) * ROW_STEP,
        title,
        SUBTITLE,
        Footer(model, f"{images}, {digits}"),
    )
    for left, heading in zip(LEFTS, HEADINGS, strict=False):
        axes.text(left, TOP, heading, size=TEXT, color=GRAY, va="top")
    for position, row in enumerate(shown):
        _draw_row(axes, row, HEAD + 0.3 + position * ROW_STEP)
    return figure


def _title(rows: list[Explanation]) -> str:
    if len(rows) == 1 and rows[0].digit is not None and not rows[0].reason:
        digit = rows[0].digit
        return f"Predicted {digit.digit}, confidence {percent(digit.confidence)}"
    predicted = [
        "none" if row.reason or row.digit is None else str(row.digit.digit) for row in rows
    ]
    return f"Predicted: {', '.join(predicted)}" if set(predicted) != {"none"} else "Rejected"


def _draw_row(axes: Axes, row: Explanation, top: float) -> None:
    name = fit_text(row.name, LEFTS[-1] - MARGIN, TEXT, bold=True)
    axes.text(MARGIN, top - 0.13, name, size=TEXT, color=BLACK, weight="bold", parse_math=False)
    reason = fit_text(row.reason, LEFTS[-1] - LEFTS[2], SMALL)
    if row.digit is None or row.occlusion_map is None:
        _draw_image_without_digits(axes, row, reason, top)
        return
    _draw_image_and_foreground(axes, row, row.digit.detection, top)
    draw_array(axes, row.digit.detection.image, (LEFTS[2], top, SIZE, SIZE))
    _draw_bars(axes, row.digit.probabilities, LEFTS[3], top)
    _draw_occlusion_map(axes, row.digit, row.occlusion_map, top)
    axes.text(MARGIN, top + SIZE + 0.06, reason, size=SMALL, color=VERMILION, va="top")


def _draw_image_without_digits(axes: Axes, row: Explanation, reason: str, top: float) -> None:
    """Draw an image without digits, its foreground, and the reason for the rejection."""
    draw_image(axes, row.image, (LEFTS[0], top, SIZE, SIZE))
    draw_image(axes, _colorize(row, GRAY), (LEFTS[1], top, SIZE, SIZE))
    found = "the foreground is in gray" if row.foreground.any() else "there is no foreground"
    for text, color, y in ((reason, VERMILION, -0.12), (found, GRAY, 0.12)):
        axes.text(LEFTS[2], top + SIZE / 2 + y, text, size=SMALL, color=color, va="center")


def _draw_image_and_foreground(axes: Axes, row: Explanation, digit: Digit, top: float) -> None:
    """Draw the image with the digit outlined, and the foreground near it with the digit in blue."""
    left, upper = (edge // row.scale for edge in digit.box[:2])
    height, width = digit.mask.shape
    box = (left, upper, left + width, upper + height)
    nearby = NEIGHBORHOOD * max(width, height)
    crop = _square_around(box, row.image.size, max(nearby, MAX_ASPECT * min(row.image.size)))
    origin = draw_image(axes, row.image.crop(crop), (LEFTS[0], top, SIZE, SIZE))
    inside = (left - crop[0], upper - crop[1], box[2] - crop[0], box[3] - crop[1])
    outline_digit(axes, inside, origin)
    foreground = _colorize(row, LIGHT_GRAY)
    foreground.paste(BLUE, (left, upper), Image.fromarray(digit.mask))
    crop = _square_around(box, foreground.size, nearby)
    draw_image(axes, foreground.crop(crop), (LEFTS[1], top, SIZE, SIZE))


def _colorize(row: Explanation, color: str) -> Image.Image:
    """Return an image (h, w) with the foreground in a color and the form elements in orange."""
    image = Image.new("RGB", row.foreground.shape[::-1], "white")
    image.paste(color, mask=Image.fromarray(row.foreground))
    image.paste(ORANGE, mask=Image.fromarray(row.form))
    return image


def _square_around(
    box: tuple[int, int, int, int], size: tuple[int, int], side: int
) -> tuple[int, int, int, int]:
    """Return the edges of a square around a box, limited to an image of that size in pixels."""
    spans = []
    for start, stop, length in ((box[0], box[2], size[0]), (box[1], box[3], size[1])):
        span = min(side, length)
        first = min(max((start + stop - span) // 2, 0), length - span)
        spans.append((first, first + span))
    (left, right), (top, bottom) = spans
    return left, top, right, bottom


def _draw_bars(axes: Axes, probabilities: NDArray[np.float32], left: float, top: float) -> None:
    """Draw one horizontal bar per class; the most likely one is in color, its number in bold."""
    height = SIZE / len(probabilities)
    predicted = int(probabilities.argmax())
    start = left + 0.2
    for digit, probability in enumerate(probabilities.tolist()):
        middle = top + (digit + 0.5) * height
        length = probability * BAR
        bar = (start, middle - 0.35 * height)
        is_predicted = digit == predicted
        fill = BLUE if is_predicted else LIGHT_GRAY
        axes.add_patch(Rectangle(bar, length, 0.7 * height, facecolor=fill))
        color, weight = (BLUE, "bold") if is_predicted else (GRAY, "normal")
        texts = {left: str(digit)}
        if is_predicted or probability >= MIN_WRITTEN:
            texts[start + length + 0.06] = percent(probability)
        for x, text in texts.items():
            axes.text(x, middle, text, size=SMALL, color=color, weight=weight, va="center_baseline")
    axes.plot([start, start], [top, top + SIZE], color=GRAY, linewidth=0.8)


def _draw_occlusion_map(
    axes: Axes, digit: PredictedDigit, occlusion_map: NDArray[np.float32], top: float
) -> None:
    """Draw the occlusion map over the digit, its color bar, and the patch that matters most."""
    left = LEFTS[4]
    decrease = digit.confidence - occlusion_map[..., digit.digit]
    largest = max(float(np.abs(decrease).max()), MIN_WRITTEN)
    background = 1 - 0.35 * digit.detection.image[..., None] / 255
    draw_array(axes, _tint(background, decrease / largest), (left, top, SIZE, SIZE))
    outline(axes, (left, top, left + SIZE, top + SIZE), LIGHT_GRAY)
    row, column = np.unravel_index(decrease.argmax(), decrease.shape)
    if decrease[row, column] < MIN_WRITTEN:
        text = "no single patch matters"
    else:
        _outline_patch(axes, int(row), int(column), top)
        predicted = int(occlusion_map[row, column].argmax())
        still = "still " if predicted == digit.digit else ""
        probability = percent(float(occlusion_map[row, column, predicted]))
        text = f"box covered: {still}{predicted}, {probability}"
    axes.text(left, top + SIZE + 0.06, text, size=SMALL, color=BLACK, va="top")
    _draw_color_bar(axes, largest, left + SIZE + 0.1, top)


def _outline_patch(axes: Axes, row: int, column: int, top: float) -> None:
    """Outline the patch that is centered on a pixel, limited to the digit."""
    pixel = SIZE / 28
    left = LEFTS[4]
    first_column, last_column, first_row, last_row = (
        min(max(center + offset, 0), 28) * pixel
        for center in (column, row)
        for offset in (-(PATCH // 2), PATCH // 2 + 1)
    )
    edges = (left + first_column, top + first_row, left + last_column, top + last_row)
    outline(axes, edges, BLACK)


def _draw_color_bar(axes: Axes, largest: float, left: float, top: float) -> None:
    """Draw the color bar of the occlusion map: changes of the probability in percentage points."""
    values = np.linspace(1, -1, 201)[:, None]
    color_bar = _tint(np.ones((201, 1, 1)), values)
    draw_array(axes, color_bar, (left, top, COLOR_BAR_WIDTH, SIZE))
    number = f"{100 * largest:.0f}" if largest >= 0.1 else f"{100 * largest:.1f}"
    for text, y, align in (
        (f"{MINUS}{number} points", 0, "top"),
        ("0", SIZE / 2, "center"),
        (f"+{number} points", SIZE, "bottom"),
    ):
        axes.text(left + COLOR_BAR_WIDTH + 0.06, top + y, text, size=SMALL, color=GRAY, va=align)


def _tint(background: NDArray[np.floating], values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Tint a background (h, w, 1) by values (h, w) in -1..1: vermilion above 0, blue below."""
    color = np.where(values[..., None] > 0, to_rgb(VERMILION), to_rgb(BLUE))
    strength = 0.9 * np.abs(values[..., None])
    tinted: NDArray[np.floating] = background * (1 - strength) + color * strength
    return tinted
