"""Synthetic non-digits in MNIST format: a mixture of negative examples, for outlier exposure.

A classifier trained on digits alone is confident about any image. Trained on out-of-distribution
images as well, with the uniform distribution as their target, it becomes unsure about other
non-digits too (Hendrycks et al., "Deep anomaly detection with outlier exposure", ICLR 2019).

Shapes that somebody writes as a digit are left out: a bar (1), a ring (0), an L or a Z. The known
exceptions are in `doodles`. `glyph_tables` lists what was left out of the scripts.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset
from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.synthetic import doodles, fragments, glyphs, letters, signs, textures
from mnistcli.synthetic.sampling import draw_by_frequency

Renderer = Callable[[np.random.Generator], NDArray[np.uint8]]
"""Renders one non-digit."""

RendererFromDigits = Callable[[Dataset, np.random.Generator], NDArray[np.uint8]]
"""Renders one non-digit from digits of a dataset."""

RENDERERS_FROM_DIGITS: dict[RendererFromDigits, int] = {
    fragments.cut_digit: 3,
    fragments.join_digits: 6,
    fragments.superimpose_digits: 4,
    fragments.shuffle_quarters: 4,
    fragments.mirror_digit: 2,
    fragments.cross_out_digit: 5,
    fragments.make_fraction: 2,
    fragments.join_halves: 5,
}
"""The renderers that need digits, with their relative frequencies."""

RENDERERS: dict[Renderer, int] = {
    doodles.draw_simple_sign: 10,
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
"""The other renderers, with their relative frequencies; the sum over both registries is 212."""

_ATTEMPTS = 20


def generate_non_digits(dataset: Dataset, count: int, *, seed: int) -> NDArray[np.uint8]:
    """Generate non-digits (out-of-distribution images) in MNIST format.

    They are letters and signs of many scripts, doodles, charts and textures, and digits that are
    cut, joined, superimposed, shuffled or crossed out. The fraction of each renderer does
    not depend on the count.

    Args:
        dataset: Digits that some of the non-digits are made from.
        count: Number of images.
        seed: Seed of the random number generator.

    Returns:
        uint8 (count, 28, 28); none is blank.
    """
    from_digits: dict[Renderer, int] = {
        partial(renderer, dataset): frequency
        for renderer, frequency in RENDERERS_FROM_DIGITS.items()
    }
    frequencies: dict[Renderer, int] = {
        partial(_render_visible, renderer): frequency
        for renderer, frequency in (from_digits | RENDERERS).items()
    }
    images = np.zeros((count, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    drawn = draw_by_frequency(frequencies, count, np.random.default_rng(seed))
    for position, image in enumerate(drawn):
        images[position] = image
    return images


def _render_visible(renderer: Renderer, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Render an image that is not blank.

    A fragment of digits stays blank if all images of the dataset are; a sign replaces it then.
    """
    for _ in range(_ATTEMPTS):
        image = renderer(rng)
        if image.max() >= fragments.MIN_PEAK:
            return image
    return doodles.draw_simple_sign(rng)
