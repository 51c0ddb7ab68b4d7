"""Result of preprocessing: digits, and the rest of the ink as marks, form elements or specks."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.components import (
    Components,
    connected_components,
    dilate,
)
from mnistcli.preprocessing.foreground import Foreground
from mnistcli.preprocessing.normalization import crop_and_normalize
from mnistcli.preprocessing.shapes import (
    Box,
    DetectedLine,
    Digit,
    ImageContent,
    Mask,
    Region,
    to_box,
)
from mnistcli.preprocessing.text_lines import TextLine

_MIN_MARK = 0.01  # of the largest digit's ink; anything smaller is a speck
_MIN_MARK_PIXELS = 4


def crop_digit(foreground: Foreground, mask: Mask, size: tuple[int, int]) -> Digit:
    """Cut out a whole mask as one digit.

    Args:
        foreground: The foreground of the image.
        mask: The ink mask of the digit, shape (h, w), with at least one pixel.
        size: Width and height of the image in pixels.
    """
    region, normalized = crop_and_normalize(foreground.coverage, mask)
    # A copy, so that the mask of the whole image can be freed.
    return Digit(normalized, *foreground.locate(region, mask[region].copy(), size))


class PlacedMark(NamedTuple):
    """A mark that the line recognizer found: its symbol, and its position in the whole image."""

    symbol: str
    column: float
    line: TextLine


@dataclass(frozen=True, eq=False)
class PreprocessedImage:
    """The result of preprocessing one image.

    Every pixel of the foreground is part of a digit, a form element or a mark, such as punctuation,
    or is a speck.

    Attributes:
        size: Width and height of the image in pixels.
        foreground: The foreground, found by binarization.
        form_mask: The ink mask of the form elements that were removed: frames, rings and lines.
        digits: The digits in reading order.
        digit_mask: The ink mask of all digits.
        lines: The text lines with digits, in reading order.
        placed_marks: The marks that the line recognizer found.
        is_tight_crop: Whether the digits fill the image to the edges.
    """

    size: tuple[int, int]
    foreground: Foreground
    form_mask: Mask
    digits: tuple[Digit, ...]
    digit_mask: Mask
    lines: tuple[DetectedLine, ...] = ()
    placed_marks: tuple[PlacedMark, ...] = ()
    is_tight_crop: bool = False

    def to_content(self) -> ImageContent:
        """Account for all foreground: list digits, marks and form elements, and count specks."""
        if not self.digits:
            return ImageContent(())
        foreground, factor = self.foreground.mask, self.foreground.factor
        # A pixel beside a digit is the edge of its strokes.
        rest = connected_components(foreground & ~self.form_mask & ~dilate(self.digit_mask, 3, 3))
        largest_digit = max(int(digit.mask.sum()) for digit in self.digits)
        is_mark = rest.area >= max(_MIN_MARK_PIXELS, _MIN_MARK * largest_digit)
        specks = rest.area[~is_mark]
        symbols = tuple(self._symbol(rest.region(index)) for index in np.flatnonzero(is_mark))
        writing = int((foreground & ~self.form_mask).sum())
        removed = connected_components(self.form_mask)
        return ImageContent(
            self.digits,
            self.lines,
            marks=self._boxes(rest, is_mark),
            mark_symbols=symbols,
            form_elements=self._boxes(removed, removed.area > 0),
            speck_count=len(specks),
            largest_speck=int(specks.max(initial=0)) * factor**2,
            ignored_fraction=1 - int(self.digit_mask.sum()) / writing,
            is_tight_crop=self.is_tight_crop,
        )

    def _boxes(self, components: Components, chosen: NDArray[np.bool_]) -> tuple[Box, ...]:
        return tuple(
            to_box(
                self.foreground.restore_region(components.region(index)),
                self.foreground.factor,
                self.size,
            )
            for index in np.flatnonzero(chosen)
        )

    def _symbol(self, region: Region) -> str:
        """Return the symbol of a mark; empty if the line recognizer found none at its position."""
        rows, columns = region
        return next(
            (
                found.symbol
                for found in self.placed_marks
                if columns.start - 3 <= found.column <= columns.stop + 2
                and abs((rows.start + rows.stop) / 2 - found.line.middle) <= found.line.height
            ),
            "",
        )
