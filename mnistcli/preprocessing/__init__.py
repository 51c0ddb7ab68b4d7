"""Preprocessing: from an opened image to digits in MNIST format.

for digit in find_digits(image_io.open_image("number.jpg")):
    digit.image  # uint8 (28, 28), white on black
    digit.box    # left, top, right, bottom in pixels
    digit.mask   # bool, the ink mask within the box

`find_digits` in `detection` is the entry point:

- `pipeline` runs the stages: `sheet`, `grayscale`, `binarization`, `form_elements`, `specks`,
  `text_lines`, `segmentation` and `normalization`; `foreground` and
  `preprocessed_image` hold their results
- `frames`, `form_lines` and `ruled_lines` remove the three kinds of form elements
- `tight_crops` recognizes images that a digit or a number fills to the edges
- `mnist_format_check` recognizes images that need no preprocessing
- `line_images` scales a text line for the line recognizer
- `printed_form` and `registration` align the scans of a form
- `stages` makes images of the stages, for figures
- `components` and `shapes` define the masks, boxes and components that the stages share
"""

from mnistcli.preprocessing.detection import detect_content, find_digits
from mnistcli.preprocessing.shapes import Box, Digit, ImageContent

__all__ = ["Box", "Digit", "ImageContent", "detect_content", "find_digits"]
