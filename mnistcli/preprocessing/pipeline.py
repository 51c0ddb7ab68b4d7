"""Preprocessing pipeline: binarization, form elements, text lines, segmentation, normalization."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.preprocessing.binarization import Foreground, binarize
from mnistcli.preprocessing.cleaning import keep_largest, remove_ruled_lines, remove_specks
from mnistcli.preprocessing.components import Components, connected_components, dilate
from mnistcli.preprocessing.form_elements import remove_frames, remove_lines
from mnistcli.preprocessing.normalization import normalize_digit
from mnistcli.preprocessing.segmentation import segment_line
from mnistcli.preprocessing.shapes import (
    SIDE,
    Box,
    Classify,
    Digit,
    ImageContent,
    Mask,
    Region,
    bounding_region,
    expand_region,
)
from mnistcli.preprocessing.text_lines import TextLine, find_text_lines

_MIN_SIDE = 20  # pixels: a smaller image has no space for form elements beside a digit
_BORDER = 2  # pixels within which a component touches the border
_MIN_MARK = 0.01  # of the largest digit's ink; anything smaller is a speck
_MIN_MARK_PIXELS = 4


@dataclass(frozen=True, eq=False)
class Page:
    """The stages of preprocessing of one image.

    Every pixel of the foreground is part of a digit, a form element or a mark, or is a speck.

    Attributes:
        size: Width and height of the image in pixels.
        foreground: The foreground, found by binarization.
        form: The ink mask of the form elements that were removed: frames, rings and lines.
        lines: The text lines in reading order.
        digits: The digits in reading order.
        digit_mask: The ink mask of all digits.
    """

    size: tuple[int, int]
    foreground: Foreground
    form: Mask
    lines: tuple[TextLine, ...]
    digits: tuple[Digit, ...]
    digit_mask: Mask

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
        writing = int((foreground & ~self.form).sum())
        return ImageContent(
            self.digits,
            marks=self._boxes(rest, is_mark),
            form_elements=self._boxes(removed := connected_components(self.form), removed.area > 0),
            specks=len(specks),
            largest_speck=int(specks.max(initial=0)) * factor**2,
            ignored_fraction=1 - int(self.digit_mask.sum()) / writing,
        )

    def _boxes(self, components: Components, chosen: NDArray[np.bool_]) -> tuple[Box, ...]:
        return tuple(
            _to_box(components.region(index), self.foreground.factor, self.size)
            for index in np.flatnonzero(chosen)
        )


def run_pipeline(image: Image.Image, *, single: bool, classify: Classify | None) -> Page:
    """Run the preprocessing pipeline on an image that is not in MNIST format.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
        single: Whether to treat the whole image as a single digit.
        classify: The classifier; None to segment by the shapes alone.
    """
    foreground = binarize(image)
    form = find_form_elements(foreground)
    mask = remove_specks(foreground.mask & ~form)
    is_mnist_size = image.size == (SIDE, SIDE)
    if mask.any() and (single or (is_mnist_size and classify is not None)):
        digit = _cut_out(foreground, mask, image.size)
        if is_mnist_size and classify is not None:
            digit = _choose_input(digit, image, classify)
        return Page(image.size, foreground, form, (), (digit,), mask)
    lines = tuple(find_text_lines(mask))
    digits = []
    digit_mask = np.zeros_like(mask)
    for line in lines:
        for segment in segment_line(line, foreground.strength, classify):
            digit_mask[segment.region] |= segment.mask
            box = _to_box(segment.region, foreground.factor, image.size)
            digits.append(Digit(segment.image, box, segment.mask, segment.probabilities))
    return Page(image.size, foreground, form, lines, tuple(digits), digit_mask)


def find_form_elements(foreground: Foreground) -> Mask:
    """Find the form elements of an image: frames, rings, combs and ruled lines.

    Returns:
        Their ink mask, shape (h, w).
    """
    mask = foreground.mask
    cleaned = mask.copy()
    if max(mask.shape) < _MIN_SIDE or not mask.any():
        return np.zeros_like(mask)
    # The rest of the image is blank. With the margin, ink touches a border only if it did before.
    region = expand_region(bounding_region(mask), _BORDER)
    cleaned[region] = remove_lines(remove_frames(keep_largest(mask[region])))
    return mask & ~remove_ruled_lines(cleaned, foreground.strength)


def _cut_out(foreground: Foreground, mask: Mask, size: tuple[int, int]) -> Digit:
    """Cut out the whole mask as one digit."""
    region = bounding_region(mask)
    around = expand_region(region, 2)
    normalized = normalize_digit(foreground.strength[around], mask[around])
    # A copy, so that the mask of the whole image can be freed.
    return Digit(normalized, _to_box(region, foreground.factor, size), mask[region].copy())


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


def _to_box(region: Region, factor: int, size: tuple[int, int]) -> Box:
    """Convert a bounding box in the reduced image to pixels of the image."""
    rows, columns = region
    return (
        columns.start * factor,
        rows.start * factor,
        min(columns.stop * factor, size[0]),
        min(rows.stop * factor, size[1]),
    )
