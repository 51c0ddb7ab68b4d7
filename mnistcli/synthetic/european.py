"""Synthetic European-style digits (1, 4 and 7), which are rare in MNIST."""

import numpy as np

from mnistcli.datasets.dataset import Dataset
from mnistcli.synthetic.pen import Stroke, draw_strokes

_LINE_WIDTH = (0.09, 0.17)


def european_digits(count: int, *, seed: int) -> Dataset:
    """Draw European-style digits: 1 with an upstroke, crossed 7 and open-topped 4, in turn.

    Args:
        count: Number of digits.
        seed: Seed of the random number generator.

    Returns:
        The digits in MNIST format, with their labels.
    """
    rng = np.random.default_rng(seed)
    styles = ((1, _one), (7, _seven), (4, _four))
    chosen = [styles[index % len(styles)] for index in range(count)]
    images = np.zeros((count, 28, 28), np.uint8)
    for image, (_, strokes) in zip(images, chosen, strict=True):
        image[:] = draw_strokes(strokes(rng), rng, width=_LINE_WIDTH)
    return Dataset(images, np.array([digit for digit, _ in chosen], np.int64))


def _one(rng: np.random.Generator) -> list[Stroke]:
    """Return a 1 with an upstroke and, in 60 % of cases, a base up to as long as it is high."""
    upstroke_width, upstroke_height = rng.uniform(0.1, 0.45), rng.uniform(0.12, 0.6)
    upstroke_middle = (-upstroke_width * 0.4, upstroke_height * rng.uniform(0.3, 0.55))
    strokes: list[Stroke] = [
        [(-upstroke_width, upstroke_height), upstroke_middle, (0, 0), (rng.uniform(-0.05, 0.05), 1)]
    ]
    if rng.random() < 0.6:
        strokes.append([(-rng.uniform(0.12, 0.6), 1), (rng.uniform(0.12, 0.6), 1)])
    return strokes


def _seven(rng: np.random.Generator) -> list[Stroke]:
    """Return a 7 with a crossbar and, in 30 % of cases, a serif at the left."""
    right, foot = rng.uniform(0.5, 0.75), rng.uniform(0.1, 0.35)
    bend = rng.uniform(-0.02, 0.12)
    middle = ((right + foot) / 2 - bend, 0.5)
    bar_height, half_length = rng.uniform(0.42, 0.58), rng.uniform(0.15, 0.28)
    bar_center = middle[0] + (0.5 - bar_height) * (right - foot)
    rise = rng.uniform(-0.05, 0.1)
    serif: list[tuple[float, float]] = [(0, 0.15)] if rng.random() < 0.3 else []
    return [
        [*serif, (0, rng.uniform(-0.03, 0.05)), (right, 0), middle, (foot, 1)],
        [
            (bar_center - half_length, bar_height + rise),
            (bar_center + half_length, bar_height - rise),
        ],
    ]


def _four(rng: np.random.Generator) -> list[Stroke]:
    """Return a 4 of two strokes that do not meet at the top."""
    stem, bar_height = rng.uniform(0.35, 0.55), rng.uniform(0.45, 0.65)
    stem_top, lean = rng.uniform(0, 0.25), rng.uniform(-0.05, 0.1)
    overhang = rng.uniform(0.05, 0.25)
    return [
        [
            (rng.uniform(0.02, 0.15), 0),
            (0, bar_height),
            (stem + overhang, bar_height + lean / 2),
        ],
        [(stem + lean, stem_top), (stem, 1)],
    ]
