"""Grayscale conversion to a single channel, by the colors of each image, not by fixed weights."""

import cv2
import numpy as np

from mnistcli.preprocessing.shapes import Gray


def convert_to_gray(pixels: Gray) -> Gray:
    """Convert color to grayscale: the first principal component (PCA) of the colors.

    Foreground and background differ most along its axis, regardless of their colors. With the fixed
    weights of luminance (luma), red ink on green paper could vanish.

    Args:
        pixels: float32 (h, w) or (h, w, 3).

    Returns:
        float32 (h, w).
    """
    if pixels.ndim == 2:
        return pixels
    step = max(1, min(pixels.shape[:2]) // 100)
    sample = pixels[::step, ::step]
    deviations = (sample - np.median(sample, axis=(0, 1))).reshape(-1, 3)
    _, axes = np.linalg.eigh(deviations.T @ deviations)
    principal = axes[:, -1]
    weights = principal / np.copysign(np.abs(principal).sum(), principal.sum())
    return np.asarray(cv2.transform(pixels, weights.astype(np.float32)[None]), np.float32)
