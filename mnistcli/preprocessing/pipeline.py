"""Preprocessing pipeline: binarization, form elements, text lines, segmentation, normalization."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.line_format import ReadLine
from mnistcli.preprocessing.binarization import Foreground, binarize
from mnistcli.preprocessing.cleaning import keep_largest, remove_ruled_lines, remove_specks
from mnistcli.preprocessing.components import (
    Components,
    bounding_region,
    connected_components,
    dilate,
)
from mnistcli.preprocessing.form_elements import remove_frames, remove_lines
from mnistcli.preprocessing.line_images import line_image_width
from mnistcli.preprocessing.normalization import normalize_digit
from mnistcli.preprocessing.segmentation import segment_line
from mnistcli.preprocessing.shapes import (
    SIDE,
    Box,
    Classify,
    Digit,
    ImageContent,
    Mask,
    NumberLine,
    Region,
    expand_region,
)
from mnistcli.preprocessing.text_lines import TextLine, find_text_lines

_MIN_SIDE = 20  # pixels: a smaller image has no space for form elements beside a digit
_BORDER = 2  # pixels within which a component touches the border
_MIN_MARK = 0.01  # of the largest digit's ink; anything smaller is a speck
_MIN_MARK_PIXELS = 4
_MAX_READ_WIDTH = 15_000
"""Pixels of the line images of an image that the line recognizer reads: 30 lines of 25 digits.

