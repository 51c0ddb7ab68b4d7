"""Plot of explanations: stages of preprocessing, probabilities and occlusion maps (saliency)."""

from collections.abc import Iterable
from itertools import islice

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.formatting import bounded_percent, format_count
from mnistcli.plotting.drawing import (
    draw_array,
    draw_image,
    outline,
    outline_digit,
    tint,
    tint_digit,
)
from mnistcli.plotting.limits import MAX_EXPLAINED
from mnistcli.plotting.stages import HEIGHT, color_masks, draw_stages
from mnistcli.plotting.style import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    LIGHT_GRAY,
    MARGIN,
    SMALL,
    TEXT,
    TOP,
    VERMILION,
    Footer,
    fit_text,
    new_figure,
)
from mnistcli.prediction.explanation import Explanation
from mnistcli.prediction.occlusion import PATCH, occlusion_map
from mnistcli.prediction.results import PredictedDigit, Prediction
from mnistcli.preprocessing import Digit
from mnistcli.preprocessing.stages import Stages

# Lengths are in inches: at `style.DPI`, nine pixels of the file per pixel of a digit.
_SIZE = 1.68
_GAP = 0.25
# Longest bar of a probability.
_BAR = 1.3
# Widths of the columns: three squares, the bars, and the occlusion map with its color bar.
_COLUMNS = (_SIZE + _GAP, _SIZE + _GAP, _SIZE + _GAP, 0.2 + _BAR + 0.85, _SIZE + 1.1)
_LEFTS = np.cumsum((MARGIN, *_COLUMNS)).tolist()
_HEADINGS = (
    "image",
    "foreground",
    "input (28\N{MULTIPLICATION SIGN}28)",
)
_DIGIT_HEADINGS = "probabilities", "occlusion map"
# The line recognizer predicts the digits of a number, the classifier explains them.
_NUMBER_HEADINGS = "line recognizer", "occlusion map (classifier)"
_SUBTITLE = (
    f"Occlusion map: covering a {PATCH}\N{MULTIPLICATION SIGN}{PATCH} patch lowers (vermilion) or "
    "raises (blue) the probability of the predicted digit, in percentage points"
)
_NAME = 0.28
# Heights of the headings of the columns, and of a digit's row with name, headings and caption.
_HEADING, _ROW_STEP = 0.2, _SIZE + 0.82
# For an image: its name, the stages, and a line with the reason if it has no digits.
_STAGES_STEP, _REASON = _NAME + HEIGHT + 0.3, 0.3
_COLOR_BAR_WIDTH, _MINUS = 0.14, "\N{MINUS SIGN}"
# The part of the foreground that is shown, relative to the digit, so that its neighbors are
# visible.
_NEIGHBORHOOD = 2
# Longer images are cropped around the digit.
_MAX_ASPECT = 6
# Smaller probabilities, and smaller changes of the probability, are not written.
_MIN_WRITTEN = 0.01


def plot_explanations(explanations: Iterable[Explanation], *, model_name: str) -> Figure:
    """Plot explanations of predictions: the stages of each image, and a row for each digit.

    Args:
        explanations: The explanations; the first `MAX_EXPLAINED` are drawn.
        model_name: Name of the model.

    Raises:
        ImageError: There are no explanations.
    """
    rows = list(islice(explanations, MAX_EXPLAINED + 1))
    if not rows:
        raise ImageError("no image could be read")
    shown = rows[:MAX_EXPLAINED]
    are_first = _are_first(shown)
    predictions = [
        row.prediction for row, is_first in zip(shown, are_first, strict=True) if is_first
    ]
    title = (
        _title(predictions)
        if len(rows) == len(shown)
        else f"Explanations of the first {MAX_EXPLAINED} digits"
    )
    images = format_count(len(predictions), "image")
    digits = format_count(sum(row.digit is not None for row in shown), "digit")
    figure, axes = new_figure(
        _LEFTS[-1] + MARGIN,
        _arrange(shown)[-1],
        title,
        _SUBTITLE,
        Footer(model_name, f"{images}, {digits}"),
    )
    for row, is_first, top in zip(shown, are_first, _arrange(shown), strict=False):
        bottom = _draw_image(axes, row, top) if is_first else top
        if row.digit is not None:
            _draw_digit(axes, row, row.digit, bottom)
    return figure


