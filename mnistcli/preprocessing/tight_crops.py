"""Tight crops: recognize an image that a digit or a number fills to the edges.

Where strokes fill an image, light ones are as wide as dark gaps, so the shapes do not determine the
polarity, and strokes along a border look like a frame or a ruled line.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import prod

import numpy as np
from PIL import Image

from mnistcli.preprocessing.binarization import binarize_tight_crop
from mnistcli.preprocessing.cleaning import remove_specks
from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.preprocessed_image import (
    ForegroundParts,
    PreprocessedImage,
    cut_out_digit,
)
from mnistcli.preprocessing.shapes import Classify, Mask
from mnistcli.preprocessing.text_lines import find_text_lines

_MAX_SMALL_SIDE = 24  # pixels: up to this size, strokes need not touch a border
_BORDER = 2  # pixels within which the foreground touches a border
_MIN_TOUCHED_BORDERS = 2
_MAX_BORDER_INK = 0.8  # of the pixels of the borders; some of them are background
_MIN_DIGIT_INK = 0.9  # of the foreground: the rest of a number may be specks
_MIN_CONFIDENCE = 0.9


def prefer_tight_crop(
    preprocessed: PreprocessedImage,
    image: Image.Image,
    classify: Classify,
    segment: Callable[[ForegroundParts], PreprocessedImage],
) -> PreprocessedImage:
    """Return the image as a tight crop if the classifier is more confident about that.

    Args:
        preprocessed: The image with its form elements removed.
        image: The image, mode ``L`` or ``RGB``.
        classify: Computes class probabilities, (n, 10), of images in MNIST format.
        segment: Runs the stages after the removal of form elements.
    """
    is_small = max(image.size) <= _MAX_SMALL_SIDE
    is_sheet = preprocessed.foreground.to_image is not None
    if is_sheet or not (is_small or _touches_borders(preprocessed.foreground.mask)):
        return preprocessed
    crops = list(_find_tight_crops(image, segment, is_small=is_small))
    if not crops:
        return preprocessed
    preprocessed, *crops = (_classify_digits(item, classify) for item in (preprocessed, *crops))
    crop = max(crops, key=_confidence)
    is_better = _confidence(crop) >= max(_confidence(preprocessed), _MIN_CONFIDENCE)
    return replace(crop, is_tight_crop=True) if is_better else preprocessed


def _find_tight_crops(
    image: Image.Image, segment: Callable[[ForegroundParts], PreprocessedImage], *, is_small: bool
) -> Iterator[PreprocessedImage]:
    """Yield an image as one digit and as one number, in each polarity that is possible."""
    for dark_on_light in (True, False):
        foreground = binarize_tight_crop(image, dark_on_light=dark_on_light)
        mask = foreground.mask
        border_ink = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean()
        is_possible = is_small or _touches_borders(mask)
        if not mask.any() or border_ink > _MAX_BORDER_INK or not is_possible:
            continue
        nothing = np.zeros_like(mask)
        digit = cut_out_digit(foreground, mask, image.size)
        yield PreprocessedImage(image.size, foreground, nothing, (digit,), mask)
        writing = remove_specks(connected_components(mask))
        if len(find_text_lines(writing)) != 1:
            continue
        number = segment(ForegroundParts(foreground, nothing, nothing, writing))
        is_complete = number.digit_mask.sum() >= _MIN_DIGIT_INK * mask.sum()
        if len(number.digits) > 1 and is_complete:
            yield number


def _touches_borders(mask: Mask) -> bool:
    """Return whether the foreground touches enough borders of the image for a tight crop."""
    borders = mask[:_BORDER], mask[-_BORDER:], mask[:, :_BORDER], mask[:, -_BORDER:]
    return sum(bool(border.any()) for border in borders) >= _MIN_TOUCHED_BORDERS


def _classify_digits(preprocessed: PreprocessedImage, classify: Classify) -> PreprocessedImage:
    """Compute the probabilities of the digits that segmentation has not classified."""
    pending = [digit.image for digit in preprocessed.digits if digit.probabilities is None]
    if not pending:
        return preprocessed
    computed = iter(np.asarray(classify(np.stack(pending)), np.float32))
    digits = (
        replace(digit, probabilities=next(computed)) if digit.probabilities is None else digit
        for digit in preprocessed.digits
    )
    return replace(preprocessed, digits=tuple(digits))


def _confidence(preprocessed: PreprocessedImage) -> float:
    """Return the product of the confidences of all digits; 0 without digits."""
    probabilities = [digit.probabilities for digit in preprocessed.digits]
    if not probabilities:
        return 0.0
    return prod(float(item.max()) for item in probabilities if item is not None)
