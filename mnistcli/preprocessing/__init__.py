"""Any picture of handwriting brought to the digits on it, each as MNIST would have stored it.

for digit in find_digits(open_image(Path("number.jpg"))):
    digit.image  # uint8 (28, 28), white on black
    digit.box    # left, top, right, bottom in pixels
    digit.ink    # bool, the pixels of its box that are ink
"""

from mnistcli.preprocessing.detection import find_digits, find_foreground
from mnistcli.preprocessing.digit import Digit
from mnistcli.preprocessing.image_formats import is_image_name
from mnistcli.preprocessing.image_io import ImageSource, open_image

__all__ = ["Digit", "ImageSource", "find_digits", "find_foreground", "is_image_name", "open_image"]
