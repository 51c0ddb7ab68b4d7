"""Binarization: separate foreground (ink) from background by adaptive thresholding.

Shadows, uneven illumination, color and noise are removed on the way. Background subtraction is
morphological (top-hat, with an opening), and the threshold is one with hysteresis (not Otsu's or
Sauvola's).
"""

from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.preprocessing.components import (
    as_bytes,
    connected_components,
    dilate,
    distance_transform,
)
from mnistcli.preprocessing.foreground import Foreground
from mnistcli.preprocessing.grayscale import convert_to_gray
from mnistcli.preprocessing.shapes import Gray, Mask
from mnistcli.preprocessing.sheet import rectify_sheet

WORKING_SIDE = 1000
"""Larger images are reduced to at most this many pixels per side before binarization."""

_MAX_STROKE = 0.4  # of the image's shorter side; anything wider is a shadow, not a stroke
_MIN_CONTRAST = 5.0  # gray levels of 255 between foreground and background
_MIN_CONTRAST_TO_NOISE = 3.5  # contrast-to-noise ratio below which an image is blank
_SHARP_CONTRAST_TO_NOISE = 20.0  # from here on the image has no noise that needs smoothing
_MIN_SMOOTHED_SIDE = 40  # pixels: strokes of a smaller image would vanish with the noise
_HIGH_THRESHOLD = 0.5  # of the contrast: foreground for certain
_LOW_THRESHOLD = 0.35  # of the contrast: foreground if connected to certain foreground
_SHADOW_THICKNESS = 2.5  # stroke widths
_MARGIN = 0.2  # of the longer side: the blank margin of a tight crop
_MIN_MARGIN = 4  # pixels
_COARSE_WINDOW = 24  # pixels: side of the top-hat's window on the coarse grid
_MEDIAN_SAMPLE = 40_000  # pixels that the level of the background is measured on


def binarize(image: Image.Image) -> Foreground:
    """Binarize an image: separate foreground from background with an adaptive (local) threshold.

    Dark on light and light on dark are detected automatically.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.

    Returns:
        The foreground; its mask is empty for a blank image.
    """
    reduced, factor = _reduce(image)
    pixels, to_image = rectify_sheet(reduced)
    gray = convert_to_gray(pixels.astype(np.float32))
    if _is_dark_on_light(gray):
        gray = 255 - gray
    smooth = _smooth(gray)
    tophat = _subtract_background(smooth)
    gradient = _squared_gradient(smooth)
    contrast, mask = _threshold(tophat, gradient)
    shadows = _find_shadows(mask)
    if shadows.any():
        tophat[shadows] = gradient[shadows] = 0
        contrast, mask = _threshold(tophat, gradient)
    background = ~dilate(mask, 5, 5)
    noise = float(tophat[background].std()) if background.any() else 0.0
    if contrast < max(_MIN_CONTRAST, _MIN_CONTRAST_TO_NOISE * noise):
        mask = np.zeros_like(mask)
    local_contrast = _local_contrast(tophat, mask, max(contrast, 1.0))
    if contrast > _SHARP_CONTRAST_TO_NOISE * noise:
        tophat = tophat + (gray - smooth)  # undo the smoothing: keep the strokes sharp
    coverage = np.clip(tophat / local_contrast, 0, 1)
    return Foreground(coverage, mask, factor, reduced.shape[:2], to_image)


def binarize_tight_crop(image: Image.Image) -> tuple[Foreground, Foreground]:
    """Binarize an image that digits may fill to the edges, as if it had a blank margin.

    Unlike in `binarize`, strokes along a border are not a shadow, and the polarity is not detected.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.

    Returns:
        The foreground if the image is dark on light, and if it is light on dark; a mask is empty if
        the contrast is too low.
    """
    reduced, factor = _reduce(image)
    gray = _smooth(convert_to_gray(reduced.astype(np.float32)))
    margin = max(_MIN_MARGIN, round(_MARGIN * max(gray.shape)))
    inside = (slice(margin, -margin),) * 2

    def separate(light_on_dark: Gray) -> Foreground:
        background = float(np.percentile(light_on_dark, 1))
        padded = np.pad(light_on_dark, margin, constant_values=background)
        padded -= padded.min()
        contrast, mask = _threshold(padded, _squared_gradient(padded))
        if contrast < _MIN_CONTRAST:
            mask = np.zeros_like(mask)
        coverage = np.clip(padded / _local_contrast(padded, mask, max(contrast, 1.0)), 0, 1)
        return Foreground(coverage[inside], mask[inside], factor, reduced.shape[:2])

    return separate(255 - gray), separate(gray)


def _reduce(image: Image.Image) -> tuple[NDArray[np.uint8], int]:
    """Return the pixels of an image, downsampled to `WORKING_SIDE` at most, and the factor."""
    factor = max(1, ceil(max(image.size) / WORKING_SIDE))
    return np.asarray(image.reduce(factor) if factor > 1 else image), factor


