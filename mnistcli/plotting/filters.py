"""What the first layer of a network has learned to look for, and what it finds on one digit."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnistcli.plotting.style import (
    GREY,
    MARGIN,
    PALE,
    SMALL,
    TEXT,
    TOP,
    columns_for,
    draw_image,
    new_sheet,
)

TILE = 0.66
# From one kernel to the next, with its map between.
ACROSS, DOWN = 2 * TILE + 0.28, TILE + 0.2
# The digit and the colour scales stand to the left of the filters.
IMAGE = 1.68
SIDE, LOWEST = IMAGE + 0.6, IMAGE + 1.75
NARROWEST = 9.5
CHANNEL_GAP = 0.04
# Blue below 0, white at 0, red above; black at 0, white above.
SIGNED, POSITIVE = "RdBu_r", "gray"
MINUS = "\N{MINUS SIGN}"
# Stands for 0 in a division.
TINY = 1e-9


def plot_filters(
    kernels: NDArray[np.float32], image: NDArray[np.uint8], maps: NDArray[np.float32]
) -> Figure:
    """Draw the kernels of a convolution, each beside what it makes of one digit.

    Args:
        kernels: The learned weights, float32 (h, w, channels, n). The channels of a kernel are
            drawn as one block.
        image: The digit, uint8 (28, 28).
        maps: The layer's responses to the digit, float32 (rows, columns, n).
    """
    count = kernels.shape[-1]
    columns = columns_for(count, 1.2)
    rows = math.ceil(count / columns)
    figure, axes = new_sheet(
        max(MARGIN + SIDE + columns * ACROSS + MARGIN / 2, NARROWEST),
        TOP + max(rows * DOWN, LOWEST) + MARGIN / 2,
        *_words(kernels, maps),
    )
    heaviest = float(np.abs(kernels).max())
    colors = POSITIVE if maps.min() >= 0 else SIGNED
    _draw_side(axes, image, f"{heaviest:.2g}", colors)
    # Every map has a scale of its own, but for maps of next to nothing: noise is no answer.
    strongest = np.abs(maps).max(axis=(0, 1))
    strongest = np.maximum(strongest, max(0.01 * float(strongest.max()), TINY))
    for index in range(count):
        row, column = divmod(index, columns)
        left, top = MARGIN + SIDE + column * ACROSS, TOP + row * DOWN
        kernel = kernels[..., index] / max(heaviest, TINY)
        _draw_block(axes, kernel, left, top, SIGNED)
        response = maps[..., index] / strongest[index]
        _draw_block(axes, response[..., None], left + TILE + 0.05, top, colors)
    return figure


def _words(kernels: NDArray[np.float32], maps: NDArray[np.float32]) -> tuple[str, str]:
    high, wide, channels, count = kernels.shape
    ranges = np.ptp(maps, axis=(0, 1))
    # A flat map tells nothing about the digit, whatever its level.
    active = int((ranges > 0.01 * ranges.max()).sum())
    shape = f"{high}\N{MULTIPLICATION SIGN}{wide}"
    title = f"{count} learned {shape} kernels: {active} respond to this digit"
    subtitle = "Each pair: a kernel, and what it makes of the digit"
    if channels > 1:
        subtitle += f" (a kernel's {channels} input channels stand as one block)"
    return title, subtitle


def _draw_side(axes: Axes, image: NDArray[np.uint8], heaviest: str, colors: str) -> None:
    """Draw the digit, and below it what the colours of kernels and maps stand for."""
    draw_image(axes, image, (MARGIN, TOP, IMAGE, IMAGE))
    axes.text(MARGIN, TOP + IMAGE + 0.08, "the digit", size=TEXT, color=GREY, va="top")
    least = "0" if colors == POSITIVE else f"{MINUS}strongest"
    for name, below, cmap, ends in (
        ("weight", 0.75, SIGNED, (f"{MINUS}{heaviest}", heaviest)),
        ("response", 1.4, colors, (least, "strongest")),
    ):
        top = TOP + IMAGE + below
        gradient = np.linspace(0, 1, 256)[None]
        draw_image(axes, gradient, (MARGIN, top, IMAGE, 0.14), cmap=cmap, limits=(0, 1))
        axes.text(MARGIN, top - 0.07, name, size=SMALL, color=GREY)
        axes.text(MARGIN, top + 0.2, ends[0], size=SMALL, color=GREY, va="top")
        axes.text(MARGIN + IMAGE, top + 0.2, ends[1], size=SMALL, color=GREY, va="top", ha="right")


def _draw_block(axes: Axes, image: NDArray[np.float32], left: float, top: float, cmap: str) -> None:
    """Draw the channels of an image (h, w, channels) in -1..1 as one block, thin gaps between."""
    axes.add_patch(Rectangle((left, top), TILE, TILE, color=PALE, linewidth=1, zorder=-1))
    channels = image.shape[-1]
    across = math.ceil(math.sqrt(channels))
    step = (TILE + CHANNEL_GAP) / across
    size = step - CHANNEL_GAP
    for channel in range(channels):
        row, column = divmod(channel, across)
        place = (left + column * step, top + row * step, size, size)
        limits = (-1 if cmap == SIGNED else 0, 1)
        draw_image(axes, image[..., channel], place, cmap=cmap, limits=limits)
