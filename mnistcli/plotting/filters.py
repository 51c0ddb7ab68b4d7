"""Plot of the first convolution: its kernels (filters) and their feature maps of one digit."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnistcli.plotting.drawing import choose_columns, draw_array
from mnistcli.plotting.style import (
    GRAY,
    LIGHT_GRAY,
    MARGIN,
    SMALL,
    TEXT,
    TOP,
    Footer,
    new_figure,
)

# Lengths are in inches.
_TILE = 0.66
# Distance from one kernel to the next, with its feature map between.
_COLUMN_STEP, _ROW_STEP = 2 * _TILE + 0.28, _TILE + 0.2
# The digit and the color bars are to the left of the kernels.
_IMAGE = 1.68
_SIDE, _MIN_HEIGHT = _IMAGE + 0.6, _IMAGE + 1.75
_MIN_WIDTH = 9.5
_CHANNEL_GAP = 0.04
# Color maps: diverging, blue below 0, white at 0, red above; or black at 0, white above.
_SIGNED, _POSITIVE = "RdBu_r", "gray"
_MINUS = "\N{MINUS SIGN}"
# Replaces 0 in a division.
_EPSILON = 1e-9


def plot_filters(
    kernels: NDArray[np.float32],
    image: NDArray[np.uint8],
    maps: NDArray[np.float32],
    *,
    model_name: str,
    dataset_name: str,
) -> Figure:
    """Plot the kernels of a convolution, each beside its feature map of one digit.

    Args:
        kernels: The learned weights, float32 (h, w, channels, n). The channels of a kernel are
            drawn as one block.
        image: The digit, uint8 (28, 28).
        maps: The feature maps of the digit, float32 (rows, columns, n).
        model_name: Name of the model.
        dataset_name: Name of the dataset that the digit is from.
    """
    count = kernels.shape[-1]
    columns = choose_columns(count, 1.2)
    rows = math.ceil(count / columns)
    figure, axes = new_figure(
        max(MARGIN + _SIDE + columns * _COLUMN_STEP + MARGIN / 2, _MIN_WIDTH),
        TOP + max(rows * _ROW_STEP, _MIN_HEIGHT) + MARGIN / 2,
        *_title_and_subtitle(kernels, maps),
        Footer(model_name, "1 image", dataset_name),
    )
    max_weight = float(np.abs(kernels).max())
    colors = _POSITIVE if maps.min() >= 0 else _SIGNED
    _draw_digit(axes, image)
    _draw_color_bars(axes, f"{max_weight:.2g}", colors)
    # Each map has its own scale, but not one that would make noise look like a response.
    strongest = np.abs(maps).max(axis=(0, 1))
    strongest = np.maximum(strongest, max(0.01 * float(strongest.max()), _EPSILON))
    for index in range(count):
        row, column = divmod(index, columns)
        left, top = MARGIN + _SIDE + column * _COLUMN_STEP, TOP + row * _ROW_STEP
        kernel = kernels[..., index] / max(max_weight, _EPSILON)
        _draw_channels(axes, kernel, left, top, _SIGNED)
        response = maps[..., index] / strongest[index]
        _draw_channels(axes, response[..., None], left + _TILE + 0.05, top, colors)
    return figure


def _title_and_subtitle(kernels: NDArray[np.float32], maps: NDArray[np.float32]) -> tuple[str, str]:
    height, width, channels, count = kernels.shape
    ranges = np.ptp(maps, axis=(0, 1))
    # A constant map does not depend on the digit, regardless of its level.
    active = int((ranges > 0.01 * ranges.max()).sum())
    shape = f"{height}\N{MULTIPLICATION SIGN}{width}"
    noun = "kernel" if count == 1 else "kernels"
    title = f"{count} learned {shape} {noun}, {active} of them respond to this digit"
    subtitle = "Each pair: a kernel and its feature map of the digit"
    if channels > 1:
        subtitle += f" (the {channels} input channels of a kernel form one block)"
    return title, subtitle


def _draw_digit(axes: Axes, image: NDArray[np.uint8]) -> None:
    draw_array(axes, image, (MARGIN, TOP, _IMAGE, _IMAGE))
    axes.text(MARGIN, TOP + _IMAGE + 0.08, "the digit", size=TEXT, color=GRAY, va="top")


def _draw_color_bars(axes: Axes, max_weight: str, colors: str) -> None:
    """Draw the color bars of kernels and feature maps below the digit."""
    least = "0" if colors == _POSITIVE else f"{_MINUS}strongest"
    for name, below, cmap, ends in (
        ("weight", 0.75, _SIGNED, (f"{_MINUS}{max_weight}", max_weight)),
        ("response", 1.4, colors, (least, "strongest")),
    ):
        top = TOP + _IMAGE + below
        gradient = np.linspace(0, 1, 256)[None]
        draw_array(axes, gradient, (MARGIN, top, _IMAGE, 0.14), cmap=cmap, limits=(0, 1))
        axes.text(MARGIN, top - 0.07, name, size=SMALL, color=GRAY)
        axes.text(MARGIN, top + 0.2, ends[0], size=SMALL, color=GRAY, va="top")
        axes.text(MARGIN + _IMAGE, top + 0.2, ends[1], size=SMALL, color=GRAY, va="top", ha="right")


def _draw_channels(
    axes: Axes, channels: NDArray[np.float32], left: float, top: float, cmap: str
) -> None:
    """Draw the channels of an array (h, w, channels), values in -1..1, as one square block."""
    axes.add_patch(Rectangle((left, top), _TILE, _TILE, color=LIGHT_GRAY, linewidth=1, zorder=-1))
    columns = math.ceil(math.sqrt(channels.shape[-1]))
    step = (_TILE + _CHANNEL_GAP) / columns
    size = step - _CHANNEL_GAP
    limits = (-1 if cmap == _SIGNED else 0, 1)
    for channel in range(channels.shape[-1]):
        row, column = divmod(channel, columns)
        rectangle = (left + column * step, top + row * step, size, size)
        draw_array(axes, channels[..., channel], rectangle, cmap=cmap, limits=limits)
