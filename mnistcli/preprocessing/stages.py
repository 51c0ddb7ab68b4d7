"""Stages of preprocessing: its intermediate results as images, for figures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from mnistcli.image_io.image_modes import to_8_bits
from mnistcli.preprocessing.mnist_format_check import detect_mnist_digit
from mnistcli.preprocessing.pipeline import separate_foreground
from mnistcli.preprocessing.shapes import Digit, Mask
from mnistcli.preprocessing.sheet import rectify_sheet
from mnistcli.preprocessing.text_lines import find_text_lines


@dataclass(frozen=True, eq=False)
class Stages:
    """The stages of preprocessing of an image; the masks belong to `image`, (h, w).

    Attributes:
        image: The decoded image at the resolution of the binarization.
        sheet: The same with the surroundings of a sheet of paper filled, or the rectified sheet;
            None if no sheet was found on a darker surface.
        foreground: The ink mask, shape (h, w).
        form_mask: The ink mask of the form elements, shape (h, w).
        lines: The ink masks of the text lines in reading order, each of shape (h, w).
        scale: Pixels of the file per pixel of `image`, along each axis.
    """

    image: Image.Image
    sheet: Image.Image | None
    foreground: Mask
    form_mask: Mask
    lines: tuple[Mask, ...]
    scale: int = 1

    def for_tight_crop(self, digits: Sequence[Digit]) -> "Stages":
        """Return the stages of a tight crop: its foreground is its digits."""
        mask = np.zeros_like(self.foreground)
        for digit in digits:
            left, top = (edge // self.scale for edge in digit.box[:2])
            height, width = digit.mask.shape
            mask[top : top + height, left : left + width] |= digit.mask
        return replace(self, foreground=mask, form_mask=np.zeros_like(mask), lines=(mask,))


def compute_stages(image: Image.Image) -> Stages:
    """Find the stages of preprocessing of an image, up to its text lines.

    Args:
        image: An upright image, as for `detect_content`.
    """
    image = to_8_bits(image, copy=False)
    digit = detect_mnist_digit(image)
    if digit is not None:
        mask = digit.image > 0
        return Stages(image, None, mask, np.zeros_like(mask), (mask,))
    foreground, form_mask, _, writing = separate_foreground(image)
    lines = tuple(foreground.restore(line.mask) for line in find_text_lines(writing))
    reduced = image.reduce(foreground.factor) if foreground.factor > 1 else image
    pixels = np.asarray(reduced)
    rectified, _ = rectify_sheet(pixels)
    sheet = None if rectified is pixels else Image.fromarray(rectified)
    masks = foreground.restore(foreground.mask), foreground.restore(form_mask)
    return Stages(reduced, sheet, *masks, lines, foreground.factor)
