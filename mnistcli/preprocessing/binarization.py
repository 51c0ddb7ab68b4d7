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
_FAINTEST = 5.0  # grey levels of 255 between ink and paper
_CLEAREST_NOISE = 3.5  # ink stands out of the paper's grain by at least this many deviations
_CLEAN = 20.0  # paper whose grain is this many times weaker than the ink needs no smoothing
_SURE = 0.5  # of the contrast: ink for certain
_BLOT = 2.5  # times as thick as the strokes
_POSSIBLE = 0.35  # of the contrast: ink where it hangs on certain ink


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


def binarize(picture: Image.Image) -> Ink:
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
    smooth = ndimage.gaussian_filter(signal, 1.0) if min(signal.shape) > 40 else signal
    raised = _above_paper(smooth)
    steep = ndimage.sobel(smooth, 0) ** 2 + ndimage.sobel(smooth, 1) ** 2
    contrast, mask = _inked(raised, steep)
    blots = _blots(mask)
    if blots.any():
        raised[blots] = steep[blots] = 0
        contrast, mask = _inked(raised, steep)
        mask = _without_slivers(mask, blots)
    paper = ~ndimage.binary_dilation(mask, iterations=2)
    noise = float(raised[paper].std()) if paper.any() else 0.0
    if contrast < max(_FAINTEST, _CLEAREST_NOISE * noise):
        mask = np.zeros_like(mask)
    local = _local_contrast(raised, mask, max(contrast, 1.0))
    if contrast > _CLEAN * noise:
        raised = raised + (signal - smooth)  # there is no grain: keep the strokes sharp
    strength = np.clip(raised / local, 0, 1)
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
    """Whether the ink is darker than the paper: ink is the rarer of the two, and the thinner."""
    height, width = signal.shape
    size = (min(width, 40), min(height, 40))
    small = np.asarray(Image.fromarray(signal).resize(size, Image.Resampling.BOX))
    level = small - ndimage.median_filter(small, size=(size[1] // 2 + 1, size[0] // 2 + 1))
    spread = max(float(level.std()), 1e-6)
    skew = float(np.mean((level - level.mean()) ** 3)) / spread**3
    steep = ndimage.sobel(small, 0) ** 2 + ndimage.sobel(small, 1) ** 2
    if not steep.any():
        return True
    dark = small < np.average(small, weights=steep)
    widths = [float(ndimage.distance_transform_edt(part).max()) for part in (dark, ~dark)]
    thinner = np.tanh(2 * np.log((widths[1] + 0.1) / (widths[0] + 0.1)))
    return bool(skew < 0.3 * thinner)


def _above_paper(smooth: Grey) -> Grey:
    """How far each pixel stands above the paper: a top-hat, wider than any stroke."""
    width = max(3, round(_WIDEST_STROKE * min(smooth.shape)))
    raised: Grey = smooth - ndimage.grey_opening(smooth, size=(width, width), mode="nearest")
    return raised - np.median(raised)


def _inked(raised: Grey, steep: Grey) -> tuple[float, Mask]:
    """The grey levels between ink and paper, and the pixels that are ink.

    Edges lie half-way between ink and paper, so what is above the mean level of the edges (weighted
    by their steepness) is mostly ink; the darkest of it counts most.
    """
    if not steep.any():
        return 0.0, np.zeros(raised.shape, bool)
    above = raised[raised > np.average(raised, weights=steep)]
    contrast = float((above**2).sum() / above.sum()) if above.size else 0.0
    sure = raised > _SURE * contrast
    possible = raised > _POSSIBLE * contrast
    return contrast, ndimage.binary_propagation(sure, np.ones((3, 3), bool), mask=possible)


def _blots(mask: Mask) -> Mask:
    """What reaches in from the edge and is far thicker than a stroke: shadows, thumbs, tables."""
    step = max(1, max(mask.shape) // 200)
    coarse = mask[::step, ::step]
    ways = ndimage.distance_transform_edt(coarse) if coarse.any() else np.zeros(coarse.shape)
    ridge = coarse & (ways == ndimage.maximum_filter(ways, 3))
    if not ridge.any():
        return np.zeros_like(mask)
    reach = _BLOT * float(np.percentile(ways[ridge], 35)) + 1
    labels, count = ndimage.label(ways > reach)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    cores = np.isin(labels, np.setdiff1d(edge, [0]))
    if count == 0 or not cores.any():
        return np.zeros_like(mask)
    near = ndimage.distance_transform_edt(~cores) <= reach + 2
    fine = np.repeat(np.repeat(near, step, axis=0), step, axis=1)
    return fine[: mask.shape[0], : mask.shape[1]]


def _without_slivers(mask: Mask, blots: Mask) -> Mask:
    """Drop what is left of a blot's rim: small pieces beside it."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), bool))
    beside = np.unique(labels[ndimage.binary_dilation(blots, iterations=3)])
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    small = np.flatnonzero(areas < 0.3 * areas[1:].max(initial=0))
    kept: Mask = mask & ~np.isin(labels, np.intersect1d(beside, small))
    return kept


def _local_contrast(raised: Grey, mask: Mask, contrast: float) -> Grey:
    """How far ink stands above the paper round each pixel: less in a shadow than in the light."""
    window = max(3, min(mask.shape) // 4)
    weight = ndimage.uniform_filter(mask.astype(np.float32), window, mode="constant")
    total = ndimage.uniform_filter(raised * mask, window, mode="constant")
    local: Grey = (total + 1e-3 * contrast) / (weight + 1e-3)
    return local
