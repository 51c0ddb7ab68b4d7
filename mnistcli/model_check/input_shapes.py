"""Input shapes: detect the image layout of an external model."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.model_check.sizes import Shape

_MIN_SIDE, _MAX_SIDE = 8, 512
_CHANNELS = frozenset({1, 3})


class ImageShape(NamedTuple):
    """Shape of an image in the input of a model.

    Attributes:
        side: Height and width in pixels.
        channels: 1 or 3.
        channels_first: Whether the channels come before the rows (NCHW, not NHWC).
        shape: The shape for one image, without the batch.
    """

    side: int
    channels: int
    channels_first: bool
    shape: Shape


def fixed_shape(shape: Sequence[int | None]) -> Shape:
    """Return an input shape with 28 for each side of any size, and 1 for any number of channels."""
    sides = [IMAGE_SIDE if side is None else side for side in shape]
    if len(shape) == 3 and shape[-1] is None:
        sides[-1] = 1
    if len(shape) == 1 and shape[0] is None:
        sides[0] = IMAGE_SIDE * IMAGE_SIDE
    return tuple(sides)


def find_image_shape(shape: Sequence[int | None]) -> ImageShape | None:
    """Return how an input shape holds a square image; None if it holds something else.

    Args:
        shape: The shape for one image, such as (28, 28), (784,), (28, 28, 1), (1, 28, 28),
            (32, 32, 3) or (None, None, 1).
    """
    fixed = fixed_shape(shape)
    found = _split(fixed)
    if found is None:
        return None
    height, width, channels, first = found
    usual = _MIN_SIDE <= height <= _MAX_SIDE and channels in _CHANNELS
    return ImageShape(height, channels, first, fixed) if usual and height == width else None


def _split(shape: Shape) -> tuple[int, int, int, bool] | None:
    """Return height, width, channels and whether these come first."""
    if len(shape) == 1 or (len(shape) == 2 and 1 in shape):
        side = math.isqrt(max(shape))
        return (side, side, 1, False) if side * side == max(shape) else None
    if len(shape) == 2:
        return (*shape, 1, False)
    if len(shape) == 3 and shape[-1] in _CHANNELS:
        return (*shape, False)
    if len(shape) == 3:
        return (*shape[1:], shape[0], True)
    return None
