"""Pen strokes drawn in MNIST format."""

import numpy as np
import pytest
from PIL import Image

from mnistcli.preprocessing.mnist_format_check import detect_mnist_digit
from mnistcli.synthetic.pen import arc, draw_strokes

SQUARE = [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]]


def test_a_drawing_is_in_mnist_format() -> None:
    image = draw_strokes(SQUARE, np.random.default_rng(3))

    assert image.dtype == np.uint8
    assert image.shape == (28, 28)
    assert image.max() == 255
    assert detect_mnist_digit(Image.fromarray(image)) is not None


def test_the_seed_determines_the_drawing() -> None:
    first, again, other = (draw_strokes(SQUARE, np.random.default_rng(n)) for n in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_horizontal_stroke_stays_wide() -> None:
    image = draw_strokes([[(0, 0), (1, 0)]], np.random.default_rng(3))

    rows, columns = np.nonzero(image > 128)
    assert np.ptp(columns) > 2 * np.ptp(rows)


def test_the_unit_of_the_points_does_not_matter() -> None:
    small, large = (
        draw_strokes([np.array(SQUARE[0]) * unit], np.random.default_rng(3)) for unit in (1, 1000)
    )

    assert np.abs(small.astype(int) - large).max() <= 1


def test_a_wider_line_has_more_foreground() -> None:
    thin, wide = (
        (draw_strokes(SQUARE, np.random.default_rng(3), width=(width, width)) > 128).sum()
        for width in (0.07, 0.2)
    )

    assert wide > 2 * thin


def test_an_arc_runs_clockwise_from_three_oclock() -> None:
    points = arc((1, 2), (3, 4), 0, 180)

    assert points.shape == (12, 2)
    np.testing.assert_allclose(points[[0, -1]], [(4, 2), (-2, 2)], atol=1e-9)
    assert (points[1:-1, 1] > 2).all()  # y grows downwards


@pytest.mark.parametrize(("start", "end", "count"), [(0, 10, 8), (360, 0, 24), (40, 400, 24)])
def test_an_arc_has_a_point_about_every_15_degrees(start: float, end: float, count: int) -> None:
    assert len(arc((0, 0), (1, 1), start, end)) == count