def _are_first(rows: list[Explanation]) -> list[bool]:
    """Return for each row whether it is the first one of its image."""
    return [
        number == 0 or row.stages is not rows[number - 1].stages for number, row in enumerate(rows)
    ]


def _arrange(rows: list[Explanation]) -> list[float]:
    """Return the top edge of each row, and at the end the bottom edge of the last one."""
    edges = [TOP]
    for row, is_first in zip(rows, _are_first(rows), strict=True):
        height = _STAGES_STEP if is_first else 0.0
        if row.digit is not None:
            height += _ROW_STEP
        elif row.prediction.reason:
            height += _REASON
        edges.append(edges[-1] + height)
    return edges


def _title(predictions: list[Prediction]) -> str:
    if len(predictions) == 1 and predictions[0].text:
        prediction = predictions[0]
        confidence = bounded_percent(prediction.text_confidence)
        return f"Predicted {prediction.guess_on_one_line}, confidence {confidence}"
    if not any(prediction.text for prediction in predictions):
        return "Rejected"
    texts = [item.guess_on_one_line if item.text else "none" for item in predictions]
    return f"Predicted: {', '.join(texts)}"


def _draw_image(axes: Axes, row: Explanation, top: float) -> float:
    """Draw the stages of an image, and the reason if it has no digits.

    Returns:
        The bottom edge.
    """
    prediction = row.prediction
    _write_name(axes, prediction.path.name, top)
    draw_stages(axes, row.stages, prediction.digits, top + _NAME)
    bottom = top + _STAGES_STEP
    if row.digit is None:
        reason = fit_text(prediction.reason, _LEFTS[-1] - MARGIN, SMALL)
        axes.text(MARGIN, bottom - 0.2, reason, size=SMALL, color=VERMILION, va="top")
    return bottom


def _write_name(axes: Axes, name: str, top: float) -> None:
    text = fit_text(name, _LEFTS[-1] - MARGIN, TEXT, bold=True)
    axes.text(MARGIN, top, text, size=TEXT, color=BLACK, weight="bold", va="top", parse_math=False)


def _draw_digit(axes: Axes, row: Explanation, digit: PredictedDigit, top: float) -> None:
    """Draw the row of a digit, with its name if the image has several digits."""
    if row.name != row.prediction.path.name:
        _write_name(axes, row.name, top)
        top += _NAME
    is_in_number = any(
        line.recognized and any(digit is other for other in line.digits)
        for line in row.prediction.lines
    )
    headings = _HEADINGS + (_NUMBER_HEADINGS if is_in_number else _DIGIT_HEADINGS)
    for left, heading in zip(_LEFTS, headings, strict=False):
        axes.text(left, top, heading, size=SMALL, color=GRAY, va="top")
    top += _HEADING
    _draw_image_and_foreground(axes, row.stages, digit.detection, top)
    draw_array(axes, digit.detection.image, (_LEFTS[2], top, _SIZE, _SIZE))
    _draw_bars(axes, digit.probabilities, _LEFTS[3], top)
    if row.classifier_probabilities is not None and row.occluded_probabilities is not None:
        probabilities, occluded = row.classifier_probabilities, row.occluded_probabilities
        _draw_occlusion_map(axes, digit, probabilities, occluded, top)
    reason = fit_text(row.prediction.reason, _LEFTS[-1] - _LEFTS[2], SMALL)
    axes.text(MARGIN, top + _SIZE + 0.06, reason, size=SMALL, color=VERMILION, va="top")


