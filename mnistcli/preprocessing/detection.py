"""Digit detection, the entry point of preprocessing: find digits and normalize them to 28x28."""

from PIL import Image

from mnistcli.image_io.image_modes import to_8_bits
from mnistcli.line_format import RecognizeLine
from mnistcli.preprocessing.mnist_format_check import detect_mnist_digit
from mnistcli.preprocessing.shapes import Classify, Digit, ImageContent

# The other stages load OpenCV. They are imported where they are needed, so that an image in MNIST
# format is read without it.


def detect_content(
    image: Image.Image,
    *,
    single: bool = False,
    classify: Classify | None = None,
    recognize_line: RecognizeLine | None = None,
    allow_single_digit: bool = True,
) -> ImageContent:
    """Detect the content of an image: digits, each normalized to MNIST format, and marks.

    Digits may be dark on light or light on dark, of any color and size. Shadows, specks and form
    elements are removed; dots, commas, dashes and brackets are marks. An image that is already in
    MNIST format stays as it is. Any other image of 28x28 pixels is one digit.

    Args:
        image: An upright image. `open_image` rotates a photo upright.
        single: Whether to treat the whole image as a single digit.
        classify: Computes class probabilities, (n, 10), of images in MNIST format, uint8
            (n, 28, 28), to choose the input for an image of 28x28 pixels and to recognize an image
            that digits fill to the edges.
        recognize_line: The line recognizer, for lines with more than one digit. Defaults to
            segmentation by the shapes alone, which cannot separate touching digits.
        allow_single_digit: Whether a line may hold only one digit.

    Returns:
        The digits in reading order, line by line from left to right, and an account of the rest of
        the foreground; no digits for a blank image.
    """
    image = _require_8_bits(image)
    digit = detect_mnist_digit(image)
    if digit is not None:
        return ImageContent((digit,))
    from mnistcli.preprocessing.pipeline import run_pipeline

    preprocessed = run_pipeline(
        image,
        single=single,
        classify=classify,
        recognize_line=recognize_line,
        allow_single_digit=allow_single_digit,
    )
    return preprocessed.to_content()


def find_digits(
    image: Image.Image,
    *,
    single: bool = False,
    classify: Classify | None = None,
    recognize_line: RecognizeLine | None = None,
) -> list[Digit]:
    """Return the digits that `detect_content` finds.

    The arguments are the same, without `allow_single_digit`.
    """
    content = detect_content(image, single=single, classify=classify, recognize_line=recognize_line)
    return list(content.digits)


def _require_8_bits(image: Image.Image) -> Image.Image:
    """Convert to mode ``L`` or ``RGB``: a palette index, for example, is not a gray level."""
    if image.mode in {"L", "RGB"} and not image.has_transparency_data:
        return image
    return to_8_bits(image)
