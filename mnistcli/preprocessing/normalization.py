"""MNIST's form: how its makers fitted and centred each digit (LeCun et al., 1998)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnistcli.preprocessing.binarization import Grey, Mask
from mnistcli.preprocessing.digit import LONGER, SIDE

_FINE = 5  # the stroke is measured and mended on a grid this many times finer
_HAIRLINE = 2.2  # pixels of the finished digit; MNIST's median stroke is 2.5 wide


def to_mnist_format(strength: Grey) -> NDArray[np.uint8]:
    """Bring ink to the form in which MNIST would have stored it.

    The ink's bounding box is scaled to 20 pixels along its longer side, averaging over areas,
    stretched to 255 and laid into 28 x 28 so that its centre of mass is in the middle. Hairlines,
    which would fade away, are thickened first.

    Args:
        strength: How much of each pixel is ink, 0 to 1, shape (h, w), not all below one half.

    Returns:
        The digit, white on black, shape (28, 28).
    """
    ink = _cropped(strength)
    shrink = max(ink.shape) / (LONGER * _FINE)
    if shrink > 1.5 and stroke_width(ink > 0.5) / shrink < _HAIRLINE * _FINE:
        ink = ndimage.maximum_filter(ink, size=round(shrink))
    fine = _scaled(ink, LONGER * _FINE)
    mask = fine > min(0.5, float(fine.max()) / 2)
    width = stroke_width(mask) / _FINE
    if width < _HAIRLINE:
        fine = _cropped(_thickened(mask, (_HAIRLINE - width) * _FINE / 2))
    return center_and_scale(fine)


def center_and_scale(strength: Grey) -> NDArray[np.uint8]:
    """Scale and centre ink whose strokes are of a usual width: the second half of `to_mnist_format`.

    Args:
        strength: How much of each pixel is ink, 0 to 1, shape (h, w), without a margin.

    Returns:
        The digit, white on black, shape (28, 28).
    """
    digit = _scaled(strength, LONGER)
    digit = np.rint(digit * (255 / digit.max())).astype(np.uint8)
    centre = ndimage.center_of_mass(digit)
    top, left = (
        min(max(round(SIDE / 2 - middle), 0), SIDE - length)
        for middle, length in zip(centre, digit.shape, strict=True)
    )
    finished = np.zeros((SIDE, SIDE), np.uint8)
    finished[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return finished


def stroke_width(mask: Mask) -> float:
    """The usual width of the strokes in pixels: four times the mean way out of the ink."""
    if not mask.any():
        return 0.0
    ways = ndimage.distance_transform_edt(np.pad(mask, 1))
    return 4 * float(ways[ways > 0].mean()) - 2


def _cropped(strength: Grey) -> Grey:
    """The smallest part that holds every pixel of at least half ink."""
    rows, columns = np.nonzero(strength >= min(0.5, float(strength.max())))
    return strength[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _scaled(strength: Grey, longer: int) -> Grey:
    """Scale so that the longer side is as given: areas averaged going down, bicubic going up."""
    height, width = strength.shape
    scale = longer / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BICUBIC
    image = Image.fromarray(strength.astype(np.float32)).resize(size, method)
    return np.clip(np.asarray(image, dtype=np.float32), 0, 1)


def _thickened(mask: Mask, radius: float) -> Grey:
    """Grow the ink by a radius in pixels on every side, with a soft edge."""
    room = int(radius) + 2
    away = ndimage.distance_transform_edt(~np.pad(mask, room))
    return np.clip(radius + 0.5 - away, 0, 1).astype(np.float32)
