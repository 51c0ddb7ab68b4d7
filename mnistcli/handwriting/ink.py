"""Ink told from paper: shadows, uneven light, colour and noise taken away."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

WORKING_SIDE = 1000
"""Longer pictures are reduced to at most this many pixels before ink is looked for."""

_WIDEST_STROKE = 0.4  # of the picture's short side; what is wider is a shadow, not a stroke
_FAINTEST = 6.0  # grey levels of 255 between ink and paper
_CLEAREST_NOISE = 5.0  # ink stands out of the paper's grain by at least this many deviations


@dataclass(frozen=True)
class Ink:
    """Where the ink is on a picture.

    Attributes:
        strength: How much of each pixel is ink, 0 to 1, shape (h, w).
        mask: The pixels that are ink, shape (h, w).
        factor: How many pixels of the picture, along each axis, became one here.
        contrast: Grey levels between ink and paper, 0 to 255.
        noise: Standard deviation of the paper's grain in grey levels.
    """

    strength: Grey
    mask: Mask
    factor: int
    contrast: float
    noise: float


def find_ink(picture: Image.Image) -> Ink:
    """Tell ink from paper, whichever is the darker.

    Args:
        picture: An 8-bit picture, mode ``L`` or ``RGB``.

    Returns:
        The ink; its mask is empty where the paper is blank.
    """
    factor = max(1, ceil(max(picture.size) / WORKING_SIDE))
    pixels = np.asarray(picture.reduce(factor) if factor > 1 else picture, dtype=np.float32)
    signal = _most_telling(pixels)
    if _is_dark_ink(signal):
        signal = -signal
    raised, noise = _above_paper(signal)
    floor = max(_FAINTEST, _CLEAREST_NOISE * noise)
    visible = raised[raised > floor]
    if visible.size == 0:
        return Ink(np.zeros_like(raised), np.zeros(raised.shape, bool), factor, 0.0, noise)
    threshold = max(_otsu(visible), floor)
    contrast = float(np.mean(visible[visible >= threshold]))
    low = max(0.6 * threshold, floor)
    mask = ndimage.binary_propagation(
        raised > threshold, structure=np.ones((3, 3), bool), mask=raised > low
    )
    strength = np.clip((raised / _local_contrast(raised, mask, contrast) - 0.2) / 0.6, 0, 1)
    return Ink(strength, mask, factor, contrast, noise)


def _most_telling(pixels: Grey) -> Grey:
    """One channel, in grey levels: along the line in colour space on which ink and paper differ."""
    if pixels.ndim == 2:
        return pixels
    step = max(1, min(pixels.shape[:2]) // 100)
    sample = pixels[::step, ::step]
    off_paper = (sample - np.median(sample, axis=(0, 1))).reshape(-1, 3)
    _, axes = np.linalg.eigh(off_paper.T @ off_paper)
    axis = axes[:, -1]
    weights = axis / np.copysign(np.abs(axis).sum(), axis.sum())
    signal: Grey = pixels @ weights.astype(np.float32)
    return signal


def _is_dark_ink(signal: Grey) -> bool:
    """Whether the ink is darker than the paper: ink is rare, and seldom at the picture's edge."""
    height, width = signal.shape
    size = (max(1, min(width, 64)), max(1, min(height, 64)))
    small = np.asarray(Image.fromarray(signal).resize(size, Image.Resampling.BOX))
    level = small - ndimage.median_filter(small, size=(size[1] // 2 + 1, size[0] // 2 + 1))
    spread = float(level.std())
    if spread == 0:
        return True
    skew = float(np.mean((level - level.mean()) ** 3)) / spread**3
    edge = np.concatenate([level[0], level[-1], level[:, 0], level[:, -1]])
    low, high = np.percentile(level, (0.5, 99.5))
    towards_light = (float(np.median(edge)) - (low + high) / 2) / max(high - low, 1e-6)
    return bool(skew < 2 * towards_light)


def _above_paper(signal: Grey) -> tuple[Grey, float]:
    """How far each pixel stands above the paper (a top-hat), and the paper's grain."""
    side = min(signal.shape)
    smooth = ndimage.gaussian_filter(signal, 1.0) if side > 60 else signal
    width = max(3, round(_WIDEST_STROKE * side))
    paper = ndimage.grey_opening(smooth, size=(width, width), mode="nearest")
    raised = smooth - paper
    raised -= np.median(raised)
    noise = 1.4826 * float(np.median(np.abs(raised)))
    return raised, noise


def _local_contrast(raised: Grey, mask: Mask, contrast: float) -> Grey:
    """How far ink stands above the paper round each pixel: less in a shadow than in the light."""
    window = max(3, min(mask.shape) // 4)
    weight = ndimage.uniform_filter(mask.astype(np.float32), window, mode="constant")
    total = ndimage.uniform_filter(raised * mask, window, mode="constant")
    local: Grey = (total + 1e-3 * contrast) / (weight + 1e-3)
    return local


def _otsu(values: Grey) -> float:
    """The threshold that parts the values into the two most different classes (Otsu, 1979)."""
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    total = np.cumsum(counts * centres)
    mean_below = total[:-1] / np.maximum(below, 1)
    mean_above = (total[-1] - total[:-1]) / np.maximum(above, 1)
    return float(edges[1:-1][np.argmax(below * above * (mean_above - mean_below) ** 2)])
