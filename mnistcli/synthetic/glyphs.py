"""Synthetic glyphs as non-digits: letters, numerals and signs of many scripts, printed or drawn.

The fonts come with matplotlib. A drawn glyph is the skeleton of a printed one, drawn again with
a pen: an elastic distortion, a random affine transform and a random line width.
"""

import math
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistcli.preprocessing.components import bounding_region
from mnistcli.preprocessing.normalization import center_and_scale
from mnistcli.synthetic import glyph_tables as tables
from mnistcli.synthetic.letters import load_font, render_character
from mnistcli.synthetic.pen import random_affine

_SIDE = 64  # pixels of the longer side of a skeleton
_FONT_SIZE = 64  # pixels of a glyph before it is thinned
_CANVAS = (320, 240)  # pixels: width and height, with room around a glyph
_MAX_STRETCH = 0.25  # horizontal, as a fraction of the width
_WAVES = 3  # of the elastic distortion, along each axis
_AMPLITUDE = 0.025  # standard deviation of each wave, as a fraction of the longer side
_LINE_WIDTHS = (0.07, 0.17)  # as fractions of the longer side


class GlyphTable(NamedTuple):
    """Fonts, the characters that all of them have, and the relative frequency of the table."""

    fonts: tuple[str, ...]
    characters: str
    frequency: int


# Letters are the most varied, so most glyphs are letters.
_LETTERS = (
    GlyphTable(tables.COMMON_FONTS, tables.COMMON_LETTERS, 5),
    GlyphTable(tables.FONTS, tables.LETTERS, 10),
)
_DRAWN = (
    *_LETTERS,
    GlyphTable(tables.FONTS, tables.NUMERALS, 3),
    GlyphTable(tables.FONTS, tables.SIGNS, 6),
)
_PRINTED = (*_DRAWN, GlyphTable(tables.FONTS, tables.SOLID_SIGNS, 3))


def render_glyph(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Render a printed letter, numeral or sign of many scripts, like `letters.render_letter`.

    Args:
        rng: The random number generator.

    Returns:
        uint8 (28, 28) in MNIST format.
    """
    return render_character(*_choose_glyph(_PRINTED, rng), rng)


def draw_glyph(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a letter, numeral or sign of many scripts with a pen, as in handwriting.

    Args:
        rng: The random number generator.

    Returns:
        uint8 (28, 28) in MNIST format.
    """
    return draw_skeleton(glyph_skeleton(*_choose_glyph(_DRAWN, rng)), rng)


def draw_ligature(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw two letters as one, side by side or stacked, some with a bar above, as in Devanagari.

    Args:
        rng: The random number generator.

    Returns:
        uint8 (28, 28) in MNIST format.
    """
    first, second = (glyph_skeleton(*_choose_glyph(_LETTERS, rng)) for _ in range(2))
    width, height = first.max(axis=0)
    beside, below = rng.uniform(-8, 6), rng.uniform(-5, 15)
    shift = (width + beside, below) if rng.random() < 0.7 else (below, height + beside)
    second = second * rng.uniform(0.6, 1) + np.array(shift)
    parts = [first, second]
    if rng.random() < 0.3:
        left, top = np.concatenate(parts).min(axis=0)
        right = max(part[:, 0].max() for part in parts)
        bar = np.arange(left - 6, right + 6)
        parts.append(np.column_stack([bar, np.full(len(bar), top)]))
    return draw_skeleton(np.concatenate(parts), rng)


@cache
def glyph_skeleton(character: str, font_name: str) -> NDArray[np.float64]:
    """Return the skeleton of a printed glyph.

    Args:
        character: The glyph.
        font_name: Name of a font of matplotlib.

    Returns:
        Points (n, 2) as x and y, at most 1.5 pixels apart; the longer side has 64 pixels.
    """
    canvas = Image.new("L", _CANVAS)
    font = load_font(font_name, _FONT_SIZE)
    ImageDraw.Draw(canvas).text((60, 60), character, fill=255, font=font)
    printed = canvas.crop(canvas.getbbox())
    scale = _SIDE / max(printed.size)
    size = (max(1, round(printed.width * scale)), max(1, round(printed.height * scale)))
    resized = printed.resize(size, Image.Resampling.BICUBIC)
    rows, columns = np.nonzero(thin(np.asarray(resized) > 127))
    return np.column_stack([columns, rows]).astype(np.float64)


def draw_skeleton(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a skeleton with a pen: elastic distortion, affine transform and random line width.

    A distance transform widens the skeleton to the line width.

    Args:
        points: Points (n, 2) of the skeleton, as x and y in pixels.
        rng: The random number generator.

    Returns:
        uint8 (28, 28) in MNIST format.
    """
    moved = _transform(_distort(points, rng), rng)
    radius = _SIDE * rng.uniform(*_LINE_WIDTHS) / 2
    margin = math.ceil(radius) + 2
    pixels = np.rint(moved - moved.min(axis=0)).astype(int) + margin
    width, height = pixels.max(axis=0) + margin + 1
    paper = np.full((height, width), 255, np.uint8)
    paper[pixels[:, 1], pixels[:, 0]] = 0
    distances = cv2.distanceTransform(paper, cv2.DIST_L2, cv2.DIST_MASK_5)
    coverage = np.clip(radius + 0.5 - distances, 0, 1)
    return center_and_scale(coverage[bounding_region(coverage > 0.5)])


def thin(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin a mask to its skeleton, one pixel wide.

    Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", 1984.

    Args:
        mask: The foreground, shape (h, w).

    Returns:
        The skeleton, shape (h, w).
    """
    padded = np.pad(mask, 1)
    while True:
        before = padded.sum()
        for step in (0, 1):
            # The eight neighbors, clockwise from the upper one.
            shifts = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
            around = np.stack([np.roll(padded, shift, (0, 1)) for shift in shifts])
            count = around.sum(axis=0)
            starts = (~around & np.roll(around, -1, axis=0)).sum(axis=0)
            up, right, down, left = around[::2]
            if step == 0:
                is_edge = ~(up & right & down) & ~(right & down & left)
            else:
                is_edge = ~(up & right & left) & ~(up & down & left)
            padded = padded & ~((count >= 2) & (count <= 6) & (starts == 1) & is_edge)
        if padded.sum() == before:
            return padded[1:-1, 1:-1]


def _choose_glyph(choices: tuple[GlyphTable, ...], rng: np.random.Generator) -> tuple[str, str]:
    """Choose a character and the name of its font."""
    frequencies = np.array([table.frequency for table in choices])
    fonts, characters, _ = choices[rng.choice(len(choices), p=frequencies / frequencies.sum())]
    return characters[rng.integers(len(characters))], fonts[rng.integers(len(fonts))]


def _distort(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Move points by a smooth field: waves of random direction, about one side long."""
    for _ in range(_WAVES):
        frequency = rng.uniform(-1, 1, 2) * (2 * np.pi / _SIDE)
        waves = np.sin(points @ frequency + rng.uniform(0, 2 * np.pi))
        points = points + waves[:, None] * rng.normal(0, _AMPLITUDE * _SIDE, 2)
    return points


def _transform(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Apply a random affine transform, and scale the longer side to 64 pixels again."""
    moved: NDArray[np.float64] = points @ random_affine(rng, max_stretch=_MAX_STRETCH)
    moved *= _SIDE / max(1.0, float(np.ptp(moved, axis=0).max()))
    return moved
