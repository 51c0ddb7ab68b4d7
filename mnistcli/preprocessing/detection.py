"""Digit detection: find the digits in an image and normalize each to MNIST format."""

from PIL import Image

from mnistcli.preprocessing.image_modes import to_8_bits
from mnistcli.preprocessing.mnist_format import read_mnist_format
from mnistcli.preprocessing.shapes import Classify, Digit, Mask

# The other stages load SciPy, which takes as long as all else from start to result. They are
# imported where they are needed, so that an image in MNIST format is read without.


def find_digits(
    image: Image.Image, *, single: bool = False, classify: Classify | None = None
) -> list[Digit]:
    """Detect the digits in an image, each normalized to MNIST format.

    They may be dark on light or light on dark, of any color and size. Shadows, specks, ruled lines
    and frames are removed, and dots, commas and dashes are skipped. An image that is already in
    MNIST format stays as it is. Any other image of 28x28 pixels is one digit.

    Args:
        image: An upright image. `open_image` rotates a photo upright.
        single: Whether to treat the whole image as a single digit.
        classify: Computes class probabilities, (n, 10), of images in MNIST format, uint8
            (n, 28, 28), so that touching digits are cut where the parts look most like digits.
            Defaults to segmentation by the shapes alone.

    Returns:
        The digits in reading order, line by line from left to right; none for a blank image.
    """
    image = _require_8_bits(image)
    digit = read_mnist_format(image)
    if digit is not None:
        return [digit]
    from mnistcli.preprocessing.pipeline import run_pipeline

    return run_pipeline(image, single=single, classify=classify)


def find_foreground(image: Image.Image) -> tuple[Mask, int]:
    """Find the foreground of an image by binarization, before any clutter is removed.

    Args:
        image: An upright image, as for `find_digits`.

    Returns:
        The ink mask, bool (h, w), and its reduction factor: pixels of the image per pixel of the
        mask, along each axis.
    """
    image = _require_8_bits(image)
    digit = read_mnist_format(image)
    if digit is not None:
        return digit.image > 0, 1
    from mnistcli.preprocessing.binarization import binarize

    foreground = binarize(image)
    return foreground.mask, foreground.factor


def _require_8_bits(image: Image.Image) -> Image.Image:
    """Convert to mode ``L`` or ``RGB``: a palette index, for example, is not a gray level."""
    if image.mode in {"L", "RGB"} and not image.has_transparency_data:
        return image
    return to_8_bits(image)
