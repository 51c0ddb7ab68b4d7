"""Synthetic non-digits in MNIST format, for outlier exposure.

A classifier trained on digits alone is confident about any image. Trained on out-of-distribution
images as well, with the uniform distribution as their target, it becomes unsure about other
non-digits too (Hendrycks et al., "Deep anomaly detection with outlier exposure", ICLR 2019).

No kind draws a shape that somebody writes for a digit: no bar like a 1, no ring, no L or Z.
`glyph_tables` lists what was left out of the scripts.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset
from mnistcli.preprocessing.shapes import SIDE
from mnistcli.synthetic import doodles, fragments, glyphs, letters, signs, textures

DigitKind = Callable[[Dataset, np.random.Generator], NDArray[np.uint8]]
"""A kind of non-digit made from digits."""

Kind = Callable[[np.random.Generator], NDArray[np.uint8]]
"""A kind of non-digit made without digits."""

DIGIT_KINDS: dict[DigitKind, int] = {
    fragments.cut_digit: 3,
    fragments.join_digits: 6,
    fragments.superimpose_digits: 4,
    fragments.shuffle_quarters: 4,
    fragments.mirror_digit: 2,
    fragments.strike_digit: 5,
    fragments.make_fraction: 2,
    fragments.join_halves: 5,
}
"""Relative frequency of each kind; the sum over both registries is 212."""

KINDS: dict[Kind, int] = {
    doodles.draw_symbol: 10,
    doodles.draw_blot: 3,
    doodles.draw_grid: 3,
    letters.render_letter: 22,
    letters.render_text: 4,
    letters.draw_letter: 6,
    glyphs.draw_glyph: 28,
    glyphs.draw_ligature: 10,
    glyphs.render_glyph: 12,
    signs.draw_ideograph: 6,
    signs.draw_tick: 5,
    signs.draw_arrow: 5,
    signs.draw_operator: 5,
    signs.draw_currency: 4,
    signs.draw_bracket: 2,
    signs.draw_segments: 4,
    fragments.cut_drawing: 10,
    doodles.draw_scene: 8,
    doodles.draw_arches: 6,
    doodles.draw_face: 3,
    doodles.draw_scribble: 5,
    doodles.draw_hatching: 4,
    doodles.draw_star: 2,
    doodles.draw_chart: 3,
    textures.render_noise: 4,
    textures.render_pattern: 4,
    textures.crop_photograph: 3,
}
"""Relative frequency of each kind; the sum over both registries is 212."""

_ATTEMPTS = 20


def non_digits(dataset: Dataset, count: int, *, seed: int) -> NDArray[np.uint8]:
    """Generate non-digits (out-of-distribution images) in MNIST format.

    They are letters and signs of many scripts, doodles, charts and textures, and digits that are
    cut, joined, superimposed, shuffled or crossed out. The fraction of each kind does not
    depend on the count.

    Args:
        dataset: Digits that some of the non-digits are made from.
        count: Number of images.
        seed: Seed of the random number generator.

    Returns:
        uint8 (count, 28, 28); none is blank.
    """
    rng = np.random.default_rng(seed)
    kinds = _repeat_by_frequency(dataset)
    order = rng.permutation(count) % len(kinds)
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    for image, index in zip(images, order, strict=True):
        image[:] = _generate_visible(kinds[index], rng)
    return images


def _repeat_by_frequency(dataset: Dataset) -> list[Kind]:
    """Return each kind as often as its relative frequency says."""
    digit_kinds: dict[Kind, int] = {
        partial(kind, dataset): frequency for kind, frequency in DIGIT_KINDS.items()
    }
    frequencies = digit_kinds | KINDS
    return [kind for kind, frequency in frequencies.items() for _ in range(frequency)]


def _generate_visible(kind: Kind, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Generate an image that is not blank.

    A kind made from digits can stay blank, as when all images of a dataset are; a symbol that
    needs no digits replaces it then.
    """
    for _ in range(_ATTEMPTS):
        image = kind(rng)
        if image.max() >= fragments.MIN_PEAK:
            return image
    return doodles.draw_symbol(rng)
