"""Plot of the stages of the preprocessing pipeline of one image, side by side."""

import math

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

from mnistcli.formatting import format_count
from mnistcli.plotting.drawing import draw_array, draw_image, outline
from mnistcli.plotting.style import BLACK, BLUE, GRAY, GREEN, LIGHT_GRAY, MARGIN, SMALL, VERMILION
from mnistcli.prediction.results import PredictedDigit
from mnistcli.preprocessing.shapes import Mask
from mnistcli.preprocessing.stages import Stages

# Lengths are in inches.
_SIDE, _STEP = 1.64, 1.87
_CAPTION = 0.2
HEIGHT = _CAPTION + _SIDE
# More digits would be too small to see.
_MAX_DIGITS = 64


def draw_stages(axes: Axes, stages: Stages, digits: tuple[PredictedDigit, ...], top: float) -> None:
    """Draw the stages of preprocessing of an image in a row of panels with captions.

    Args:
        axes: Axes returned by `style.new_figure`.
        stages: Image and masks of the stages.
        digits: The digits of the image.
        top: Top edge in inches.
    """
    panels = (
        ("image", stages.image),
        *([("sheet", stages.sheet)] if stages.sheet else []),
        ("binarization", color_masks(stages.foreground, (BLACK, stages.foreground))),
        _form_elements(stages),
        _text_lines(stages),
    )
    for number, (caption, image) in enumerate(panels):
        left = MARGIN + number * _STEP
        _write_caption(axes, caption, left, top)
        draw_image(axes, image, (left, top + _CAPTION, _SIDE, _SIDE))
    left = MARGIN + len(panels) * _STEP
    _write_caption(axes, format_count(len(digits), "digit"), left, top)
    _draw_digits(axes, [digit.detection.image for digit in digits], left, top + _CAPTION)


def color_masks(background: Mask, *colored: tuple[str, Mask]) -> Image.Image:
    """Return a white image (h, w) with masks in colors, the last one on top."""
    image = Image.new("RGB", background.shape[::-1], "white")
    for color, mask in colored:
        image.paste(color, mask=Image.fromarray(mask))
    return image


def _form_elements(stages: Stages) -> tuple[str, Image.Image]:
    caption = "form elements" if stages.form_mask.any() else "no form elements"
    masks = ((LIGHT_GRAY, stages.foreground), (GREEN, stages.form_mask))
    return caption, color_masks(stages.foreground, *masks)


def _text_lines(stages: Stages) -> tuple[str, Image.Image]:
    """Return the text lines in two alternating colors; other foreground is gray."""
    colors = [(BLUE, VERMILION)[number % 2] for number in range(len(stages.lines))]
    masks = ((LIGHT_GRAY, stages.foreground), *zip(colors, stages.lines, strict=True))
    caption = format_count(len(stages.lines), "text line") if stages.lines else "no text lines"
    return caption, color_masks(stages.foreground, *masks)


def _write_caption(axes: Axes, caption: str, left: float, top: float) -> None:
    axes.text(left, top, caption, size=SMALL, color=GRAY, va="top")


def _draw_digits(axes: Axes, digits: list[NDArray[np.uint8]], left: float, top: float) -> None:
    """Draw the digits in MNIST format in a grid, as large as the panel allows."""
    shown = digits[:_MAX_DIGITS]
    columns = max(math.ceil(math.sqrt(len(shown))), 1)
    side = _SIDE / columns
    height = max(math.ceil(len(shown) / columns), 1) * side
    top += (_SIDE - height) / 2
    for number, digit in enumerate(shown):
        row, column = divmod(number, columns)
        draw_array(axes, digit, (left + column * side, top + row * side, side, side))
    outline(axes, (left, top, left + _SIDE, top + height), LIGHT_GRAY)