def _draw_image_and_foreground(axes: Axes, stages: Stages, digit: Digit, top: float) -> None:
    """Draw the image with the digit outlined, and the foreground near it with the digit in blue."""
    left, upper = (edge // stages.scale for edge in digit.box[:2])
    height, width = digit.mask.shape
    box = (left, upper, left + width, upper + height)
    nearby = _NEIGHBORHOOD * max(width, height)
    crop = _square_around(box, stages.image.size, max(nearby, _MAX_ASPECT * min(stages.image.size)))
    origin = draw_image(axes, stages.image.crop(crop), (_LEFTS[0], top, _SIZE, _SIZE))
    inside = (left - crop[0], upper - crop[1], box[2] - crop[0], box[3] - crop[1])
    outline_digit(axes, inside, origin)
    masks = (LIGHT_GRAY, stages.foreground), (GREEN, stages.form_mask)
    foreground = color_masks(stages.foreground, *masks)
    foreground.paste(BLUE, (left, upper), Image.fromarray(digit.mask))
    crop = _square_around(box, foreground.size, nearby)
    draw_image(axes, foreground.crop(crop), (_LEFTS[1], top, _SIZE, _SIZE))


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
    height = _SIZE / len(probabilities)
    predicted = int(probabilities.argmax())
    start = left + 0.2
    for digit, probability in enumerate(probabilities.tolist()):
        middle = top + (digit + 0.5) * height
        length = probability * _BAR
        bar = (start, middle - 0.35 * height)
        is_predicted = digit == predicted
        fill = BLUE if is_predicted else LIGHT_GRAY
        axes.add_patch(Rectangle(bar, length, 0.7 * height, facecolor=fill))
        color, weight = (BLUE, "bold") if is_predicted else (GRAY, "normal")
        texts = {left: str(digit)}
        if is_predicted or probability >= _MIN_WRITTEN:
            texts[start + length + 0.06] = bounded_percent(probability)
        for x, text in texts.items():
            axes.text(x, middle, text, size=SMALL, color=color, weight=weight, va="center_baseline")
    axes.plot([start, start], [top, top + _SIZE], color=GRAY, linewidth=0.8)


def _draw_occlusion_map(
    axes: Axes,
    digit: PredictedDigit,
    probabilities: NDArray[np.float32],
    occluded: NDArray[np.float32],
    top: float,
) -> None:
    """Draw the occlusion map as a heat map, its color bar, and the patch that matters most."""
    left = _LEFTS[4]
    decrease = occlusion_map(probabilities, occluded, digit.digit)
    largest = max(float(np.abs(decrease).max()), _MIN_WRITTEN)
    tinted = tint_digit(digit.detection.image, decrease / largest)
    draw_array(axes, tinted, (left, top, _SIZE, _SIZE))
    outline(axes, (left, top, left + _SIZE, top + _SIZE), LIGHT_GRAY)
    row, column = np.unravel_index(decrease.argmax(), decrease.shape)
    if decrease[row, column] < _MIN_WRITTEN:
        text = "no single patch matters"
    else:
        _outline_patch(axes, int(row), int(column), top)
        predicted = int(occluded[row, column].argmax())
        still = "still " if predicted == digit.digit else ""
        probability = bounded_percent(float(occluded[row, column, predicted]))
        text = f"patch covered: {still}{predicted}, {probability}"
    axes.text(left, top + _SIZE + 0.06, text, size=SMALL, color=BLACK, va="top")
    _draw_color_bar(axes, largest, left + _SIZE + 0.1, top)


def _outline_patch(axes: Axes, row: int, column: int, top: float) -> None:
    """Outline the patch that is centered on a pixel, limited to the digit."""
    pixel = _SIZE / 28
    left = _LEFTS[4]
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
    color_bar = tint(np.ones((201, 1, 1)), values)
    draw_array(axes, color_bar, (left, top, _COLOR_BAR_WIDTH, _SIZE))
    number = f"{100 * largest:.0f}" if largest >= 0.1 else f"{100 * largest:.1f}"
    for text, y, align in (
        (f"{_MINUS}{number}", 0, "top"),
        ("0", _SIZE / 2, "center"),
        (f"+{number}", _SIZE, "bottom"),
    ):
        axes.text(left + _COLOR_BAR_WIDTH + 0.06, top + y, text, size=SMALL, color=GRAY, va=align)
