"""Synthetic signs as non-digits: ticks, arrows, operators, currency signs and others."""

import numpy as np
from numpy.typing import NDArray

from mnistcli.synthetic.pen import Stroke, arc, draw_strokes
from mnistcli.synthetic.seven_segment import NON_DIGIT_PATTERNS, segment_lines

_WIDTHS = (0.07, 0.16)  # line widths, as fractions of the longer side
_CURVE_POSITIONS = np.linspace(0, 1, 12)[:, None]  # along a bent stroke: 0 to 1

# Strokes in a box about one unit high; y grows downwards. Without >=, which looks like a 2, and <=,
# which looks like a 5.
_OPERATORS: tuple[list[Stroke], ...] = (
    [[(0, 0.4), (0.8, 0.4)], [(0.4, 0), (0.4, 0.8)], [(0, 1), (0.8, 1)]],  # plus or minus
    [[(0, 0.5), (1, 0.5)], arc((0.5, 0.15), (0.05, 0.05), 0, 360), [(0.5, 0.85), (0.5, 0.9)]],
    [[(0, 0), (1, 0)], [(0, 0.35), (1, 0.35)], [(0, 0.7), (1, 0.7)]],  # identical
    [[(1, 0), (0, 0.5), (1, 1)]],  # less than
    [[(0.5, 0), (0, 0.4), (0.5, 0.8)], [(1, 0), (0.5, 0.4), (1, 0.8)]],  # much less than
    [[(0, 0.6), (0.15, 0.55), (0.4, 1), (0.7, 0), (1.4, 0)]],  # square root
    [[(0.8, 0.1), (0.75, 0), (0, 0), (0.45, 0.5), (0, 1), (0.8, 1), (0.85, 0.88)]],  # sum
    [[(0, 0), (1, 0)], [(0.2, 0), (0.2, 1)], [(0.8, 0), (0.8, 1)]],  # product
    [
        arc((0.15, 0.2), (0.15, 0.17), 0, 360),
        arc((0.85, 0.8), (0.15, 0.17), 0, 360),
        [(0.85, 0), (0.15, 1)],
    ],  # percent
    [[(0.3, 0), (0.2, 1)], [(0.75, 0), (0.65, 1)], [(0, 0.3), (1, 0.3)], [(0, 0.7), (1, 0.7)]],
    [[(0, 0), (1, 1)], [(1, 0), (0, 1)], [(0.5, -0.1), (0.5, 1.1)]],  # asterisk
    [[(0, 0), (0.5, 1), (1, 0)], [(0.2, 0.4), (0.8, 0.4)]],  # for all
    [[(0.5, 0), (0.5, 0.02)], [(0, 0.8), (0, 0.82)], [(1, 0.8), (1, 0.82)]],  # therefore
)  # fmt: skip

# Euro, pound, yen, ruble, rupee, won and naira. A cent or a dollar sign can look like a 0 or 5.
_CURRENCY: tuple[list[Stroke], ...] = (
    [arc((0.6, 0.5), (0.5, 0.5), 315, 45), [(0, 0.4), (0.7, 0.4)], [(0, 0.6), (0.65, 0.6)]],
    [
        [(0.85, 0.2), (0.7, 0), (0.5, 0), (0.38, 0.15), (0.4, 0.75), (0.05, 1), (0.95, 1)],
        [(0.1, 0.5), (0.75, 0.5)],
    ],
    [
        *([(0, 0), (0.5, 0.45), (1, 0)], [(0.5, 0.45), (0.5, 1)]),
        *([(0.1, 0.5), (0.9, 0.5)], [(0.1, 0.72), (0.9, 0.72)]),
    ],
    [
        [(0.2, 1), (0.2, 0), (0.7, 0.05), (0.75, 0.4), (0.2, 0.5)],
        *([(0, 0.5), (0.3, 0.5)], [(0, 0.75), (0.6, 0.75)]),
    ],
    [
        *([(0, 0), (0.8, 0)], [(0, 0.25), (0.8, 0.25)]),
        [(0.15, 0), (0.55, 0.08), (0.55, 0.42), (0, 0.5), (0.6, 1)],
    ],
    [[(0, 0), (0.25, 1), (0.5, 0.2), (0.75, 1), (1, 0)], [(-0.1, 0.45), (1.1, 0.45)]],
    [[(0, 1), (0, 0), (0.8, 1), (0.8, 0)], *([(-0.2, y), (1, y)] for y in (0.4, 0.6))],
)  # fmt: skip


