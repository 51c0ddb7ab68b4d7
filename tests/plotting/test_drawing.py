"""Drawing: images in rectangles, boxes, heat maps, and the columns of a grid."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from mnistcli.plotting.drawing import choose_columns, draw_image, outline_digit, tint_digit
from mnistcli.plotting.style import DPI, Footer, new_figure


@pytest.fixture
def axes() -> Axes:
    return new_figure(8, 6, "title", "subtitle", Footer("model", "1 image"))[1]


@pytest.mark.parametrize(
    ("count", "aspect", "columns"), [(1, 2.2, 1), (10, 2.2, 5), (24, 2.2, 8), (32, 1.2, 8)]
)
def test_a_grid_has_few_gaps_in_its_last_row(count: int, aspect: float, columns: int) -> None:
    assert choose_columns(count, aspect) == columns


@pytest.mark.parametrize("size", [(4000, 3), (3, 4000), (1, 1), (3000, 2000), (100, 80)])
def test_a_whole_image_is_drawn_undistorted_in_the_middle(
    size: tuple[int, int], axes: Axes
) -> None:
    left, top, scale = draw_image(axes, Image.new("L", size), (1, 2, 1.5, 1.5))

    (drawn,) = axes.images
    assert max(drawn.get_size()) <= 1.5 * DPI
    x0, x1, y1, y0 = drawn.get_extent()
    assert (x0, y0) == (left, top)
    assert (x1 - x0, y1 - y0) == pytest.approx((size[0] * scale, size[1] * scale))
    assert max(x1 - x0, y1 - y0) == pytest.approx(1.5)
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((1.75, 2.75))


def test_a_digit_is_outlined_at_a_small_distance(axes: Axes) -> None:
    edges = outline_digit(axes, (10, 20, 60, 70), (1, 2, 0.01))

    assert edges == pytest.approx((1.07, 2.17, 1.63, 2.73))
    (box,) = axes.patches
    assert isinstance(box, Rectangle)
    assert (box.get_x(), box.get_y()) == pytest.approx((1.07, 2.17))
    assert (box.get_width(), box.get_height()) == pytest.approx((0.56, 0.56))


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_weak_tint_of_white_is_a_valid_color(sign: int) -> None:
    values = sign * np.geomspace(1e-10, 1, 784, dtype=np.float32).reshape(28, 28)

    tinted = tint_digit(np.zeros((28, 28), np.uint8), values)

    assert tinted.min() >= 0
    assert tinted.max() <= 1
