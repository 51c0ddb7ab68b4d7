"""Pictures and how they were read: the original, what the network saw, and its probabilities."""

import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.plotting.style import (
    BLUE,
    DPI,
    GREY,
    INK,
    MARGIN,
    PALE,
    RED,
    SMALL,
    TEXT,
    TOP,
    columns_for,
    draw_image,
    new_sheet,
    percent,
    plain,
)
from mnistcli.predictions import PredictedDigit, Prediction
from mnistcli.preprocessing import open_image

# The side of the picture and of the digit: nine screen pixels for each of the digit's, at `DPI`.
SIZE = 1.68
GAP = 0.25
# The longest bar, with room for the digit before it and the percentage behind it.
BAR = 1.3
# From one reading to the next.
ACROSS, DOWN = 2 * (SIZE + GAP) + BAR + 0.9 + 2 * GAP, SIZE + 0.65
MOST_ROWS = 100
# So many characters of the broadest kind fit above a reading.
LONGEST_NAME = 34
NAMED_ANSWERS = 10
ROOM = 0.03
# Smaller probabilities are not written out.
MENTIONED = 0.01


def plot_predictions(readings: Iterable[Prediction]) -> Figure:
    """Draw each digit read: its picture, the digit as the network saw it, and the probabilities.

    Pictures that could not be read are left out.

    Args:
        readings: What was read; the first `MOST_ROWS` digits are drawn, and their files opened
            again for it.

    Raises:
        ImageError: No picture could be read, or one that could be is gone.
    """
    rows = [row for reading in readings for row in _rows(reading)]
    if not rows:
        raise ImageError("no picture could be read", hint="mnistcli predict digit.png")
    shown = rows[:MOST_ROWS]
    columns = columns_for(len(shown), 0.8)
    figure, axes = new_sheet(
        2 * MARGIN + columns * ACROSS - 2 * GAP,
        TOP + math.ceil(len(shown) / columns) * DOWN,
        *_words(rows),
    )
    # The digits of one picture follow each other: it is opened once, and held no longer.
    opened = lru_cache(maxsize=1)(open_image)
    for place, row in enumerate(shown):
        down, across = divmod(place, columns)
        left, top = MARGIN + across * ACROSS, TOP + 0.35 + down * DOWN
        name = plain(row.name, LONGEST_NAME)
        axes.text(left, top - 0.13, name, size=TEXT, color=INK, weight="bold", parse_math=False)
        box = None if row.digit is None else row.digit.detection.box
        draw_picture(axes, opened(row.path), box, left, top)
        left += SIZE + GAP
        if row.digit is None:
            why = plain(row.reason, LONGEST_NAME).replace(": ", ":\n")
            axes.text(left, top + SIZE / 2, why, size=TEXT, color=RED, va="center")
            continue
        draw_image(axes, row.digit.detection.image, (left, top, SIZE, SIZE))
        draw_bars(axes, row.digit.probabilities, left + SIZE + GAP, top)
    return figure


class _Row(NamedTuple):
    """One digit of a picture; None on a picture without one."""

    name: str
    path: Path
    digit: PredictedDigit | None
    reason: str = ""


def _rows(reading: Prediction) -> list[_Row]:
    if reading.error is not None:
        return []
    if reading.reason:
        return [_Row(reading.path.name, reading.path, None, reading.reason)]
    return [_Row(name, reading.path, digit) for name, digit in reading.named_digits]


def _words(rows: list[_Row]) -> tuple[str, str]:
    title = answers_title([row.digit for row in rows])
    if len(rows) > MOST_ROWS:
        title += f", the first {MOST_ROWS} shown"
    return title, "Each: the picture, what the network saw of it, and its probabilities"


def answers_title(digits: list[PredictedDigit | None]) -> str:
    """Return what was read, as a title; None stands for a picture without a digit."""
    read = [digit for digit in digits if digit is not None]
    if not read:
        return "No digit found"
    if len(digits) == 1:
        return f"Read as {read[0].digit}, {percent(read[0].confidence)} sure"
    if len(digits) <= NAMED_ANSWERS:
        answers = ("none" if digit is None else str(digit.digit) for digit in digits)
        return f"Read as {', '.join(answers)}"
    return f"{len(read):,} digits read"


def draw_picture(
    axes: Axes,
    picture: Image.Image,
    box: tuple[float, float, float, float] | None,
    left: float,
    top: float,
) -> None:
    """Draw a picture into a square, whole and undistorted, and a line around the digit.

    Args:
        axes: The sheet.
        picture: The picture.
        box: The digit's left, upper, right and lower edge in pixels; None draws no line.
        left: Where the square is, in inches.
        top: Likewise.
    """
    width, height = picture.size
    scale = SIZE / max(width, height)
    left += (SIZE - width * scale) / 2
    top += (SIZE - height * scale) / 2
    small = picture.copy()
    small.thumbnail((round(SIZE * DPI), round(SIZE * DPI)))
    draw_image(axes, np.asarray(small), (left, top, width * scale, height * scale))
    outline(axes, (left, top, left + width * scale, top + height * scale), PALE)
    if box is not None:
        west, north, east, south = (scale * edge for edge in box)
        # A little wider than the ink, so as not to hide its edge.
        west, north, east, south = west - ROOM, north - ROOM, east + ROOM, south + ROOM
        outline(axes, (left + west, top + north, left + east, top + south), RED)


def outline(axes: Axes, box: tuple[float, float, float, float], color: str) -> None:
    """Draw a line around a box: its left, upper, right and lower edge in inches."""
    left, top, right, bottom = box
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=color))


def draw_bars(axes: Axes, probabilities: NDArray[np.float32], left: float, top: float) -> None:
    """Draw a bar for each digit, the highest one in colour and with its number in bold."""
    pitch = SIZE / len(probabilities)
    answer = int(probabilities.argmax())
    start = left + 0.2
    for digit, probability in enumerate(probabilities.tolist()):
        middle = top + (digit + 0.5) * pitch
        length = probability * BAR
        color, weight = (BLUE, "bold") if digit == answer else (GREY, "normal")
        axes.add_patch(
            Rectangle(
                (start, middle - 0.35 * pitch),
                length,
                0.7 * pitch,
                facecolor=BLUE if digit == answer else PALE,
            )
        )
        style: dict[str, Any] = {
            "size": SMALL,
            "color": color,
            "weight": weight,
            "va": "center_baseline",
        }
        axes.text(left, middle, str(digit), **style)
        if digit == answer or probability >= MENTIONED:
            axes.text(start + length + 0.06, middle, percent(probability), **style)
    axes.plot([start, start], [top, top + SIZE], color=GREY, linewidth=0.8)
