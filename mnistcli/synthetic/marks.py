"""Marks beside digits: punctuation, brackets, currency, ticks and crossed-out digits."""

import numpy as np

from mnistcli.line_format import OTHER_MARK
from mnistcli.synthetic.curves import spline
from mnistcli.synthetic.digit_shapes import DIGIT_SHAPES, Strokes
from mnistcli.synthetic.seven_segment import DIGIT_PATTERNS, segment_lines

Points = tuple[tuple[float, float], ...]
Shape = tuple[Points, ...]

_SEGMENT_GAP = 0.16  # as a fraction of a segment


def mark_curves(mark: str, rng: np.random.Generator) -> Strokes:
    """Return the strokes of a mark in units of the digit's height.

    Args:
        mark: One of the `MARKS`.
        rng: The random number generator.
    """
    return [spline(np.array(points)) for points in _MARK_SHAPES[mark](rng)]


def _dot(rng: np.random.Generator) -> Shape:
    y = rng.uniform(0.88, 1.08)
    return (((0.0, y), (rng.uniform(0.01, 0.05), y + rng.uniform(0, 0.05))),)


def _comma(rng: np.random.Generator) -> Shape:
    y, length = rng.uniform(0.85, 1.0), rng.uniform(0.15, 0.4)
    return (((0.1, y), (0.08, y + length / 2), (rng.uniform(-0.1, 0.05), y + length)),)


def _dash(rng: np.random.Generator) -> Shape:
    y, length = rng.uniform(0.4, 0.75), rng.choice([0.25, 0.4, 0.7, 1.4]) * rng.uniform(0.8, 1.2)
    return (((0.0, y), (length / 2, y + rng.normal(0, 0.03)), (length, y + rng.normal(0, 0.06))),)


def _equals(rng: np.random.Generator) -> Shape:
    y, gap, length = rng.uniform(0.3, 0.65), rng.uniform(0.15, 0.3), rng.uniform(0.25, 0.8)
    tilt = rng.normal(0, 0.06)
    return (
        ((0.0, y), (length, y + tilt)),
        ((rng.normal(0, 0.06), y + gap), (length * rng.uniform(0.6, 1.1), y + gap + tilt)),
    )


def _colon(rng: np.random.Generator) -> Shape:
    low, high = rng.uniform(0.75, 1.0), rng.uniform(0.3, 0.55)
    return (((0.0, high), (0.03, high)), ((0.0, low), (0.03, low)))


def _slash(rng: np.random.Generator) -> Shape:
    return (((rng.uniform(0.45, 0.8), -rng.uniform(0.1, 0.35)), (0.0, rng.uniform(1.1, 1.35))),)


def _hash(rng: np.random.Generator) -> Shape:
    lean, level = rng.uniform(0.0, 0.2), rng.uniform(0.3, 0.42)
    return (
        ((0.15 + lean, 0.05), (0.15, 1.0)),
        ((0.45 + lean, 0.05), (0.45, 1.0)),
        ((0.0, level), (0.7, level)),
        ((0.0, level + 0.3), (0.65, level + 0.3)),
    )


def _dollar(rng: np.random.Generator) -> Shape:
    middle = rng.uniform(0.2, 0.35)
    return (
        ((0.5, 0.15), (0.2, 0.05), (0.05, 0.3), (0.45, 0.6), (0.35, 0.95), (0.0, 0.85)),
        ((middle + 0.05, -0.15), (middle - 0.05, 1.15)),
    )


def _plus(rng: np.random.Generator) -> Shape:
    side, middle, tilt = rng.uniform(0.3, 0.8), rng.uniform(0.4, 0.65), rng.normal(0, 0.05)
    return (
        ((0.0, middle + tilt), (side, middle - tilt)),
        ((side / 2 - tilt, middle - side / 2), (side / 2 + tilt, middle + side / 2)),
    )


def _opening_bracket(rng: np.random.Generator) -> Shape:
    top, bottom, bend = rng.uniform(-0.4, 0.0), rng.uniform(1.0, 1.4), rng.uniform(0.08, 0.3)
    return (((bend, top), (0.0, (top + bottom) / 2), (bend, bottom)),)


def _closing_bracket(rng: np.random.Generator) -> Shape:
    return tuple(tuple((-x, y) for x, y in points) for points in _opening_bracket(rng))


def _other_mark(rng: np.random.Generator) -> Shape:
    """Return a mark that is not transcribed: a tick, a cross, a crossed-out digit, segments."""
    kinds = (_tick, _cross, _crossed_out_digit, _crossed_out_digit, _segments)
    return kinds[rng.integers(len(kinds))](rng)


def _tick(rng: np.random.Generator) -> Shape:
    width, turn = rng.uniform(0.5, 1.2), rng.uniform(0.2, 0.4)
    low, start, end = rng.uniform(0.9, 1.15), rng.uniform(0.4, 0.75), rng.uniform(-0.4, 0.2)
    return (((0.0, start), (width * turn, low), (width * turn, low), (width, end)),)


def _cross(rng: np.random.Generator) -> Shape:
    width, top, bottom = rng.uniform(0.5, 1.0), rng.uniform(-0.2, 0.2), rng.uniform(0.9, 1.2)
    lean = rng.normal(0, 0.08)
    return (((0.0, top), (width, bottom + lean)), ((width + lean, top), (0.0, bottom)))


def _crossed_out_digit(rng: np.random.Generator) -> Shape:
    shapes = DIGIT_SHAPES[int(rng.integers(10))]
    digit = [tuple(map(tuple, points)) for points in shapes[rng.integers(len(shapes))]]
    kind = rng.random()
    if kind < 0.5:
        strokes = _cross(rng)
    elif kind < 0.75:
        rows = rng.uniform(0.3, 0.7, int(rng.integers(2, 5)))
        strokes = tuple(((-0.15, row), (0.75, row + rng.normal(0, 0.1))) for row in rows)
    else:  # a zigzag
        count = int(rng.integers(6, 12))
        edges = np.tile([0.0, 1.0], count)[:count] + rng.normal(0, 0.1, count)
        strokes = (tuple(zip(np.linspace(-0.1, 0.7, count).tolist(), edges.tolist(), strict=True)),)
    return (*digit, *strokes)


def _segments(rng: np.random.Generator) -> Shape:
    """Return a digit of a seven-segment display."""
    lines = segment_lines(DIGIT_PATTERNS[rng.integers(len(DIGIT_PATTERNS))], gap=_SEGMENT_GAP)
    return tuple(tuple(map(tuple, line / 2)) for line in lines)


_MARK_SHAPES = {
    ".": _dot,
    ",": _comma,
    "-": _dash,
    "=": _equals,
    ":": _colon,
    "/": _slash,
    "#": _hash,
    "$": _dollar,
    "+": _plus,
    "(": _opening_bracket,
    ")": _closing_bracket,
    OTHER_MARK: _other_mark,
}
