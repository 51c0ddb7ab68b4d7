"""The digits on a picture, each as MNIST would have stored it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnistcli.handwriting.form import is_mnist_form, mnist_form
from mnistcli.handwriting.ink import Ink, Mask, find_ink
from mnistcli.handwriting.lines import find_lines
from mnistcli.handwriting.segmentation import Score, read_line
from mnistcli.handwriting.strokes import clean


@dataclass(frozen=True)
class Digit:
    """One digit found on a picture.

    Attributes:
        image: The digit in MNIST's form, white on black, shape (28, 28).
        box: Where it is: left, top, right, bottom in pixels of the upright picture; the last two
            are one past the ink.
        ink: The pixels in the box that are its ink, as fine as `page_ink` sees the picture.
    """

    image: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    ink: Mask


def find_digits(
    picture: Image.Image, *, single: bool = False, score: Score | None = None
) -> list[Digit]:
    """Find the digits on a picture.

    Dark ink on light paper and light on dark, of any colour and size. Shadows, specks, ruled lines
    and frames are left out, as are dots, commas and dashes. A picture that is in MNIST's form
    already comes through untouched.

    Args:
        picture: An upright 8-bit picture, mode ``L`` or ``RGB``, as ``open_picture`` gives it.
        single: Take all the ink for one digit.
        score: Tells how likely each of (n, 28, 28) pictures is a 0 to 9, (n, 10), so that touching
            digits are cut where the parts look most like digits. Rows may sum to less than one
            where it may be no digit. None goes by the shapes alone.

    Returns:
        The digits in reading order, line by line from left to right; none on blank paper.
    """
    if is_mnist_form(picture):
        image = np.array(picture.convert("L"))
        return [_placed(image, image > 0, 1, picture.size)]
    ink = find_ink(picture)
    mask = clean(ink, single=single)
    if not mask.any():
        return []
    if single:
        return [_digit(ink, mask, picture.size)]
    return [
        _placed(part.image, part.mask, ink.factor, picture.size)
        for line in find_lines(mask)
        for part in read_line(line, ink.strength, score)
    ]


def page_ink(picture: Image.Image) -> tuple[Mask, int]:
    """Find all that `find_digits` takes for ink, before it drops what is no part of a digit.

    Args:
        picture: As `find_digits` takes it.

    Returns:
        The pixels that are ink, shape (h, w), and how many pixels of the picture, along each axis,
        became one of them.
    """
    if is_mnist_form(picture):
        return np.asarray(picture.convert("L")) > 0, 1
    ink = find_ink(picture)
    return ink.mask, ink.factor


def _digit(ink: Ink, part: Mask, size: tuple[int, int]) -> Digit:
    """Cut one digit out: its own ink and the soft edge around it, nothing of its neighbours."""
    (rows, columns), *_ = ndimage.find_objects(part.astype(np.int8))
    around = (
        slice(max(rows.start - 2, 0), rows.stop + 2),
        slice(max(columns.start - 2, 0), columns.stop + 2),
    )
    near = ndimage.binary_dilation(part[around], iterations=1)
    return _placed(mnist_form(ink.strength[around] * near), part, ink.factor, size)


def _placed(image: NDArray[np.uint8], mask: Mask, factor: int, size: tuple[int, int]) -> Digit:
    """A digit with the place and the pixels of its ink; nothing of the whole mask is held."""
    (rows, columns), *_ = ndimage.find_objects(mask.astype(np.int8))
    box = (
        columns.start * factor,
        rows.start * factor,
        min(columns.stop * factor, size[0]),
        min(rows.stop * factor, size[1]),
    )
    return Digit(image, box, mask[rows, columns].copy())
