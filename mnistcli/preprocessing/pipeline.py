"""Preprocessing pipeline: binarization, form elements, text lines, segmentation, normalization."""

from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image

from mnistcli.line_format import RecognizeLine
from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.foreground import ForegroundParts
from mnistcli.preprocessing.form_elements import find_form_elements
from mnistcli.preprocessing.line_images import line_image_width
from mnistcli.preprocessing.preprocessed_image import PlacedMark, PreprocessedImage, crop_digit
from mnistcli.preprocessing.segmentation import segment_line
from mnistcli.preprocessing.shapes import (
    Classify,
    DetectedLine,
    Digit,
)
from mnistcli.preprocessing.specks import remove_specks
from mnistcli.preprocessing.text_lines import find_text_lines
from mnistcli.preprocessing.tight_crops import prefer_tight_crop

_MAX_READ_WIDTH = 15_000
"""Pixels of the line images of an image that the line recognizer reads: 30 lines of 25 digits.

Further lines fall back to segmentation by their shapes, so that a page full of noise takes bounded
time.
"""


def run_pipeline(
    image: Image.Image,
    *,
    single: bool,
    classify: Classify | None,
    recognize_line: RecognizeLine | None = None,
    allow_single_digit: bool = True,
) -> PreprocessedImage:
    """Run the preprocessing pipeline on an image that is not in MNIST format.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
        single: Whether to treat the whole image as a single digit.
        classify: The classifier, to choose the input for a 28x28 image and to recognize a tight
            crop; None to go by the shapes alone.
        recognize_line: The line recognizer; None to segment by the shapes alone.
        allow_single_digit: Whether a line may hold only one digit.
    """
    segment = partial(
        _segment,
        image,
        single=single,
        classify=classify,
        recognize_line=recognize_line,
        allow_single_digit=allow_single_digit,
    )
    preprocessed = segment(separate_foreground(image))
    if classify is None:
        return preprocessed
    is_digit = single or image.size == (IMAGE_SIDE, IMAGE_SIDE)
    return prefer_tight_crop(
        preprocessed,
        image,
        classify,
        segment=None if is_digit else segment,
        allow_single_digit=allow_single_digit or is_digit,
    )


def _segment(
    image: Image.Image,
    parts: ForegroundParts,
    *,
    single: bool,
    classify: Classify | None,
    recognize_line: RecognizeLine | None,
    allow_single_digit: bool,
) -> PreprocessedImage:
    """Run the stages after binarization and the removal of form elements."""
    foreground, form_mask, frame_and_line_mask, writing = parts
    mask = writing.mask
    is_mnist_size = image.size == (IMAGE_SIDE, IMAGE_SIDE)
    if mask.any() and (single or (is_mnist_size and classify is not None)):
        digit = crop_digit(foreground, mask, image.size)
        if is_mnist_size and classify is not None:
            digit = _choose_input(digit, image, classify)
        return PreprocessedImage(image.size, foreground, form_mask, (digit,), mask)
    digits: list[Digit] = []
    lines: list[DetectedLine] = []
    placed_marks: list[PlacedMark] = []
    digit_mask = np.zeros_like(mask)
    row = None
    width = 0.0
    for line in find_text_lines(writing):
        width += line_image_width(line)
        found = segment_line(
            line,
            foreground.coverage,
            frame_and_line_mask | mask & ~line.mask,
            recognize_line if width <= _MAX_READ_WIDTH else None,
            allow_single_digit=allow_single_digit,
        )
        for segment in found.digits:
            digit_mask[segment.region] |= segment.mask
            box_and_mask = foreground.locate(segment.region, segment.mask, image.size)
            digits.append(Digit(segment.image, *box_and_mask, segment.probabilities))
        placed_marks += [PlacedMark(symbol, column, line) for symbol, column in found.marks]
        if found.digits:
            lines.append(DetectedLine(len(found.digits), line.row != row, found.recognized))
            row = line.row
    return PreprocessedImage(
        image.size,
        foreground,
        form_mask,
        tuple(digits),
        digit_mask,
        tuple(lines),
        tuple(placed_marks),
    )


def separate_foreground(image: Image.Image) -> ForegroundParts:
    """Binarize an image, and separate its writing from form elements and specks.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.
    """
    foreground = binarize(image)
    form_mask, frame_and_line_mask = find_form_elements(foreground)
    writing = remove_specks(connected_components(foreground.mask & ~form_mask))
    return ForegroundParts(foreground, form_mask, frame_and_line_mask, writing)


def _choose_input(digit: Digit, image: Image.Image, classify: Classify) -> Digit:
    """Choose the classifier's input for a 28x28 image: the normalized digit or the whole image.

    With so few pixels, stripes, fog and lines often cannot be separated from strokes. A classifier
    trained on such images is more confident about the whole image than about the part cut out.
    """
    gray = np.array(image.convert("L"))
    light_on_dark = gray if np.median(gray) < 128 else 255 - gray  # most pixels are background
    images = np.stack([digit.image, light_on_dark])
    probabilities = np.asarray(classify(images), np.float32)
    best = int(probabilities.max(axis=1).argmax())
    return replace(digit, image=images[best], probabilities=probabilities[best])
