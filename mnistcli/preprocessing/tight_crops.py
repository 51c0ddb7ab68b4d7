"""Tight crops: recognize an image that a digit or a number fills to the edges, without a margin.

There is no quiet zone around the ink. Where strokes fill an image, light ones are as wide as dark
gaps, so the shapes do not determine the polarity, and strokes along a border look like a frame or a
ruled line.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np
from PIL import Image

from mnistcli.preprocessing.binarization import binarize_tight_crop
from mnistcli.preprocessing.components import connected_components, dilate
from mnistcli.preprocessing.foreground import Foreground, ForegroundParts
from mnistcli.preprocessing.preprocessed_image import PreprocessedImage, crop_digit
from mnistcli.preprocessing.shapes import Classify, Digit, Mask, compute_probabilities
from mnistcli.preprocessing.specks import remove_specks
from mnistcli.preprocessing.text_lines import find_text_lines

_MAX_SMALL_SIDE = 24  # pixels: up to this size, strokes need not touch a border
_BORDER = 2  # pixels within which the foreground touches a border
_MIN_TOUCHED_BORDERS = 2
_MAX_BORDER_INK = 0.8  # of the pixels of the borders; a frame or a dark edge covers more
_MIN_DIGIT_INK = 0.9  # of the foreground: the rest of a number may be specks
_MIN_LINE_HEIGHT = 0.97  # of the height of the image
_MIN_FORM_INK = 0.7  # of the ink of a line
_MIN_HEIGHT = 0.9  # of the height of the image: some digit of a tight crop is as tall
_FORM_MARGIN = 5  # pixels: the mask of a tight crop is wider than that of the form elements
_MIN_CONFIDENCE = 0.9

Segment = Callable[[ForegroundParts], PreprocessedImage]
"""Runs the stages after the removal of form elements."""


def prefer_tight_crop(
    preprocessed: PreprocessedImage,
    image: Image.Image,
    classify: Classify,
    *,
    segment: Segment | None,
    allow_single_digit: bool,
) -> PreprocessedImage:
    """Return the image as a tight crop if the classifier is more confident about that.

    Args:
        preprocessed: The image with its form elements removed.
        image: The image, mode ``L`` or ``RGB``.
        classify: Computes class probabilities, (n, 10), of images in MNIST format.
        segment: Segments a number; None if the image is one digit.
        allow_single_digit: Whether the image may be one digit.
    """
    is_small = max(image.size) <= _MAX_SMALL_SIDE
    is_sheet = preprocessed.foreground.to_image is not None
    if is_sheet or not (is_small or _touches_borders(preprocessed.foreground.mask)):
        return preprocessed
    crops: list[PreprocessedImage] = []
    for foreground in binarize_tight_crop(image):
        if not _is_possible(foreground.mask, is_small=is_small):
            continue
        if allow_single_digit:
            crops.append(_as_digit(foreground, image.size))
        number = _as_number(foreground, segment) if segment else None
        if number and not _has_table_lines(number, preprocessed.form_mask):
            crops.append(number)
    if not crops:
        return preprocessed
    preprocessed, *crops = _classify_digits([preprocessed, *crops], classify)
    crop = max(crops, key=_confidence)
    is_better = _confidence(crop) > max(_confidence(preprocessed), _MIN_CONFIDENCE)
    return replace(crop, is_tight_crop=True) if is_better else preprocessed


def _is_possible(mask: Mask, *, is_small: bool) -> bool:
    """Return whether a foreground can be that of a tight crop."""
    border_ink = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean()
    may_fill = is_small or _touches_borders(mask)
    return bool(mask.any()) and may_fill and border_ink <= _MAX_BORDER_INK


def _touches_borders(mask: Mask) -> bool:
    """Return whether the foreground touches enough borders of the image for a tight crop."""
    borders = mask[:_BORDER], mask[-_BORDER:], mask[:, :_BORDER], mask[:, -_BORDER:]
    return sum(bool(border.any()) for border in borders) >= _MIN_TOUCHED_BORDERS


def _as_digit(foreground: Foreground, size: tuple[int, int]) -> PreprocessedImage:
    """Return the whole foreground as one digit."""
    mask = foreground.mask
    digit = crop_digit(foreground, mask, size)
    return PreprocessedImage(size, foreground, np.zeros_like(mask), (digit,), mask)


def _as_number(foreground: Foreground, segment: Segment) -> PreprocessedImage | None:
    """Return the foreground as one line of several digits; None if it is something else."""
    nothing = np.zeros_like(foreground.mask)
    writing = remove_specks(connected_components(foreground.mask))
    if len(find_text_lines(writing)) != 1:
        return None
    number = segment(ForegroundParts(foreground, nothing, nothing, writing))
    is_complete = number.digit_mask.sum() >= _MIN_DIGIT_INK * foreground.mask.sum()
    return number if len(number.digits) > 1 and is_complete else None


def _has_table_lines(number: PreprocessedImage, form_mask: Mask) -> bool:
    """Return whether grid lines of a table, which look like 1s, are among the digits of a number.

    They cross the whole image, and the digits of a table cell do not.
    """
    if not form_mask.any():
        return False
    form = dilate(form_mask, _FORM_MARGIN, _FORM_MARGIN)
    height, factor = len(form), number.foreground.factor

    def is_line(digit: Digit) -> bool:
        left, top = (edge // factor for edge in digit.box[:2])
        rows, columns = digit.mask.shape
        in_form = form[top : top + rows, left : left + columns][digit.mask].mean()
        return rows >= _MIN_LINE_HEIGHT * height and bool(in_form > _MIN_FORM_INK)

    others = [len(digit.mask) for digit in number.digits if not is_line(digit)]
    return len(others) < len(number.digits) and max(others, default=0) < _MIN_HEIGHT * height


def _classify_digits(
    images: Sequence[PreprocessedImage], classify: Classify
) -> list[PreprocessedImage]:
    """Compute in one batch the probabilities of digits that segmentation has not classified."""
    digits = [digit for image in images for digit in image.digits]
    probabilities = iter(compute_probabilities(digits, classify))
    return [
        replace(
            image,
            digits=tuple(
                replace(digit, probabilities=next(probabilities)) for digit in image.digits
            ),
        )
        for image in images
    ]


def _confidence(preprocessed: PreprocessedImage) -> float:
    """Return the product of the confidences of all digits; 0 without digits."""
    probabilities = [digit.probabilities for digit in preprocessed.digits]
    if not probabilities:
        return 0.0
    return prod(float(item.max()) for item in probabilities if item is not None)
