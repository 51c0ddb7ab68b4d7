"""Synthetic digits in styles (allographs) rare in MNIST, such as crossed 7s and slashed zeros.

They are drawn with a pen or, with one-pixel strokes, as with a mouse. Digits of the dataset are
squeezed and stretched as well.

No style draws a shape that can be read as another digit: a long upstroke of a 1 is steep, because
a flat one makes it a 7. Therefore the shapes of `digit_shapes`, of which some are unambiguous only
in a number, are not used here.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from mnistcli.datasets.dataset import Dataset
from mnistcli.mnist_format import IMAGE_SIDE
from mnistcli.synthetic.sampling import draw_by_frequency
from mnistcli.synthetic.shape_ranges import parse_ranges
from mnistcli.synthetic.style_drawing import DrawnStyle, LabeledImage, StretchedStyle

_SHAPES = {
    0: parse_ranges("30:35,0 6,15:25 0,50 6,80 30,100 54,80 60,50 52,15:20 25:32,-2:2"),
    1: parse_ranges("0:20,0 0,100"),
    2: parse_ranges("""
        0:8,22:30 10,6 28,0 50,8 54,25 36:42,55 0,98 0,98 60:70,98
        0:8,22:30 10,6 28,0 50,8 54,25 30:36,62 0,98 25,90 50,98 75,94
    """),
    3: parse_ranges("0:8,12:18 12,2 32,0 48,12 42,36 18:24,46 18:24,46 48,54 56,74 34,98 0,88:94"),
    4: parse_ranges("8:20,0 0,55:62 0,55:62 60:72,55:60 | 42:48,0:20 42:48,100"),
    5: parse_ranges("55:62,0 12,0:4 12,0:4 4:10,42 4:10,42 38,38 55,64 36,96 0,90:96"),
    6: parse_ranges("40:48,0 14,28 0,66 12,94 34,100 54,84 50,62 28,54 4,70"),
    7: parse_ranges("0,0:6 56:62,0 56:62,0 34:40,45 18:25,100"),
    8: parse_ranges("50,12 30,0 8,10 8,28 46,64 54,84 30,100 4,86 10,64 46,30 52:58,14 40,2 28,0"),
    9: parse_ranges("50,12 28,0 4,12 6,38 26,48 48,30 52,6 52,6 44:52,60 36:48,100"),
}  # fmt: skip
_WIDE = {label: shapes for label, shapes in _SHAPES.items() if label != 1}
_NARROW = {label: shapes for label, shapes in _WIDE.items() if label != 7}  # it looks like a 1

DRAWN_STYLES: dict[DrawnStyle, int] = {
    DrawnStyle(
        name="1 with a long upstroke",
        shapes={1: parse_ranges("""
            -10:-22,24:48 -5:-12,10:22 0,0 0,0 -4:6,100
            -24:-44,48:68 -13:-23,20:34 0,0 0,0 -4:8,100
            -26:-46,66:98 -14:-24,28:46 0,0 0,0 -4:12,100
            -44:-60,62:78 -34:-44,52:58 -12:-18,22:28 0,0 0,0 -4:6,100
        """)},
        width_factors=(0.85, 1.1),
        max_pen_width=0.13,
    ): 6,
    DrawnStyle(
        name="1 with a long base",
        shapes={1: parse_ranges("""
            -10:-32,20:45 -5:-16,8:20 0,0 0,0 -3:3,100 | -15:-35,100 15:35,100
            -10:-32,20:45 -5:-16,8:20 0,0 0,0 -3:3,100 | -30:-60,97:103 30:60,103:97
        """)},
    ): 5,
    DrawnStyle(
        name="2 with a loop",
        shapes={2: parse_ranges("""
            0:8,20:30 12,4 32,0 54,12 50,34 28,72 2:6,98 -10:-16,84 4:10,66:72 40,90 80:100,98:90
            0:8,20:30 12,4 32,0 54,12 50,34 26,76 0:4,99 -6:-10,88 4:8,76:82 36,92 65:85,99:92
        """)},
        max_pen_width=0.13,
    ): 4,
    DrawnStyle(
        name="2 as a zigzag",
        shapes={2: parse_ranges("""
            0:6,4:16 8:14,0 52:58,0:6 52:58,0:6 30:34,50 0,98 0,98 58:75,96:102
        """)},
    ): 4,
    DrawnStyle(
        name="3 as a zigzag",
        shapes={3: parse_ranges("""
            0,0:8 48:58,0 48:58,0 16:24,38:44 16:24,38:44 54,58 50,86 22,100 -4,88:95
            0,0:10 46:56,0 46:56,0 14:24,42:48 14:24,42:48 52:60,56:64 52:60,56:64 -5:5,100
        """)},
    ): 4,
    DrawnStyle(
        name="4 with an open top",
        shapes={4: parse_ranges("2:15,0 0,45:62 0,45:62 62:80,48:64 | 36:52,0:25 38:52,100")},
    ): 5,
    DrawnStyle(
        name="4 with a long stem",
        shapes={4: parse_ranges("4:14,0 0,30:40 0,30:40 56:70,32:42 | 38:46,0:20 36:46,100")},
    ): 4,
    DrawnStyle(
        name="5 with a long bar",
        shapes={5: parse_ranges("10,0 5,42 5,42 38,42 46,70 24,100 -5,90:96 | 10,0 70:95,-8:2")},
    ): 2,
    DrawnStyle(
        name="5 as a zigzag",
        shapes={5: parse_ranges("""
            55:64,0 4,0:4 4,0:4 4,46 4,46 48,44:54 48,44:54 48,96 48,96 -4:4,96:100
            55:64,0 10,0:4 10,0:4 4,40 4,40 52,54:60 52,54:60 -4:6,96:102
        """)},
    ): 4,
    DrawnStyle(
        name="6 with a large loop",
        shapes={6: parse_ranges("""
            40:58,0 14:20,18 0,58 10,92 34,100 60,84 62,54 42,30:38 14,42:48 3,62
        """)},
        max_pen_width=0.13,
    ): 7,
    DrawnStyle(
        name="6 with a straight tail",
        shapes={6: parse_ranges("""
            38:58,0 2,66 2,66 10,94 32,100 52,84 46,62 24,56 2,74
        """)},
    ): 2,
    DrawnStyle(
        name="7 with a bar",
        shapes={7: parse_ranges("""
            0,-3:5 50:68,0 50:68,0 36:42,50 12:30,100 | 8:16,46:58 52:66,58:42
            0,14 0,0:4 0,0:4 50:68,0 50:68,0 36:42,50 12:30,100 | 8:16,46:58 52:66,58:42
        """)},
    ): 5,
    DrawnStyle(
        name="7 with a hook",
        shapes={7: parse_ranges("""
            0,14:30 0:4,0 0:4,0 52:62,0 52:62,0 34:40,48 14:26,100
            0:5,22:30 6:14,4 28,9:13 55:62,0 55:62,0 34:38,48 14:26,102
        """)},
        width_factors=(0.9, 1.4),
        max_pen_width=0.14,
    ): 4,
    DrawnStyle(
        name="7 with a hook and a bar",
        shapes={7: parse_ranges("""
            0:6,20:28 4:12,5 26,9:13 58:68,0 58:68,0 36:42,50 14:28,104 | 10:18,46:58 54:68,58:42
            0,16:30 0:4,0 0:4,0 58:68,0 58:68,0 36:42,50 14:28,100 | 10:18,46:58 54:68,58:42
        """)},
        width_factors=(0.9, 1.4),
        max_pen_width=0.13,
    ): 3,
    DrawnStyle(
        name="9 with a straight tail",
        shapes={9: parse_ranges("48,10 26,0 4,10 4,36 24,46 46,28 50,2 50,2 46:56,100")},
    ): 2,
    DrawnStyle(
        name="9 with a large loop",
        shapes={9: parse_ranges("""
            56,30 50,6 28,0 6,10 2,38 14,62:68 36,64:70 54,48 58,14 58,4:10 58:62,60 48:56,100
        """)},
        max_pen_width=0.13,
    ): 3,
    DrawnStyle(
        name="9 with a curled tail",
        shapes={9: parse_ranges("""
            48,12 26,0 4,10 4,34 24,44 46,26 50,6 50,6 52:56,60 40,95 14:20,100 -4:0,82:90
        """)},
    ): 3,
    DrawnStyle(
        name="9 with a flat open top",
        shapes={9: parse_ranges("40:48,0 8,0:4 0,20 6,42 28,46 46:52,30 | 54:60,4:12 46:56,100")},
    ): 3,
    DrawnStyle(
        name="0 with a slash",
        shapes={0: parse_ranges("""
            32,0 8,18 0,50 8,82 32,100 56,82 64,50 56,18 30,0 | 20:26,72:66 44:38,28:34
            32,0 8,18 0,50 8,82 32,100 56,82 64,50 56,18 30,0 | 8:12,86:80 56:52,14:20
            32,0 8,18 0,50 8,82 32,100 56,82 64,50 56,18 30,0 | -8:2,106:98 72:62,-6:2
        """)},
        max_pen_width=0.11,
        width_factors=(0.95, 1.4),
    ): 6,
    DrawnStyle(name="wide", shapes=_WIDE, width_factors=(1.3, 1.9)): 3,
    DrawnStyle(
        name="narrow", shapes=_NARROW, width_factors=(0.45, 0.7), max_pen_width=0.12
    ): 3,
    DrawnStyle(
        name="one-pixel strokes", shapes=_SHAPES, width_factors=(0.7, 1.4), mouse_fraction=1.0
    ): 6,
}  # fmt: skip
"""Drawn styles with their frequencies; the sum over both registries is 100."""

STRETCHED_STYLES: dict[StretchedStyle, int] = {
    # A squeezed 7 looks like a 1, and a slanted 1 that is stretched like a dash.
    StretchedStyle(name="squeezed", width_factors=(0.55, 0.8), excluded_labels=(1, 7)): 6,
    StretchedStyle(name="stretched", width_factors=(1.3, 1.75), excluded_labels=(1,)): 6,
}
"""Styles of stretched digits with their frequencies."""


def generate_styled_digits(dataset: Dataset, count: int, *, seed: int) -> Dataset:
    """Generate digits in writing styles that are rare in MNIST.

    The fraction of each style does not depend on the count.

    Args:
        dataset: Digits that some of them are made from.
        count: Number of digits.
        seed: Seed of the random number generator.

    Returns:
        The digits in MNIST format, with their labels.
    """
    images = np.zeros((count, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    labels = np.zeros(count, np.int64)
    drawn = draw_by_frequency(_frequencies(dataset), count, np.random.default_rng(seed))
    for position, (image, label) in enumerate(drawn):
        images[position], labels[position] = image, label
    return Dataset(images, labels)


def _frequencies(dataset: Dataset) -> dict[Callable[[np.random.Generator], LabeledImage], int]:
    """Return the function that draws each style, with its relative frequency.

    A style that no digit of the dataset can be stretched for is omitted.
    """
    frequencies: dict[Callable[[np.random.Generator], LabeledImage], int] = {
        style.draw: frequency for style, frequency in DRAWN_STYLES.items()
    }
    for style, frequency in STRETCHED_STYLES.items():
        digits = dataset.take(np.flatnonzero(~np.isin(dataset.labels, style.excluded_labels)))
        if len(digits):
            frequencies[partial(style.draw, digits)] = frequency
    return frequencies
