"""Preprocessing: from an opened image to digits in MNIST format.

for digit in find_digits(image_io.open_image("number.jpg")):
    digit.image  # uint8 (28, 28), white on black
    digit.box    # left, top, right, bottom in pixels
    digit.mask   # bool, the ink mask within the box
"""

from mnistcli.preprocessing.detection import detect_content, find_digits
from mnistcli.preprocessing.shapes import Box, Digit, ImageContent

__all__ = ["Box", "Digit", "ImageContent", "detect_content", "find_digits"]
