"""Where the digits on a picture are: ink, lines, and the parts of lines that are digits."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnistcli.preprocessing.binarization import Ink, Mask, binarize
from mnistcli.preprocessing.cleaning import clean
from mnistcli.preprocessing.digit import SIDE, Digit, Score
from mnistcli.preprocessing.lines import find_lines
from mnistcli.preprocessing.normalization import to_mnist_format
from mnistcli.preprocessing.segmentation import segment_line


def search(picture: Image.Image, *, single: bool, score: Score | None) -> list[Digit]:
    """Find the digits on a picture that is not in MNIST's form; as `find_digits` otherwise."""
    ink = binarize(picture)
    small = picture.size == (SIDE, SIDE)
    mask = clean(ink, single=single or small)
    if not mask.any():
        return []
    if small and score is not None:
        return [_most_likely(_digit(ink, mask, picture.size), picture, score)]
    if single:
        return [_digit(ink, mask, picture.size)]
    return [
        _placed(part.image, part.mask, ink.factor, picture.size)
        for line in find_lines(mask)
        for part in segment_line(line, ink.strength, score)
    ]


def _digit(ink: Ink, part: Mask, size: tuple[int, int]) -> Digit:
    """Cut one digit out: its own ink and the soft edge around it, nothing of its neighbours."""
    (rows, columns), *_ = ndimage.find_objects(part.astype(np.int8))
    around = (
        slice(max(rows.start - 2, 0), rows.stop + 2),
        slice(max(columns.start - 2, 0), columns.stop + 2),
    )
    near = ndimage.binary_dilation(part[around], iterations=1)
    return _placed(to_mnist_format(ink.strength[around] * near), part, ink.factor, size)


def _most_likely(digit: Digit, picture: Image.Image, score: Score) -> Digit:
    """Choose between a digit in MNIST's form and the whole of its picture, light on dark.

    In so few pixels, stripes, fog and lines can often not be told from strokes, and a classifier
    that knows them from its training sees more in the whole picture than in what is cut out.
    """
    grey = np.array(picture.convert("L"))
    whole = grey if np.median(grey) < 128 else 255 - grey  # there is less ink than paper
    images = np.stack([digit.image, whole])
    return replace(digit, image=images[score(images).max(axis=1).argmax()])


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
