"""Preprocessing pipeline: binarization, cleaning, text lines, segmentation, normalization."""

from dataclasses import replace

import numpy as np
from PIL import Image

from mnistcli.preprocessing.binarization import Foreground, binarize
from mnistcli.preprocessing.cleaning import remove_clutter
from mnistcli.preprocessing.lines import find_text_lines
from mnistcli.preprocessing.normalization import normalize_digit
from mnistcli.preprocessing.segmentation import segment_line
from mnistcli.preprocessing.shapes import (
    SIDE,
    Box,
    Classify,
    Digit,
    Mask,
    Region,
    bounding_region,
    expand_region,
)


def run_pipeline(image: Image.Image, *, single: bool, classify: Classify | None) -> list[Digit]:
    """Run the preprocessing pipeline on an image that is not in MNIST format.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
        single: Whether to treat the whole image as a single digit.
        classify: The classifier; None to segment by the shapes alone.

    Returns:
        The digits in reading order.
    """
    foreground = binarize(image)
    has_mnist_size = image.size == (SIDE, SIDE)
    mask = remove_clutter(foreground, single=single or has_mnist_size)
    if not mask.any():
        return []
    if has_mnist_size and classify is not None:
        return [_choose_input(_cut_out(foreground, mask, image.size), image, classify)]
    if single:
        return [_cut_out(foreground, mask, image.size)]
    return [
        Digit(
            digit.image,
            _to_box(digit.region, foreground.factor, image.size),
            digit.mask,
            digit.probabilities,
        )
        for line in find_text_lines(mask)
        for digit in segment_line(line, foreground.strength, classify)
    ]


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
