"""Curves: splines and their drawing."""

import numpy as np
import pytest

from mnistcli.line_format import MARKS
from mnistcli.synthetic.curves import Pen, digit_curves, draw_curves, spline, vary_shape
from mnistcli.synthetic.digit_shapes import DIGIT_SHAPES
from mnistcli.synthetic.marks import mark_curves

PEN = Pen(height=40, aspect=1.0, slant=0.0, width=4)


def test_a_spline_passes_through_its_points() -> None:
    points = np.array([(0.0, 0.0), (1.0, 2.0), (3.0, 1.0), (4.0, 4.0)])

    curve = spline(points)

    assert len(curve) > 3 * len(points)
    distances = np.linalg.norm(curve[:, None] - points, axis=2).min(axis=0)
    assert distances == pytest.approx(0, abs=1e-9)


def test_a_repeated_point_is_a_corner() -> None:
    rounded = spline(np.array([(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]))
    corner = spline(np.array([(0.0, 0.0), (1.0, 1.0), (1.0, 1.0), (2.0, 0.0)]))

    def least_turn(curve: np.ndarray) -> float:
        steps = np.diff(curve, axis=0)
        steps = steps[np.linalg.norm(steps, axis=1) > 1e-9]
        directions = steps / np.linalg.norm(steps, axis=1, keepdims=True)
        return float((directions[1:] * directions[:-1]).sum(axis=1).min())

    assert least_turn(corner) < least_turn(rounded) - 0.2


def test_a_drawing_stands_on_the_base_line() -> None:
    ink = draw_curves([np.array([(0.0, 0.0), (0.0, 1.0)])], PEN, base=50, rows=64)

    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    assert ink.shape[0] == 64
    assert abs(rows[0] - 10) <= 3
    assert abs(rows[-1] - 50) <= 3
    assert (ink > 0.5).any(axis=0).sum() == pytest.approx(4, abs=1)


@pytest.mark.parametrize("digit", range(10))
def test_every_shape_of_a_digit_is_about_as_high_as_the_line(digit: int) -> None:
    rng = np.random.default_rng(0)
    for shape in DIGIT_SHAPES[digit]:
        curves = digit_curves(vary_shape(shape, rng), rng)
        ink = draw_curves(curves, PEN, base=52, rows=80)
        assert 30 <= (ink > 0.5).any(axis=1).sum() <= 72


@pytest.mark.parametrize("mark", MARKS)
def test_every_mark_is_drawn(mark: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        ink = draw_curves(mark_curves(mark, rng), PEN, base=50, rows=64)
        assert ink.max() > 0.9