def draw_tick(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a tick (check mark): a short stroke down and a long one up, much wider than a 1.

    Args:
        rng: The random number generator.
    """
    width, corner = rng.uniform(0.6, 1.3), rng.uniform(0.2, 0.4)
    start = (0.0, rng.uniform(0.35, 0.7))
    foot, end = (corner * width, 1.0), (width, rng.uniform(-0.1, 0.1))
    short = _bend(start, foot, rng.normal(0, 0.05))
    long = _bend(foot, end, rng.normal(0.02, 0.05))
    strokes: list[Stroke] = [np.concatenate([short, long])]
    if rng.random() < 0.08:  # two ticks
        strokes.append(_shift(strokes[0], 0.35, 0))
    return draw_strokes(strokes, rng, width=_WIDTHS)


def draw_arrow(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw an arrow to the left or right, level or downwards.

    A vertical arrow can look like a 1, and one to the upper right like a 7.

    Args:
        rng: The random number generator.
    """
    shaft = _bend((0, 0), (1, 0), rng.normal(0, 0.1) if rng.random() < 0.3 else 0.0)
    is_double = rng.random() < 0.2
    gap = rng.uniform(0.1, 0.15)
    strokes: list[Stroke] = [shaft]
    if is_double:
        strokes = [_shift(shaft[:-1], 0, gap), _shift(shaft[:-1], 0, -gap)]
    half_angle, length = np.radians(rng.uniform(25, 50)), rng.uniform(0.25, 0.5)
    barb = length * np.array([np.cos(half_angle), np.sin(half_angle)])
    head = np.array([(1 - barb[0], -barb[1]), (1, 0), (1 - barb[0], barb[1])])
    if not is_double and rng.random() < 0.25:  # a closed head
        head = np.concatenate([head, head[:1]])
    strokes.append(head)
    if not is_double and rng.random() < 0.2:  # two heads
        strokes.append(head * (-1, 1) + (1, 0))
    angle = np.radians(rng.uniform(-10, 40))
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    mirror = rng.choice([-1, 1])
    rotated: list[Stroke] = [np.asarray(stroke) @ rotation * (mirror, 1) for stroke in strokes]
    return draw_strokes(rotated, rng, width=_WIDTHS)


def draw_operator(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a mathematical operator.

    Args:
        rng: The random number generator.
    """
    if rng.random() < 0.15:  # one or two waves: similar, approximately equal
        x = np.linspace(0, 1, 20)
        wave = np.column_stack([x, rng.uniform(0.06, 0.11) * np.sin(2 * np.pi * x)])
        waves: list[Stroke] = [wave, _shift(wave, 0, 0.4)]
        return draw_strokes(waves[: rng.integers(1, 3)], rng, width=_WIDTHS)
    return _draw_from(_OPERATORS, rng)


def draw_currency(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a currency sign.

    Args:
        rng: The random number generator.
    """
    return _draw_from(_CURRENCY, rng)


def draw_bracket(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw an opening square or curly bracket, wider than a 1; some are double.

    A closing one can look like a 7 or a 3, and a round bracket like a 1 or a 7.

    Args:
        rng: The random number generator.
    """
    width, stem = rng.uniform(0.4, 0.65), 0.0
    bracket = [(width, 0.0), (0.0, 0.0), (0.0, 1.0), (width, 1.0)]
    if rng.random() < 0.6:
        stem = width * 0.5
        bracket = [
            *((width, 0), (stem + 0.05, 0.05), (stem, 0.15), (stem, 0.4), (0, 0.5)),
            *((stem, 0.6), (stem, 0.85), (stem + 0.05, 0.95), (width, 1)),
        ]
    strokes: list[Stroke] = [np.array(bracket)]
    if rng.random() < 0.25:
        strokes.append(_shift(strokes[0], rng.uniform(0.3, 0.5), 0))
    return draw_strokes(strokes, rng, width=_WIDTHS)


def draw_segments(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw segments of a seven-segment display that differ from each digit in two or more.

    Args:
        rng: The random number generator.
    """
    gap = rng.uniform(0, 0.15)
    size = np.array([rng.uniform(0.8, 1.2), 1.0])
    pattern = NON_DIGIT_PATTERNS[rng.integers(len(NON_DIGIT_PATTERNS))]
    strokes: list[Stroke] = [line * size for line in segment_lines(pattern, gap=gap)]
    return draw_strokes(strokes, rng, width=_WIDTHS)


def draw_ideograph(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw an invented CJK ideograph: horizontal and vertical strokes, most with two slanted ones.

    Args:
        rng: The random number generator.
    """
    rows = np.linspace(0.05, rng.uniform(0.5, 1), int(rng.integers(2, 5)))
    reach = rng.uniform(0.25, 0.5, len(rows))
    strokes: list[Stroke] = [[(0.5 - x, y), (0.5 + x, y)] for x, y in zip(reach, rows, strict=True)]
    columns = rng.choice([0.2, 0.5, 0.8], int(rng.integers(1, 4)), replace=False)
    strokes += [[(x, rng.uniform(-0.2, 0.1)), (x, rng.uniform(0.6, 1))] for x in columns]
    if len(strokes) < 5 or rng.random() < 0.5:  # as in 木 and 人
        start = rng.uniform(0.3, 0.6)
        foot = start + rng.uniform(0.35, 0.6)
        strokes += [_bend((0.5, start), (side * 0.5 + 0.5, foot), -side * 0.08) for side in (-1, 1)]
    return draw_strokes(strokes, rng, width=(0.06, 0.12))


def _bend(start: tuple[float, float], end: tuple[float, float], bend: float) -> NDArray[np.float64]:
    """Return a curve between two points, shape (12, 2), bent by a fraction of its length."""
    first, last = np.array(start), np.array(end)
    across = (last - first)[::-1] * (-1, 1)
    curve: NDArray[np.float64] = first + _CURVE_POSITIONS * (last - first)
    curve += 4 * bend * _CURVE_POSITIONS * (1 - _CURVE_POSITIONS) * across
    return curve


def _shift(stroke: Stroke, x: float, y: float) -> NDArray[np.float64]:
    """Return a stroke, shape (n, 2), moved to the right and down."""
    moved: NDArray[np.float64] = np.asarray(stroke, dtype=np.float64) + np.array([x, y])
    return moved


def _draw_from(signs: tuple[list[Stroke], ...], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one of some signs."""
    return draw_strokes(signs[rng.integers(len(signs))], rng, width=_WIDTHS)
