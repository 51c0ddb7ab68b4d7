"""The digits on a picture, each as MNIST would have stored it."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.preprocessing.digit import Digit, Score, stored_digit


def find_digits(
    picture: Image.Image, *, single: bool = False, score: Score | None = None
) -> list[Digit]:
    """Find the digits on a picture.

    Dark ink on light paper and light on dark, of any colour and size. Shadows, specks, ruled lines
    and frames are left out, as are dots, commas and dashes. A picture that is in MNIST's form
    already comes through untouched. Any other picture of 28 x 28 pixels is one digit, and may be
    best read as it is.

    Args:
        picture: An upright 8-bit picture, mode ``L`` or ``RGB``, as ``open_image`` gives it.
        single: Take all the ink for one digit.
        score: Tells how likely each of (n, 28, 28) pictures is a 0 to 9, (n, 10), so that touching
            digits are cut where the parts look most like digits. Rows may sum to less than one
            where it may be no digit. None goes by the shapes alone.

    Returns:
        The digits in reading order, line by line from left to right; none on blank paper.
    """
    digit = stored_digit(picture)
    if digit is not None:
        return [digit]
    # Loads SciPy, which takes as long as all else from the start to the answer: a picture in
    # MNIST's form is read without.
    from mnistcli.preprocessing.pipeline import search

    return search(picture, single=single, score=score)


def find_foreground(picture: Image.Image) -> tuple[NDArray[np.bool_], int]:
    """Find all that `find_digits` takes for ink, before it drops what is no part of a digit.

    Args:
        picture: As `find_digits` takes it.

    Returns:
        The pixels that are ink, shape (h, w), and how many pixels of the picture, along each axis,
        became one of them.
    """
    if stored_digit(picture) is not None:
        return np.asarray(picture.convert("L")) > 0, 1
    from mnistcli.preprocessing.binarization import binarize  # loads SciPy, as above

    ink = binarize(picture)
    return ink.mask, ink.factor
