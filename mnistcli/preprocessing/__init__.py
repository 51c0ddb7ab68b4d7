"""Preprocessing: from an image file to digits in MNIST format.

for digit in find_digits(open_image("number.jpg")):
    digit.image  # uint8 (28, 28), white on black
    digit.box    # left, top, right, bottom in pixels
    digit.mask   # bool, the ink mask within the box
"""

from mnistcli.preprocessing.detection import detect_content, find_digits
from mnistcli.preprocessing.image_formats import is_image_name
from mnistcli.preprocessing.image_io import ImageSource, open_image, original_size
from mnistcli.preprocessing.image_modes import reduction_factor
from mnistcli.preprocessing.shapes import Box, Digit, ImageContent

__all__ = [
    "Box",
    "Digit",
    "ImageContent",
    "ImageSource",
    "detect_content",
    "find_digits",
    "is_image_name",
    "open_image",
    "original_size",
    "reduction_factor",
]
