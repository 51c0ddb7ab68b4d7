"""How digits were read, stage by stage: picture, ink, network's view, answer, where it looked."""

from collections.abc import Iterable
from itertools import islice

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.explanation import PATCH, Explanation
from mnistcli.plotting.predictions import (
    BAR,
    GAP,
    SIZE,
    answers_title,
    draw_bars,
    draw_picture,
    outline,
)
from mnistcli.plotting.style import (
    BLUE,
    GREY,
    INK,
    MARGIN,
    PALE,
    RED,
    SMALL,
    TEXT,
    TOP,
    draw_image,
    new_sheet,
    percent,
    plain,
)
from mnistcli.predictions import PredictedDigit
from mnistcli.preprocessing import Digit

MOST_ROWS = 20
# From one panel to the next: three squares, the bars, and the map with its scale.
STEPS = (SIZE + GAP, SIZE + GAP, SIZE + GAP, 0.2 + BAR + 0.85, SIZE + 1.1)
PANELS = np.cumsum((MARGIN, *STEPS)).tolist()
HEADINGS = (
    "the picture",
    "ink: its own in blue",
    "the network's view",
    "its answer",
    f"answer with {PATCH}\N{MULTIPLICATION SIGN}{PATCH} covered",
)
HEAD, DOWN = TOP + 0.35, SIZE + 0.7
LONGEST_NAME = 60
SCALE, MINUS = 0.14, "\N{MINUS SIGN}"
# The ink is drawn this many times as wide as the digit is, to show what stands beside it.
CLOSE = 2
# A picture that is longer than so many times its width is cut down to what is round the digit.
LONGEST = 6
# Changes of the probability that are too small to be drawn, or to be told.
SMALLEST = 0.01


def plot_explanations(explanations: Iterable[Explanation]) -> Figure:
    """Draw how each digit was read, from the picture to the answer and what it hangs on.

    The last panel is the occlusion map of `mnistcli.explanation.occlusion`: what happens to the
    answer's probability with the surroundings of each pixel covered.

    Args:
        explanations: The digits; the first `MOST_ROWS` are drawn.

    Raises:
        ImageError: There is none.
    """
    rows = list(islice(explanations, MOST_ROWS + 1))
    if not rows:
        raise ImageError("no picture could be read", hint="mnistcli predict digit.png")
    shown = rows[:MOST_ROWS]
    title = answers_title([None if row.reason else row.digit for row in shown])
    if len(rows) > MOST_ROWS:
        title = f"The first {MOST_ROWS} readings; there are more"
    figure, axes = new_sheet(
        PANELS[-1] + MARGIN,
        HEAD + len(shown) * DOWN,
        title,
        "Where it looked: with that place covered, the answer's probability falls (orange) "
        "or rises (blue)",
    )
    for left, heading in zip(PANELS, HEADINGS, strict=False):
        axes.text(left, TOP, heading, size=TEXT, color=GREY, va="top")
    for place, row in enumerate(shown):
        _draw_row(axes, row, HEAD + 0.3 + place * DOWN)
    return figure


def _draw_row(axes: Axes, row: Explanation, top: float) -> None:
    name = plain(row.name, LONGEST_NAME)
    axes.text(MARGIN, top - 0.13, name, size=TEXT, color=INK, weight="bold", parse_math=False)
    if row.digit is None or row.occlusion_map is None:
        _draw_nothing(axes, row, top)
        return
    _draw_place(axes, row, row.digit.detection, top)
    draw_image(axes, row.digit.detection.image, (PANELS[2], top, SIZE, SIZE))
    draw_bars(axes, row.digit.probabilities, PANELS[3], top)
    _draw_map(axes, row.digit, row.occlusion_map, top)
    why = plain(row.reason, LONGEST_NAME)
    axes.text(MARGIN, top + SIZE + 0.06, why, size=SMALL, color=RED, va="top")


def _draw_nothing(axes: Axes, row: Explanation, top: float) -> None:
    """Draw a picture without a digit, all ink on it, and why there is none."""
    draw_picture(axes, row.image, None, PANELS[0], top)
    draw_picture(axes, _colored(row.foreground, GREY), None, PANELS[1], top)
    ink = "what ink was found is in grey" if row.foreground.any() else "no ink on the paper"
    for words, color, below in ((plain(row.reason, LONGEST_NAME), RED, -0.12), (ink, GREY, 0.12)):
        axes.text(PANELS[2], top + SIZE / 2 + below, words, size=TEXT, color=color, va="center")


