"""Binarization: separate foreground (ink) from background with a local threshold.

Shadows, uneven light, color and noise are removed on the way.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from PIL import Image
from scipy import ndimage

from mnistcli.preprocessing.components import component_areas, label_components
from mnistcli.preprocessing.shapes import Gray, Mask

WORKING_SIDE = 1000
"""Larger images are reduced to at most this many pixels per side before binarization."""

_MAX_STROKE = 0.4  # of the image's shorter side; anything wider is a shadow, not a stroke
_MIN_CONTRAST = 5.0  # gray levels of 255 between foreground and background
_MIN_CONTRAST_TO_NOISE = 3.5
_SHARP_CONTRAST_TO_NOISE = 20.0  # from here on the image has no noise that needs smoothing
_MIN_SMOOTHED_SIDE = 40  # pixels: strokes of a smaller image would vanish with the noise
_HIGH_THRESHOLD = 0.5  # of the contrast: foreground for certain
_LOW_THRESHOLD = 0.35  # of the contrast: foreground if connected to certain foreground
_SHADOW_THICKNESS = 2.5  # stroke widths
_RIM_AREA = 0.3  # of the largest component's area


@dataclass(frozen=True, eq=False)
class Foreground:
    """The foreground of an image: the pixels that belong to strokes.

    Attributes:
        strength: Ink coverage of each pixel, float32 0 to 1, shape (h, w).
        mask: The ink mask, shape (h, w).
        factor: Reduction factor: pixels of the image per pixel of the mask, along each axis.
    """

    strength: Gray
    mask: Mask
    factor: int


def binarize(image: Image.Image) -> Foreground:
    """Binarize an image: separate foreground from background with a local threshold.

    Dark on light and light on dark are told apart automatically.

    Args:
        image: An 8-bit image, mode ``L`` or ``RGB``.

    Returns:
        The foreground; its mask is empty for a blank image.
    """
    factor = max(1, ceil(max(image.size) / WORKING_SIDE))
    pixels = np.asarray(image.reduce(factor) if factor > 1 else image, dtype=np.float32)
    gray = _convert_to_gray(pixels)
    if _is_dark_on_light(gray):
        gray = -gray
    smooth = ndimage.gaussian_filter(gray, 1.0) if min(gray.shape) > _MIN_SMOOTHED_SIDE else gray
    tophat = _subtract_background(smooth)
    gradient = _squared_gradient(smooth)
    contrast, mask = _threshold(tophat, gradient)
    shadows = _find_shadows(mask)
    if shadows.any():
        tophat[shadows] = gradient[shadows] = 0
        contrast, mask = _threshold(tophat, gradient)
        mask = _remove_shadow_rims(mask, shadows)
    background = ~ndimage.binary_dilation(mask, iterations=2)
    noise = float(tophat[background].std()) if background.any() else 0.0
    if contrast < max(_MIN_CONTRAST, _MIN_CONTRAST_TO_NOISE * noise):
        mask = np.zeros_like(mask)
    local_contrast = _local_contrast(tophat, mask, max(contrast, 1.0))
    if contrast > _SHARP_CONTRAST_TO_NOISE * noise:
        tophat = tophat + (gray - smooth)  # undo the smoothing: keep the strokes sharp
    return Foreground(np.clip(tophat / local_contrast, 0, 1), mask, factor)


def _convert_to_gray(pixels: Gray) -> Gray:
    """Convert color to grayscale along the principal axis (PCA) of the colors.

    Foreground and background differ most along this axis, whatever their colors.
    """
    if pixels.ndim == 2:
        return pixels
    step = max(1, min(pixels.shape[:2]) // 100)
    sample = pixels[::step, ::step]
    deviations = (sample - np.median(sample, axis=(0, 1))).reshape(-1, 3)
    _, axes = np.linalg.eigh(deviations.T @ deviations)
    principal = axes[:, -1]
    weights = principal / np.copysign(np.abs(principal).sum(), principal.sum())
    gray: Gray = pixels @ weights.astype(np.float32)
    return gray


def _is_dark_on_light(gray: Gray) -> bool:
    """Detect the polarity: foreground covers less area than background, and is thinner."""
    height, width = gray.shape
    size = (min(width, 40), min(height, 40))
    small = np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.BOX))
    detail = small - ndimage.median_filter(small, size=(size[1] // 2 + 1, size[0] // 2 + 1))
    deviation = max(float(detail.std()), 1e-6)
    skewness = float(np.mean((detail - detail.mean()) ** 3)) / deviation**3
    gradient = _squared_gradient(small)
    if not gradient.any():
        return True
    dark = small < np.average(small, weights=gradient)
    dark_width, light_width = (
        float(ndimage.distance_transform_edt(part).max()) for part in (dark, ~dark)
    )
    thinness = np.tanh(2 * np.log((light_width + 0.1) / (dark_width + 0.1)))
    return bool(skewness < 0.3 * thinness)


def _subtract_background(smooth: Gray) -> Gray:
    """Subtract the background: a white top-hat with a window wider than any stroke."""
    side = max(3, round(_MAX_STROKE * min(smooth.shape)))
    tophat: Gray = smooth - ndimage.grey_opening(smooth, size=(side, side), mode="nearest")
    return tophat - np.median(tophat)


def _squared_gradient(gray: Gray) -> Gray:
    """Compute the squared magnitude of the Sobel gradient."""
    squared: Gray = ndimage.sobel(gray, 0) ** 2 + ndimage.sobel(gray, 1) ** 2
    return squared


def _threshold(tophat: Gray, gradient: Gray) -> tuple[float, Mask]:
    """Apply a hysteresis threshold, and estimate the contrast it is relative to.

    Edges lie half-way between foreground and background, so pixels above the mean level of the
    edges, weighted by their gradient, are mostly foreground. The contrast is their mean, weighted
    by their level.

    Returns:
        The contrast in gray levels, and the mask; 0 and an empty mask without any edge.
    """
    blank = 0.0, np.zeros(tophat.shape, bool)
    if not gradient.any():
        return blank
    above = tophat[tophat > np.average(tophat, weights=gradient)]
    total = above.sum()
    if total == 0:
        return blank
    contrast = float((above**2).sum() / total)
    certain = tophat > _HIGH_THRESHOLD * contrast
    possible = tophat > _LOW_THRESHOLD * contrast
    return contrast, ndimage.binary_propagation(certain, np.ones((3, 3), bool), mask=possible)


def _find_shadows(mask: Mask) -> Mask:
    """Find shadows, thumbs and table edges: much thicker than a stroke, and at the border."""
    step = max(1, max(mask.shape) // 200)
    coarse = mask[::step, ::step]
    empty = np.zeros_like(mask)
    if not coarse.any():
        return empty
    distances = ndimage.distance_transform_edt(coarse)
    skeleton = coarse & (distances == ndimage.maximum_filter(distances, 3))
    radius = _SHADOW_THICKNESS * float(np.percentile(distances[skeleton], 35)) + 1
    labels, _ = ndimage.label(distances > radius)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    cores = np.isin(labels, np.setdiff1d(border, [0]))
    if not cores.any():
        return empty
    shadows = ndimage.distance_transform_edt(~cores) <= radius + 2
    fine = np.repeat(np.repeat(shadows, step, axis=0), step, axis=1)
    return fine[: mask.shape[0], : mask.shape[1]]


def _remove_shadow_rims(mask: Mask, shadows: Mask) -> Mask:
    """Remove the remains of a shadow's rim: small connected components next to it."""
    labels, count = label_components(mask)
    adjacent = np.unique(labels[ndimage.binary_dilation(shadows, iterations=3)])
    areas = component_areas(labels, count)
    small = np.flatnonzero(areas < _RIM_AREA * areas.max())
    kept: Mask = mask & ~np.isin(labels, np.intersect1d(adjacent, small))
    return kept


def _local_contrast(tophat: Gray, mask: Mask, contrast: float) -> Gray:
    """Compute the mean level of the foreground around each pixel; it is lower in a shadow."""
    window = max(3, min(mask.shape) // 4)
    weight = ndimage.uniform_filter(mask.astype(np.float32), window, mode="constant")
    total = ndimage.uniform_filter(tophat * mask, window, mode="constant")
    local: Gray = (total + 1e-3 * contrast) / (weight + 1e-3)
    return local
