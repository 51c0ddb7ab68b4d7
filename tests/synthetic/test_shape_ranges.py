"""Ranges of shapes: their notation, and the shapes between and beyond the extremes."""

import numpy as np

from mnistcli.synthetic.shape_ranges import parse_ranges

LINE = "-10:-40,20:60 0,0 | 5,-10 5:25,100"


def ends(spread: float) -> np.ndarray:
    """Return the first point of 200 drawn shapes, and the last point of their second stroke."""
    (shape,) = parse_ranges(LINE)
    rng = np.random.default_rng(0)
    drawn = [shape.draw(rng, spread=spread) for _ in range(200)]
    return np.array([[first[0], second[-1]] for first, second in drawn])


def test_a_range_has_two_extremes() -> None:
    (shape,) = parse_ranges(LINE)

    np.testing.assert_allclose(shape.first[0], [(-0.1, 0.2), (0, 0)])
    np.testing.assert_allclose(shape.last[0], [(-0.4, 0.6), (0, 0)])
    np.testing.assert_allclose(shape.first[1], [(0.05, -0.1), (0.05, 1)])
    np.testing.assert_allclose(shape.last[1], [(0.05, -0.1), (0.25, 1)])


def test_each_line_is_a_range() -> None:
    assert len(parse_ranges(f"\n    {LINE}\n    0,0 0,100\n")) == 2


def test_shapes_lie_between_the_extremes() -> None:
    x, y = ends(1.0)[:, 0].T

    assert -0.47 < x.min() < -0.36
    assert -0.14 < x.max() < -0.03
    assert 0.13 < y.min() < 0.24
    assert 0.56 < y.max() < 0.67


def test_a_larger_spread_reaches_beyond_the_extremes() -> None:
    assert ends(2.0)[:, 0, 0].min() < -0.5
    assert ends(2.0)[:, 0, 1].max() > 0.72


def test_strokes_and_axes_vary_independently() -> None:
    points = ends(1.0)

    correlations = np.corrcoef([points[:, 0, 0], points[:, 0, 1], points[:, 1, 0]])
    assert np.abs(correlations[np.triu_indices(3, 1)]).max() < 0.3


def test_a_repeated_point_stays_a_corner() -> None:
    (shape,) = parse_ranges("0,0 0,50:60 0,50:60 40,70")

    (curve,) = shape.draw(np.random.default_rng(0))

    first, repeated = curve[len(curve) // 3], curve[2 * (len(curve) // 3)]
    np.testing.assert_array_equal(first, repeated)