def _draw_place(axes: Axes, row: Explanation, found: Digit, top: float) -> None:
    """Draw the picture with the digit's box, and the ink near it, the digit's own in blue."""
    left, upper = (edge // row.scale for edge in found.box[:2])
    height, width = found.ink.shape
    box = (left, upper, left + width, upper + height)
    near = CLOSE * max(width, height)
    part = _around(box, row.image.size, max(near, LONGEST * min(row.image.size)))
    west, north, *_ = part
    inside = (left - west, upper - north, box[2] - west, box[3] - north)
    draw_picture(axes, row.image.crop(part), inside, PANELS[0], top)
    ink = _colored(row.foreground, PALE)
    ink.paste(BLUE, (left, upper), Image.fromarray(found.ink))
    draw_picture(axes, ink.crop(_around(box, ink.size, near)), None, PANELS[1], top)


def _colored(ink: NDArray[np.bool_], color: str) -> Image.Image:
    """Ink (h, w) in one colour on white paper."""
    page = Image.new("RGB", ink.shape[::-1], "white")
    page.paste(color, mask=Image.fromarray(ink))
    return page


def _around(
    box: tuple[int, int, int, int], size: tuple[int, int], side: int
) -> tuple[int, int, int, int]:
    """The square of such a side round a box, cut off where the picture ends: its four edges."""
    left, upper, right, lower = box
    spans = []
    for start, stop, length in ((left, right, size[0]), (upper, lower, size[1])):
        whole = min(side, length)
        first = min(max((start + stop - whole) // 2, 0), length - whole)
        spans.append((first, first + whole))
    (west, east), (north, south) = spans
    return west, north, east, south


def _draw_map(axes: Axes, digit: PredictedDigit, covered: NDArray[np.float32], top: float) -> None:
    """Draw the occlusion map over the digit, its scale, and what the worst patch would do."""
    left = PANELS[4]
    fall = digit.confidence - covered[..., digit.digit]
    most = max(float(np.abs(fall).max()), SMALLEST)
    paper = 1 - 0.35 * digit.detection.image[..., None] / 255
    draw_image(axes, _tinted(paper, fall / most), (left, top, SIZE, SIZE))
    outline(axes, (left, top, left + SIZE, top + SIZE), PALE)
    row, column = np.unravel_index(fall.argmax(), fall.shape)
    if fall[row, column] < SMALLEST:
        words = "no one place matters"
    else:
        _outline_patch(axes, int(row), int(column), top)
        other = int(covered[row, column].argmax())
        answer = f"still {other}" if other == digit.digit else str(other)
        words = f"at the frame: {answer}, {percent(float(covered[row, column, other]))}"
    axes.text(left, top + SIZE + 0.06, words, size=SMALL, color=INK, va="top")
    _draw_scale(axes, most, left + SIZE + 0.1, top)


def _outline_patch(axes: Axes, row: int, column: int, top: float) -> None:
    """Draw the edge of the patch that is centred on a pixel, as far as it lies on the digit."""
    pixel = SIZE / 28
    start, stop = -(PATCH // 2), PATCH // 2 + 1
    west, east = (min(max(column + edge, 0), 28) * pixel for edge in (start, stop))
    north, south = (min(max(row + edge, 0), 28) * pixel for edge in (start, stop))
    left = PANELS[4]
    outline(axes, (left + west, top + north, left + east, top + south), INK)


def _draw_scale(axes: Axes, most: float, left: float, top: float) -> None:
    """Draw what the colours stand for: by how many points the probability changes."""
    values = np.linspace(1, -1, 201)[:, None]
    draw_image(axes, _tinted(np.ones((201, 1, 1)), values), (left, top, SCALE, SIZE))
    number = f"{100 * most:.0f}" if most >= 0.1 else f"{100 * most:.1f}"
    for words, height, align in (
        (f"{MINUS}{number} points", 0, "top"),
        ("0", SIZE / 2, "center"),
        (f"+{number} points", SIZE, "bottom"),
    ):
        axes.text(left + SCALE + 0.06, top + height, words, size=SMALL, color=GREY, va=align)


def _tinted(paper: NDArray[np.floating], fall: NDArray[np.floating]) -> NDArray[np.floating]:
    """Colour paper (h, w, 1) red where values (h, w) in -1..1 are above 0, blue below."""
    color = np.where(fall[..., None] > 0, to_rgb(RED), to_rgb(BLUE))
    strength = 0.9 * np.abs(fall[..., None])
    tinted: NDArray[np.floating] = paper * (1 - strength) + color * strength
    return tinted
