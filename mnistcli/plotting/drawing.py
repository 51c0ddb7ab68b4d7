"""Drawing: images, boxes and grids on the axes of a figure, placed in inches."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from mnistcli.plotting.style import BLUE, DPI, LIGHT_GRAY, VERMILION

# Distance of a digit's outline from its ink, in inches.
_OUTLINE_GAP = 0.03


def draw_array(
    axes: Axes,
    array: ArrayLike,
    rectangle: tuple[float, float, float, float],
    *,
    cmap: str = "gray",
    limits: tuple[float, float] = (0, 255),
) -> None:
    """Draw an array as an image with sharp pixels.

    Args:
        axes: Axes returned by `style.new_figure`.
        array: Values, shape (h, w), or colors, shape (h, w, 3 or 4).
        rectangle: Left edge, top edge, width and height in inches.
        cmap: Colormap of the values.
        limits: The values at the two ends of the colormap.
    """
    left, top, width, height = rectangle
    low, high = limits
    axes.imshow(
        array,
        extent=(left, left + width, top + height, top),
        aspect="auto",
        cmap=cmap,
        vmin=low,
        vmax=high,
        interpolation="nearest",
    )


def draw_image(
    axes: Axes,
    image: Image.Image,
    rectangle: tuple[float, float, float, float],
    full_size: tuple[int, int] | None = None,
) -> tuple[float, float, float]:
    """Draw a whole image, framed and with its aspect ratio kept, in the middle of a rectangle.

    Args:
        axes: Axes returned by `style.new_figure`.
        image: The image.
        rectangle: Left edge, top edge, width and height in inches.
        full_size: Width and height in pixels if `image` is a thumbnail of a larger image. Defaults
            to the size of `image`.

    Returns:
        Left and top edge of the image in inches, and inches per pixel of the full size.
    """
    left, top, width, height = rectangle
    columns, rows = full_size or image.size
    scale = min(width / columns, height / rows)
    left += (width - columns * scale) / 2
    top += (height - rows * scale) / 2
    small = image.copy()
    small.thumbnail((math.ceil(width * DPI), math.ceil(height * DPI)))
    size = columns * scale, rows * scale
    draw_array(axes, np.asarray(small), (left, top, *size))
    outline(axes, (left, top, left + size[0], top + size[1]), LIGHT_GRAY)
    return left, top, scale


def outline_digit(
    axes: Axes,
    box: tuple[int, int, int, int],
    origin: tuple[float, float, float],
    linestyle: str = "-",
) -> tuple[float, float, float, float]:
    """Outline a digit on an image, at a small distance from its ink.

    Args:
        axes: Axes returned by `style.new_figure`.
        box: Left, top, right and bottom edge in pixels of the image.
        origin: Left and top edge of the image in inches, and inches per pixel.
        linestyle: The line style of Matplotlib.

    Returns:
        Left, top, right and bottom edge of the outline in inches.
    """
    left, top, scale = origin
    edges = (
        left + box[0] * scale - _OUTLINE_GAP,
        top + box[1] * scale - _OUTLINE_GAP,
        left + box[2] * scale + _OUTLINE_GAP,
        top + box[3] * scale + _OUTLINE_GAP,
    )
    outline(axes, edges, VERMILION, linestyle=linestyle)
    return edges


def outline(
    axes: Axes,
    edges: tuple[float, float, float, float],
    color: str,
    *,
    linewidth: float = 1,
    linestyle: str = "-",
) -> None:
    """Draw a rectangle: left, top, right and bottom edge in inches."""
    left, top, right, bottom = edges
    axes.add_patch(
        Rectangle(
            (left, top),
            right - left,
            bottom - top,
            fill=False,
            edgecolor=color,
            linewidth=linewidth,
            linestyle=linestyle,
        )
    )


def tint(background: NDArray[np.floating], values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Overlay a heat map (h, w) in -1..1 on an image (h, w, 1): vermilion above 0, blue below."""
    color = np.where(values[..., None] > 0, to_rgb(VERMILION), to_rgb(BLUE))
    strength = 0.9 * np.abs(values[..., None])
    # With two products, rounding of a weak tint exceeds white.
    tinted: NDArray[np.floating] = background + (color - background) * strength
    return tinted


def tint_digit(digit: NDArray[np.uint8], values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Tint a digit in light gray on white, uint8 (h, w), as `tint` does."""
    return tint(1 - 0.35 * digit[..., None] / 255, values)


def choose_columns(count: int, aspect: float) -> int:
    """Choose the number of columns of a grid, with few gaps in the last row.

    Args:
        count: The number of cells, at least 1.
        aspect: The number of columns per row to aim at; 1 gives a square.
    """
    target = math.sqrt(aspect * count)
    return min(
        range(1, count + 1), key=lambda columns: -count % columns + 2 * abs(columns - target)
    )