def _smooth(gray: Gray) -> Gray:
    """Denoise an image that is not too small for it, with a Gaussian blur."""
    if min(gray.shape) <= _MIN_SMOOTHED_SIDE:
        return gray
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.0), np.float32)


def _is_dark_on_light(gray: Gray) -> bool:
    """Detect the polarity: foreground covers less area than background, and is thinner."""
    height, width = gray.shape
    size = (min(width, 40), min(height, 40))
    small = np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.BOX))
    low, high = float(small.min()), float(small.max())
    if low == high:
        return True
    levels = np.rint((small - low) * (255 / (high - low))).astype(np.uint8)
    detail = levels - cv2.medianBlur(levels, max(size) // 2 | 1).astype(np.float32)
    deviation = max(float(detail.std()), 1e-6)
    centered = detail - detail.mean()
    skewness = float((centered * centered * centered).mean()) / deviation**3
    gradient = _squared_gradient(small)
    if not gradient.any():
        return True
    dark = small < np.average(small, weights=gradient)
    dark_width, light_width = (float(distance_transform(part).max()) for part in (dark, ~dark))
    thinness = np.tanh(2 * np.log((light_width + 0.1) / (dark_width + 0.1)))
    return bool(skewness < 0.3 * thinness)


def _subtract_background(smooth: Gray) -> Gray:
    """Subtract the background: a white top-hat with a window wider than any stroke.

    The background, a morphological opening, changes slowly: it is computed on a coarse grid.
    """
    height, width = smooth.shape
    side = max(3, round(_MAX_STROKE * min(height, width)))
    step = max(1, side // _COARSE_WINDOW)
    coarse = cv2.erode(smooth, np.ones((step, step), np.uint8))[::step, ::step]
    window = np.ones((max(3, round(side / step)),) * 2, np.uint8)
    background = cv2.morphologyEx(coarse, cv2.MORPH_OPEN, window, borderType=cv2.BORDER_REPLICATE)
    background = cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR)
    tophat: Gray = smooth - np.minimum(background, smooth)
    every = max(1, int((tophat.size / _MEDIAN_SAMPLE) ** 0.5))
    level: np.float32 = np.median(tophat[::every, ::every])
    return tophat - level


def _squared_gradient(gray: Gray) -> Gray:
    """Compute the squared magnitude of the Sobel gradient."""
    across, down = (cv2.Sobel(gray, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return np.asarray(across**2 + down**2, np.float32)


def _threshold(tophat: Gray, gradient: Gray) -> tuple[float, Mask]:
    """Apply a hysteresis threshold, and estimate the contrast it is relative to.

    Edges lie halfway between foreground and background, so pixels above the mean level of the
    edges, weighted by their gradient, are mostly foreground. The contrast is their mean, weighted
    by their level.

    Returns:
        The contrast in gray levels, and the mask; 0 and an empty mask if there is no edge.
    """
    blank = 0.0, np.zeros(tophat.shape, bool)
    if not gradient.any():
        return blank
    edge_level = float((tophat * gradient).sum(dtype=np.float64) / gradient.sum(dtype=np.float64))
    above = tophat[tophat > edge_level]
    total = above.sum()
    if total == 0:
        return blank
    contrast = float((above**2).sum() / total)
    possible = connected_components(tophat > _LOW_THRESHOLD * contrast)
    is_certain = np.zeros(len(possible) + 1, bool)
    is_certain[possible.labels[tophat > _HIGH_THRESHOLD * contrast]] = True
    return contrast, possible.select(is_certain[1:])


def _find_shadows(mask: Mask) -> Mask:
    """Find shadows, thumbs and table edges: much thicker than a stroke, and at the border."""
    step = max(1, max(mask.shape) // 200)
    coarse = mask[::step, ::step]
    empty = np.zeros_like(mask)
    if not any(edge.any() for edge in (coarse[:2], coarse[-2:], coarse[:, :2], coarse[:, -2:])):
        return empty  # `Components.touched_border_count` counts what is within two pixels
    distances = distance_transform(coarse)
    skeleton = coarse & (distances == cv2.dilate(distances, np.ones((3, 3), np.uint8)))
    radius = _SHADOW_THICKNESS * float(np.percentile(distances[skeleton], 35)) + 1
    thick = connected_components(distances > radius)
    cores = thick.select(thick.touched_border_count > 0)
    if not cores.any():
        return empty
    shadows = as_bytes(distance_transform(~cores) <= radius + 2)
    size = (mask.shape[1], mask.shape[0])
    return cv2.resize(shadows, size, interpolation=cv2.INTER_NEAREST).view(bool)


def _local_contrast(tophat: Gray, mask: Mask, contrast: float) -> Gray:
    """Compute the mean level of the foreground around each pixel; it is lower in a shadow."""
    window = (max(3, min(mask.shape) // 4),) * 2
    weight = cv2.boxFilter(mask.astype(np.float32), -1, window, borderType=cv2.BORDER_CONSTANT)
    total = cv2.boxFilter(tophat * mask, -1, window, borderType=cv2.BORDER_CONSTANT)
    return np.asarray((total + 1e-3 * contrast) / (weight + 1e-3), np.float32)
