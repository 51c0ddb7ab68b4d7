"""Line images: the ink coverage of a text line, scaled for the line recognizer."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.line_format import LINE_DIGIT_HEIGHT, LINE_HEIGHT
from mnistcli.preprocessing.components import bounding_region, dilate
from mnistcli.preprocessing.shapes import Gray, Mask
from mnistcli.preprocessing.text_lines import TextLine

ZOOMS = (1.0, 0.87, 1.15)
"""The scales at which a line is read (multi-scale inference): where digits touch a printed line,
the height of the text line is uncertain."""

_MARGIN = 1.0  # beside the ink of the line, in units of its height
_NEIGHBOR_RADIUS = 2  # pixels around the ink of other lines that belong to its soft edge
_MAX_WIDTH = 4096  # pixels of a line image


@dataclass(frozen=True, eq=False)
class LineImage:
    """The input of the line recognizer: a text line scaled to 32 rows.

    Attributes:
        pixels: Ink coverage, float32 0 to 1, shape (32, w).
        left: The column of the whole image at the left edge of the pixels.
        scale: Pixels of the line image per pixel of the whole image.
    """

    pixels: NDArray[np.float32]
    left: float
    scale: float

    def to_column(self, column: float) -> float:
        """Convert a column of the line image to one of the whole image."""
        return self.left + column / self.scale


def crop_line(line: TextLine, coverage: Gray, excluded: Mask, *, zoom: float = 1.0) -> LineImage:
    """Cut out a text line, with its digits 20 pixels high in the middle of 32 rows.

    Nothing is cleaned and no threshold applied: a stroke erased together with a line of the
    paper could not be recovered. Only form elements and other text lines are left out.

    Args:
        line: The text line.
        coverage: Ink coverage of each pixel, 0 to 1, shape (h, w) of the whole image.
        excluded: The ink mask of all other text lines, frames and form lines, shape (h, w).
        zoom: Multiplies the height of the digits.
    """
    scale = zoom * LINE_DIGIT_HEIGHT / max(line.height, 1.0)
    _, columns = bounding_region(line.mask)
    margin = _MARGIN * line.height
    left, right = columns.start - margin, columns.stop + margin
    scale = min(scale, _MAX_WIDTH / (right - left))
    half = LINE_HEIGHT / 2 / scale
    rows = slice(max(0, int(line.middle - half) - 2), max(1, int(line.middle + half) + 3))
    window = (rows, slice(max(0, int(left) - 2), int(right) + 3))
    part = coverage[window]
    if excluded.any():
        side = 2 * _NEIGHBOR_RADIUS + 1
        part = np.where(dilate(excluded[window], side, side), np.float32(0), part)
    if scale < 1:  # antialiasing: average over the pixels that one pixel of the line image covers
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), 0.4 / scale), np.float32)
    width = max(LINE_HEIGHT, round((right - left) * scale))
    # Pixel centers: (x + 0.5) * scale in the line image.
    shift_x = (window[1].start - left + 0.5) * scale - 0.5
    shift_y = (window[0].start - (line.middle - half) + 0.5) * scale - 0.5
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    pixels = cv2.warpAffine(
        np.ascontiguousarray(part, np.float32), matrix, (width, LINE_HEIGHT), flags=cv2.INTER_LINEAR
    )
    return LineImage(np.clip(pixels, 0, 1), left, scale)


def line_image_width(line: TextLine) -> float:
    """Return the width of the image of a text line at zoom 1, in pixels."""
    _, columns = bounding_region(line.mask)
    width = (columns.stop - columns.start) / max(line.height, 1.0) + 2 * _MARGIN
    return float(min(width * LINE_DIGIT_HEIGHT, _MAX_WIDTH))


def zoom_line(pixels: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    """Scale a line image around the middle of its rows; the number of rows stays the same.

    Args:
        pixels: Ink coverage, float32 0 to 1, shape (32, w).
        zoom: The factor.
    """
    if zoom == 1:
        return pixels
    width = max(1, round(pixels.shape[1] * zoom))
    middle = (LINE_HEIGHT - 1) / 2
    matrix = np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, middle * (1 - zoom)]])
    zoomed = cv2.warpAffine(pixels, matrix, (width, LINE_HEIGHT), flags=cv2.INTER_LINEAR)
    return np.asarray(zoomed, np.float32)
