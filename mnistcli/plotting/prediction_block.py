"""One image in the plot of predictions, with bounding boxes, and its digits with probabilities."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from PIL import Image

from mnistcli.formatting import bounded_percent
from mnistcli.plotting.drawing import choose_columns, draw_array, draw_image, outline_digit
from mnistcli.plotting.layout import Size
from mnistcli.plotting.style import (
    BLACK,
    BLUE,
    DPI,
    GRAY,
    LIGHT_GRAY,
    SMALL,
    TEXT,
    VERMILION,
    fit_text,
    text_width,
)
from mnistcli.prediction.results import PredictedDigit, Prediction

# Lengths are in inches: at `style.DPI`, five pixels of the file per pixel of a digit.
_TILE = 28 * 5 / DPI
# Heights of the prediction above a digit, of the bars below it, and of the classes below the bars.
_HEADER, BARS, _CLASSES = 0.22, 0.42, 0.16
_TILE_GAP = 0.06
DIGIT = Size(_TILE, _HEADER + _TILE + _TILE_GAP + BARS + _CLASSES)
_GAP = 0.2
# The side of an image with one digit or none: as tall as a digit with its bars.
SINGLE = DIGIT.height - _HEADER
# An image with several digits is scaled to this median height of a digit, within these limits.
_DIGIT_IN_IMAGE, _MIN_SIDE, MAX_SIDE = 0.5, 2.2, 6.5
# The grid of digits has about four times as many columns as rows.
_DIGITS_PER_ROW, _MAX_COLUMNS = 4, 12
# Digits are drawn below the image if they would make the block wider than this.
_MAX_WIDTH = 16.0
# Heights of the name above an image, and of a line of the caption below the name.
NAME, LINE = 0.23, 0.19
# Font sizes in points: the smallest of a digit on the image, and of the classes.
_MIN_LABEL, _CLASS = 6.0, 6.5
# Width and height of a bold digit, relative to the font size.
_LABEL_WIDTH, _LABEL_HEIGHT = 0.72, 1.2


@dataclass(frozen=True, eq=False)
class PredictionBlock:
    """The block of one image in the plot of predictions.

    Attributes:
        prediction: The prediction.
        image: The image, not larger than it is drawn.
        full_size: Width and height of the image file in pixels.
        area: The size of the area for the image.
        digits: The digits that are drawn as inputs of the model: the first ones of the prediction.
    """

    prediction: Prediction
    image: Image.Image
    full_size: tuple[int, int]
    area: Size
    digits: tuple[PredictedDigit, ...]

    @classmethod
    def open(cls, prediction: Prediction) -> "PredictionBlock":
        """Open the image of a prediction and scale it to the size at which it is drawn.

        Raises:
            ImageError: The image has been removed since it was predicted.
        """
        image = prediction.open_image()
        full_size = image.size
        area = Size(SINGLE, SINGLE)
        if len(prediction.digits) > 1:
            boxes = np.array([digit.detection.box for digit in prediction.digits])
            scale = _DIGIT_IN_IMAGE / float(np.median(boxes[:, 3] - boxes[:, 1]))
            scale = min(max(scale, _MIN_SIDE / max(full_size)), MAX_SIDE / max(full_size))
            area = Size(full_size[0] * scale, full_size[1] * scale)
        image.thumbnail((math.ceil(area.width * DPI), math.ceil(area.height * DPI)))
        return cls(prediction, image, full_size, area, prediction.digits)

    def shrink(self, digits: int, side: float) -> "PredictionBlock":
        """Return a smaller block.

        Args:
            digits: Maximum number of digits that are drawn as inputs of the model.
            side: Maximum length of the longer side of the image in inches.
        """
        scale = min(1, side / max(self.area))
        area = Size(scale * self.area.width, scale * self.area.height)
        return replace(self, digits=self.digits[:digits], area=area)

    @cached_property
    def caption(self) -> list[str]:
        """The lines below the name: the prediction, or the reason for the rejection."""
        prediction = self.prediction
        if prediction.reason:
            lines = prediction.reason.split(": ")
        else:
            start, end = "predicted ", f", confidence {bounded_percent(prediction.text_confidence)}"
            available = self.content_size.width - text_width(start + end, SMALL)
            lines = [start + fit_text(prediction.guess_on_one_line, available, SMALL) + end]
        if len(self.digits) < len(prediction.digits):
            lines.append(f"inputs shown: {len(self.digits)} of {len(prediction.digits)}")
        return lines

    @cached_property
    def content_size(self) -> Size:
        """The size of the block without name and caption."""
        size = self._size_beside if self._digits_are_beside else self._size_below
        return Size(max(size.width, SINGLE + _GAP + DIGIT.width), size.height)

    @cached_property
    def _columns(self) -> int:
        """The number of columns of the digits."""
        return min(choose_columns(len(self.digits), _DIGITS_PER_ROW), _MAX_COLUMNS)

    @cached_property
    def _digits_are_beside(self) -> bool:
        """Whether the digits are beside the image, not below it: whichever takes less space."""
        beside, below = self._size_beside, self._size_below
        fits = beside.width <= _MAX_WIDTH
        return fits and beside.width * beside.height <= 1.2 * below.width * below.height

    @property
    def _digits_size(self) -> Size:
        if not self.digits:
            return Size(-_GAP, 0)
        rows = math.ceil(len(self.digits) / self._columns)
        return Size(
            self._columns * (DIGIT.width + _GAP) - _GAP, rows * (DIGIT.height + _GAP) - _GAP
        )

    @property
    def _size_beside(self) -> Size:
        image, digits = self.area, self._digits_size
        return Size(image.width + _GAP + digits.width, max(_HEADER + image.height, digits.height))

    @property
    def _size_below(self) -> Size:
        image, digits = self.area, self._digits_size
        return Size(max(image.width, digits.width), _HEADER + image.height + _GAP + digits.height)

    def draw(self, axes: Axes, left: float, top: float, caption_height: float) -> None:
        """Draw the block.

        Args:
            axes: Axes returned by `style.new_figure`.
            left: Left edge in inches.
            top: Top edge in inches.
            caption_height: Height of name and caption in inches.
        """
        width = self.content_size.width
        _write(axes, left, top, self.prediction.path.name, width, color=BLACK, bold=True)
        color = VERMILION if self.prediction.reason else GRAY
        for number, line in enumerate(self.caption):
            _write(axes, left, top + NAME + number * LINE, line, width, color=color)
        top += caption_height
        rectangle = (left, top + _HEADER, *self.area)
        self._draw_boxes(axes, draw_image(axes, self.image, rectangle, self.full_size))
        if self._digits_are_beside:
            self._draw_digits(axes, left + self.area.width + _GAP, top)
        else:
            self._draw_digits(axes, left, top + _HEADER + self.area.height + _GAP)

    def _draw_boxes(self, axes: Axes, origin: tuple[float, float, float]) -> None:
        """Draw the box of each digit on the image, with the predicted digit above it."""
        digits = self.prediction.digits
        style = "--" if self.prediction.reason else "-"
        edges = [outline_digit(axes, digit.detection.box, origin, style) for digit in digits]
        positions = np.array([((left + right) / 2, top) for left, top, right, _ in edges])
        size = _choose_label_size(positions)
        for digit, (x, y) in zip(digits, positions, strict=True):
            axes.text(
                x,
                y - 0.015,
                str(digit.digit),
                size=size,
                color=VERMILION,
                weight="bold",
                ha="center",
                va="bottom",
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
            )

    def _draw_digits(self, axes: Axes, left: float, top: float) -> None:
        """Draw the inputs of the model with their probabilities in a grid."""
        for position, digit in enumerate(self.digits):
            row, column = divmod(position, self._columns)
            x, y = left + column * (DIGIT.width + _GAP), top + row * (DIGIT.height + _GAP)
            middle = y + _HEADER / 2
            style: dict[str, Any] = {"va": "center_baseline"}
            axes.text(x, middle, str(digit.digit), size=TEXT, color=BLUE, weight="bold", **style)
            confidence = bounded_percent(digit.confidence)
            axes.text(x + _TILE, middle, confidence, size=SMALL, color=GRAY, ha="right", **style)
            draw_array(axes, digit.detection.image, (x, y + _HEADER, _TILE, _TILE))
            _draw_bars(axes, digit.probabilities, x, y + _HEADER + _TILE + _TILE_GAP + BARS)


def _draw_bars(axes: Axes, probabilities: NDArray[np.float32], left: float, bottom: float) -> None:
    """Draw a bar chart with one bar per class, the classes below; the most likely one in color."""
    width = _TILE / len(probabilities)
    predicted = int(probabilities.argmax())
    for digit, probability in enumerate(probabilities.tolist()):
        is_predicted = digit == predicted
        x, height = left + digit * width, probability * BARS
        fill = BLUE if is_predicted else GRAY
        axes.add_patch(
            Rectangle((x + 0.1 * width, bottom - height), 0.8 * width, height, facecolor=fill)
        )
        axes.text(
            x + width / 2,
            bottom + 0.03,
            str(digit),
            size=_CLASS,
            color=BLUE if is_predicted else GRAY,
            weight="bold" if is_predicted else "normal",
            ha="center",
            va="top",
        )
    axes.plot([left, left + _TILE], [bottom, bottom], color=LIGHT_GRAY, linewidth=0.8)


def _choose_label_size(positions: NDArray[np.float64]) -> float:
    """Choose the font size in points at which labels at these positions (n, 2) do not overlap."""
    if len(positions) < 2:
        return TEXT
    sizes = 72 * np.abs(np.diff(positions, axis=0)) / (_LABEL_WIDTH, _LABEL_HEIGHT)
    return float(np.clip(sizes.max(axis=1).min(), _MIN_LABEL, TEXT))


def _write(
    axes: Axes, left: float, top: float, text: str, width: float, *, color: str, bold: bool = False
) -> None:
    """Write a line of text, shortened to a width."""
    size = TEXT if bold else SMALL
    axes.text(
        left,
        top,
        fit_text(text, width, size, bold=bold),
        size=size,
        color=color,
        weight="bold" if bold else "normal",
        va="top",
        parse_math=False,
    )
