"""Synthetic paper: the patterns, lines and noise that surround a handwritten number."""

import cv2
import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.float32]
"""Ink coverage, 0 to 1, shape (h, w)."""


def draw_background(shape: tuple[int, int], rng: np.random.Generator) -> Ink:
    """Draw the background of a line: a guilloche, a dot raster, grain, or nothing.

    Args:
        shape: Height and width in pixels.
        rng: The random number generator.

    Returns:
        Its ink coverage, 0 to 1.
    """
    background = np.zeros(shape, np.float32)
    kind = rng.random()
    if kind < 0.5:
        for _ in range(rng.integers(1, 4)):
            background = np.maximum(background, _waves(shape, rng))
    elif kind < 0.6:
        background = _dots(shape, rng)
    if kind < 0.6:  # uneven light modulates the security pattern
        background *= _slow_change(shape, rng, 0.2, 1.0)
    if rng.random() < 0.6:
        grain = rng.standard_normal(shape, np.float32)
        if rng.random() < 0.6:
            grain = np.float32(2) * _blur(grain, rng.uniform(0.5, 1.2))
        background = background + grain * np.float32(rng.uniform(0.01, 0.1))
    if rng.random() < 0.12:
        background = background + _smudges(shape, rng)
    return np.clip(background, 0, 1)


def draw_form_lines(
    shape: tuple[int, int], top: float, base: float, rng: np.random.Generator
) -> Ink:
    """Draw what a form prints around a number: an underline, a line above, a frame.

    Args:
        shape: Height and width in pixels.
        top: The row of the top of the digits.
        base: The row of their baseline.
        rng: The random number generator.
    """
    lines = np.zeros(shape, np.float32)
    height = base - top
    if rng.random() < 0.4:
        _draw_ruled_line(lines, base + rng.normal(0.06, 0.11) * height, rng)
    if rng.random() < 0.2:
        _draw_ruled_line(lines, top - abs(rng.normal(0.1, 0.12)) * height, rng)
    if rng.random() < 0.15:  # a second ruled line, or the frame of the field below
        _draw_ruled_line(lines, base + rng.uniform(0.2, 0.5) * height, rng)
    return lines


def add_ink(one: Ink, other: Ink) -> Ink:
    """Combine the ink coverage of two layers (compositing)."""
    return 1 - (1 - one) * (1 - other)


def fade(shape: tuple[int, int], rng: np.random.Generator) -> Ink:
    """Return factors for strokes that fade along the line."""
    return _slow_change(shape, rng, rng.uniform(0.4, 0.9), 1.0)


def _blur(ink: Ink, sigma: float) -> Ink:
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma), np.float32)


def _draw_ruled_line(lines: Ink, row: float, rng: np.random.Generator) -> None:
    """Draw a ruled line across, solid or dashed."""
    tilt = rng.normal(0, 0.008)
    rows = np.arange(lines.shape[0], dtype=np.float32)[:, None]
    columns = np.arange(lines.shape[1], dtype=np.float32)
    distance = np.abs(rows - np.float32(row) - np.float32(tilt) * columns)
    half, strength = rng.uniform(0.4, 1.3), rng.uniform(0.3, 1.3)
    line = np.clip(half + 0.5 - distance, 0, 1) * np.float32(min(1.0, strength))
    if rng.random() < 0.2:
        period = rng.uniform(3, 10)
        line = line * ((columns + rng.uniform(0, 9)) % period < period * rng.uniform(0.4, 0.8))
    np.maximum(lines, line, out=lines)


def _waves(shape: tuple[int, int], rng: np.random.Generator) -> Ink:
    """Draw a family of parallel wavy lines (a guilloche)."""
    angle = rng.choice([rng.normal(0, 0.2), rng.uniform(-1.5, 1.5)])
    along, across = _rotated_coordinates(shape, angle)
    period, width = rng.uniform(2.2, 7), rng.uniform(0.5, 1.2)
    amplitude, length = rng.uniform(0, 4), rng.uniform(15, 90)
    bent = across + amplitude * np.sin(along * (2 * np.pi / length) + rng.uniform(0, 6.3))
    distance = np.abs((bent / period + rng.random()) % 1 - 0.5) * period
    waves: Ink = np.clip(width - distance, 0, 1) * np.float32(rng.uniform(0.05, 0.5))
    return waves


def _dots(shape: tuple[int, int], rng: np.random.Generator) -> Ink:
    """Draw a raster of dots, like a halftone."""
    along, across = _rotated_coordinates(shape, rng.uniform(-0.8, 0.8))
    period = rng.uniform(2.5, 7)
    raster = np.cos(along * (2 * np.pi / period)) + np.cos(across * (2 * np.pi / period))
    dots: Ink = np.clip(raster - rng.uniform(0.3, 1.3), 0, 1) * np.float32(rng.uniform(0.1, 0.6))
    return dots


def _smudges(shape: tuple[int, int], rng: np.random.Generator) -> Ink:
    """Draw gray smudges and shadows without edges."""
    columns = max(2, shape[1] // int(rng.integers(6, 20)))
    coarse = rng.uniform(-1, 1, (4, columns)).astype(np.float32)
    soft = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(soft, 0, 1) * np.float32(rng.uniform(0.1, 0.45)), np.float32)


def _rotated_coordinates(shape: tuple[int, int], angle: float) -> tuple[Ink, Ink]:
    """Return the coordinates of each pixel along and across a direction."""
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    columns = np.arange(shape[1], dtype=np.float32)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return columns * cos + rows * sin, rows * cos - columns * sin


def _slow_change(shape: tuple[int, int], rng: np.random.Generator, low: float, high: float) -> Ink:
    """Return factors between two limits that change slowly along the line."""
    coarse = rng.uniform(low, high, (2, max(2, shape[1] // 24))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