Further lines are segmented by their shapes, so that a page full of noise takes bounded time.
"""


class Ink(NamedTuple):
    """The ink of an image and its parts; the masks have the shape (h, w) of the foreground.

    Attributes:
        foreground: All ink.
        form: The ink mask of the form elements.
        frames: The ink mask of those that are not ruled lines.
        writing: The connected components of digits and marks.
    """

    foreground: Foreground
    form: Mask
    frames: Mask
    writing: Components


class _Symbol(NamedTuple):
    """A mark that the line recognizer found: its symbol, and its place in the whole image."""

    symbol: str
    column: float
    line: TextLine


@dataclass(frozen=True, eq=False)
class PreprocessedImage:
    """The stages of preprocessing of one image.

    Every pixel of the foreground is part of a digit, a form element or a mark, or is a speck.

    Attributes:
        size: Width and height of the image in pixels.
        foreground: The foreground, found by binarization.
        form: The ink mask of the form elements that were removed: frames, rings and lines.
        lines: The text lines in reading order.
        digits: The digits in reading order.
        digit_mask: The ink mask of all digits.
        numbers: The text lines with digits, in reading order.
        symbols: The marks that the line recognizer found.
    """

    size: tuple[int, int]
    foreground: Foreground
    form: Mask
    lines: tuple[TextLine, ...]
    digits: tuple[Digit, ...]
    digit_mask: Mask
    numbers: tuple[NumberLine, ...] = ()
    symbols: tuple[_Symbol, ...] = ()

    def account(self) -> ImageContent:
        """Account for all foreground: list digits, marks and form elements, and count specks."""
        if not self.digits:
            return ImageContent(())
        foreground, factor = self.foreground.mask, self.foreground.factor
        # A pixel beside a digit is the edge of its strokes.
        rest = connected_components(foreground & ~self.form & ~dilate(self.digit_mask, 3, 3))
        largest_digit = max(int(digit.mask.sum()) for digit in self.digits)
        is_mark = rest.area >= max(_MIN_MARK_PIXELS, _MIN_MARK * largest_digit)
        specks = rest.area[~is_mark]
        symbols = tuple(self._symbol(rest.region(index)) for index in np.flatnonzero(is_mark))
        writing = int((foreground & ~self.form).sum())
        return ImageContent(
            self.digits,
            self.numbers,
            marks=self._boxes(rest, is_mark),
            mark_symbols=symbols,
            form_elements=self._boxes(removed := connected_components(self.form), removed.area > 0),
            specks=len(specks),
            largest_speck=int(specks.max(initial=0)) * factor**2,
            ignored_fraction=1 - int(self.digit_mask.sum()) / writing,
        )

    def _boxes(self, components: Components, chosen: NDArray[np.bool_]) -> tuple[Box, ...]:
        return tuple(
            _to_box(
                self.foreground.restore_region(components.region(index)),
                self.foreground.factor,
                self.size,
            )
            for index in np.flatnonzero(chosen)
        )

    def _symbol(self, region: Region) -> str:
        """Return the symbol of a mark; empty if the line recognizer found none at its place."""
        rows, columns = region
        return next(
            (
                found.symbol
                for found in self.symbols
                if columns.start - 3 <= found.column <= columns.stop + 2
                and abs((rows.start + rows.stop) / 2 - found.line.middle) <= found.line.height
            ),
            "",
        )


def run_pipeline(
    image: Image.Image,
    *,
    single: bool,
    classify: Classify | None,
    read_line: ReadLine | None = None,
    may_be_one: bool = True,
) -> PreprocessedImage:
    """Run the preprocessing pipeline on an image that is not in MNIST format.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
        single: Whether to treat the whole image as a single digit.
        classify: The classifier, to choose the input for a 28x28 image; None to normalize it.
        read_line: The line recognizer; None to segment by the shapes alone.
        may_be_one: Whether a line may hold one digit only.
    """
    foreground, form, frames, writing = separate_ink(image)
    mask = writing.mask
    is_mnist_size = image.size == (SIDE, SIDE)
    if mask.any() and (single or (is_mnist_size and classify is not None)):
        digit = _cut_out(foreground, mask, image.size)
        if is_mnist_size and classify is not None:
            digit = _choose_input(digit, image, classify)
        return PreprocessedImage(image.size, foreground, form, (), (digit,), mask)
    lines = tuple(find_text_lines(writing))
    digits: list[Digit] = []
    numbers: list[NumberLine] = []
    symbols: list[_Symbol] = []
    digit_mask = np.zeros_like(mask)
    row = None
    width = 0.0
    for line in lines:
        width += line_image_width(line)
        found = segment_line(
            line,
            foreground.strength,
            frames | mask & ~line.mask,
            read_line if width <= _MAX_READ_WIDTH else None,
            may_be_one=may_be_one,
        )
        for segment in found.digits:
            digit_mask[segment.region] |= segment.mask
            place = _place(foreground, segment.region, segment.mask, image.size)
            digits.append(Digit(segment.image, *place, segment.probabilities))
        symbols += [_Symbol(symbol, column, line) for symbol, column in found.marks]
        if found.digits:
            numbers.append(NumberLine(len(found.digits), line.row != row, found.recognized))
            row = line.row
    return PreprocessedImage(
        image.size,
        foreground,
        form,
        lines,
        tuple(digits),
        digit_mask,
        tuple(numbers),
        tuple(symbols),
    )


def separate_ink(image: Image.Image) -> Ink:
    """Binarize an image, and separate its writing from form elements and specks.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
    """
    foreground = binarize(image)
    form, frames = find_form_elements(foreground)
    writing = remove_specks(connected_components(foreground.mask & ~form))
    return Ink(foreground, form, frames, writing)


def find_form_elements(foreground: Foreground) -> tuple[Mask, Mask]:
    """Find the form elements of an image: frames, rings, combs and ruled lines.

    Returns:
        The ink mask of all of them, and that of those that are not ruled lines, shape (h, w) each.
    """
    mask = foreground.mask
    cleaned = mask.copy()
    if max(mask.shape) < _MIN_SIDE or not mask.any():
        return np.zeros_like(mask), np.zeros_like(mask)
    # The rest of the image is blank. With the margin, ink touches a border only if it did before.
    region = expand_region(bounding_region(mask), _BORDER)
    components = keep_largest(connected_components(mask[region]))
    cleaned[region] = remove_lines(remove_frames(components))
    return mask & ~remove_ruled_lines(cleaned, foreground.strength), mask & ~cleaned


def _cut_out(foreground: Foreground, mask: Mask, size: tuple[int, int]) -> Digit:
    """Cut out the whole mask as one digit."""
    region = bounding_region(mask)
    around = expand_region(region, 2)
    normalized = normalize_digit(foreground.strength[around], mask[around])
    # A copy, so that the mask of the whole image can be freed.
    return Digit(normalized, *_place(foreground, region, mask[region].copy(), size))


def _choose_input(digit: Digit, image: Image.Image, classify: Classify) -> Digit:
    """Choose the classifier's input for a 28x28 image: the normalized digit or the whole image.

    With so few pixels, stripes, fog and lines can often not be separated from strokes. A classifier
    trained on such images is more confident about the whole image than about the part cut out.
    """
    gray = np.array(image.convert("L"))
    light_on_dark = gray if np.median(gray) < 128 else 255 - gray  # most pixels are background
    images = np.stack([digit.image, light_on_dark])
    probabilities = np.asarray(classify(images), np.float32)
    best = int(probabilities.max(axis=1).argmax())
    return replace(digit, image=images[best], probabilities=probabilities[best])


def _place(
    foreground: Foreground, region: Region, mask: Mask, size: tuple[int, int]
) -> tuple[Box, Mask]:
    """Return the box of a digit in pixels of the image, and its ink mask within the box."""
    if foreground.to_image is not None:
        whole = np.zeros_like(foreground.mask)
        whole[region] = mask
        restored = foreground.restore(whole)
        place = foreground.restore_region(region)
        region = bounding_region(restored) if restored.any() else place
        mask = restored[region].copy()
    return _to_box(region, foreground.factor, size), mask


def _to_box(region: Region, factor: int, size: tuple[int, int]) -> Box:
    """Convert a bounding box in the reduced image to pixels of the image."""
    rows, columns = region
    return (
        columns.start * factor,
        rows.start * factor,
        min(columns.stop * factor, size[0]),
        min(rows.stop * factor, size[1]),
    )
