"""Digits as they are written in Europe, of which MNIST has few, drawn by rule."""

import numpy as np

from mnistcli.datasets.dataset import Dataset
from mnistcli.synthetic.pen import Stroke, draw

Chance = np.random.Generator


def european_digits(count: int, *, seed: int) -> Dataset:
    """Draw 1s with an upstroke and often a base, crossed 7s, and 4s open at the top, in turn.

    Args:
        count: How many.
        seed: Decides how each is drawn.
    """
    chance = np.random.default_rng(seed)
    kinds = ((1, _one), (7, _seven), (4, _four))
    chosen = [kinds[number % len(kinds)] for number in range(count)]
    images = np.zeros((count, 28, 28), np.uint8)
    for image, (_, strokes) in zip(images, chosen, strict=True):
        image[:] = draw(strokes(chance), chance, width=(0.09, 0.17))
    return Dataset(images, np.array([digit for digit, _ in chosen], np.int64))


def _one(chance: Chance) -> list[Stroke]:
    back, drop = chance.uniform(0.1, 0.45), chance.uniform(0.12, 0.6)
    middle = (-back * 0.4, drop * chance.uniform(0.3, 0.55))
    strokes: list[Stroke] = [[(-back, drop), middle, (0, 0), (chance.uniform(-0.05, 0.05), 1)]]
    if chance.random() < 0.6:  # from a short foot to a line as long as the 1 is high
        strokes.append([(-chance.uniform(0.12, 0.6), 1), (chance.uniform(0.12, 0.6), 1)])
    return strokes


def _seven(chance: Chance) -> list[Stroke]:
    right, foot = chance.uniform(0.5, 0.75), chance.uniform(0.1, 0.35)
    bend = chance.uniform(-0.02, 0.12)
    knee = ((right + foot) / 2 - bend, 0.5)
    level, reach = chance.uniform(0.42, 0.58), chance.uniform(0.15, 0.28)
    middle = knee[0] + (0.5 - level) * (right - foot)
    rise = chance.uniform(-0.05, 0.1)
    hook: list[tuple[float, float]] = [(0, 0.15)] if chance.random() < 0.3 else []
    return [
        [*hook, (0, chance.uniform(-0.03, 0.05)), (right, 0), knee, (foot, 1)],
        [(middle - reach, level + rise), (middle + reach, level - rise)],
    ]


def _four(chance: Chance) -> list[Stroke]:
    stem, level = chance.uniform(0.35, 0.55), chance.uniform(0.45, 0.65)
    top, lean = chance.uniform(0, 0.25), chance.uniform(-0.05, 0.1)
    reach = chance.uniform(0.05, 0.25)
    return [
        [(chance.uniform(0.02, 0.15), 0), (0, level), (stem + reach, level + lean / 2)],
        [(stem + lean, top), (stem, 1)],
    ]
