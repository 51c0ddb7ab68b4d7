"""Any picture of handwriting brought to the digits on it, each as MNIST would have stored it.

for digit in find_digits(open_picture(Path("number.jpg"))):
    digit.image  # uint8 (28, 28), white on black
    digit.box    # left, top, right, bottom in pixels
    digit.ink    # bool, the pixels of its box that are ink
"""

from mnistcli.handwriting.digit import Digit
from mnistcli.handwriting.digits import find_digits, page_ink
from mnistcli.handwriting.picture import is_picture_name, open_picture

__all__ = ["Digit", "find_digits", "is_picture_name", "open_picture", "page_ink"]
