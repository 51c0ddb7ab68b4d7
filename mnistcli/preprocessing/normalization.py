"""Normalization to MNIST format: scale to 20 pixels, center of mass in the middle of 28x28.

Size normalization and centering follow the makers of MNIST (LeCun et al., "Gradient-based learning
applied to document recognition", 1998, section III.A). Slanted digits are not deskewed.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.mnist_format import IMAGE_SIDE, place_by_center_of_mass
from mnistcli.preprocessing.components import (
    as_bytes,
    bounding_region,
    distance_transform,
    exact_distances,
    stroke_width,
)
from mnistcli.preprocessing.shapes import DIGIT_SIDE, Gray, Mask, Region, expand_region

_OVERSAMPLING = 5  # stroke width is measured and corrected at this multiple of the resolution
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)  # the four nearest pixels
_FINE_STROKE_WIDTH = 2  # pixels at the oversampled resolution; a finer stroke can fall between them
_MIN_STROKE_WIDTH = 2.2  # pixels of the 28x28 image; the median of MNIST is 2.5


def normalize_digit(coverage: Gray, mask: Mask, within: Mask | None = None) -> NDArray[np.uint8]:
    """Normalize one digit of several to MNIST format, without the ink of its neighbors.

    Args:
        coverage: Ink coverage of each pixel, 0 to 1, shape (h, w).
        mask: The ink mask of the digit, shape (h, w). One pixel around it is kept as well: the
            soft edge of the strokes.
        within: Pixels that may be kept, shape (h, w). Defaults to all.

    Returns:
        The digit, white on black, uint8 (28, 28).
    """
    kept = cv2.dilate(as_bytes(mask), _CROSS).view(bool)
    if within is not None:
        kept &= within
    return to_mnist_format(np.where(kept, coverage, np.float32(0)))


def crop_and_normalize(coverage: Gray, mask: Mask) -> tuple[Region, NDArray[np.uint8]]:
    """Crop the digit at a mask and normalize it, as `normalize_digit` does.

    Args:
        coverage: Ink coverage of each pixel, 0 to 1, shape (h, w).
        mask: The ink mask of the digit, shape (h, w), with at least one pixel.

    Returns:
        The bounding box of the mask, and the digit.
    """
    region = bounding_region(mask)
    around = expand_region(region, 2)
    return region, normalize_digit(coverage[around], mask[around])


def to_mnist_format(coverage: Gray) -> NDArray[np.uint8]:
    """Normalize a digit to MNIST format.

    The digit is scaled to 20 pixels along its longer side by area averaging, with its aspect ratio
    kept. Its maximum is stretched to 255, and it is placed in 28x28 with the center of mass in the
    middle. Hairlines, too thin to survive this, are thickened first to a minimum stroke width.

    Args:
        coverage: Ink coverage of each pixel, 0 to 1, shape (h, w).

    Returns:
        The digit, white on black, uint8 (28, 28); black without any ink.
    """
    if not coverage.any():
        return np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    coverage = _crop_to_foreground(coverage)
    reduction = max(coverage.shape) / (DIGIT_SIDE * _OVERSAMPLING)
    size = _dilation_size(coverage, reduction)
    if size > 1:
        dilated = cv2.dilate(coverage, np.ones((size, size), np.uint8))
        coverage = np.asarray(dilated, np.float32)
    coverage = _resize(coverage, DIGIT_SIDE * _OVERSAMPLING)
    mask = coverage > min(0.5, float(coverage.max()) / 2)
    width = stroke_width(mask) / _OVERSAMPLING
    if width < _MIN_STROKE_WIDTH:
        radius = (_MIN_STROKE_WIDTH - width) * _OVERSAMPLING / 2
        coverage = _crop_to_foreground(_thicken_strokes(mask, radius))
    return center_and_scale(coverage)


def _dilation_size(coverage: Gray, reduction: float) -> int:
    """Return the side of the square that dilates thin strokes before they are reduced in size.

    Args:
        coverage: Ink coverage of each pixel, 0 to 1, shape (h, w).
        reduction: Factor of the reduction.

    Returns:
        Pixels; 1 for no dilation.
    """
    if reduction <= 1:
        return 1
    width = stroke_width(coverage > 0.5) / reduction
    if width < _FINE_STROKE_WIDTH:
        return math.ceil(reduction)
    is_thin = reduction > 1.5 and width < _MIN_STROKE_WIDTH * _OVERSAMPLING
    return round(reduction) if is_thin else 1


def center_and_scale(coverage: Gray) -> NDArray[np.uint8]:
    """Scale a digit to 20 pixels and center its mass: `to_mnist_format` without thickening.

    Args:
        coverage: Ink coverage of each pixel, 0 to 1, shape (h, w), without a margin.

    Returns:
        The digit, white on black, uint8 (28, 28).
    """
    digit = _resize(coverage, DIGIT_SIDE)
    return place_by_center_of_mass(np.rint(digit * (255 / digit.max())))


def _crop_to_foreground(coverage: Gray) -> Gray:
    """Crop to the bounding box of the pixels that are at least half covered with ink."""
    return coverage[bounding_region(coverage >= min(0.5, float(coverage.max())))]


def _resize(coverage: Gray, side: int) -> Gray:
    """Resize to a longer side in pixels: area averaging to downsample, bicubic to upsample."""
    height, width = coverage.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BICUBIC
    image = Image.fromarray(coverage.astype(np.float32)).resize(size, method)
    return np.clip(np.asarray(image, dtype=np.float32), 0, 1)


def _thicken_strokes(mask: Mask, radius: float) -> Gray:
    """Thicken strokes by a radius in pixels on every side, with a soft, antialiased edge."""
    margin = int(radius) + 2
    distances = exact_distances(distance_transform(~np.pad(mask, margin)))
    return np.asarray(np.clip(radius + 0.5 - distances, 0, 1), np.float32)
