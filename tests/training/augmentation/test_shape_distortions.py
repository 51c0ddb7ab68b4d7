"""Distortions of shapes: warps, stroke widths, outlines and truncation."""

import numpy as np
import pytest
from scipy import ndimage

from mnistcli.training.augmentation.shape_distortions import (
    change_stroke_width,
    trace_outline,
    truncate,
    warp,
)
from tests.training.augmentation.helpers import apply, bar, count_foreground


def test_a_warp_moves_the_digit_over_the_border() -> None:
    identity = (4 / 7, 0.5, 0.5, 0.5)  # no scaling, rotation or shear
    right = apply(warp, bar(4), *identity, 1.0)
    assert ndimage.center_of_mass(right[0, ..., 0]) == pytest.approx((13.5, 7.5), abs=0.1)
    down = apply(warp, bar(4), *identity, 0.5, 0.0)
    assert count_foreground(down) == 4 * 18


@pytest.mark.parametrize(("parameter", "scale"), [(0.0, 0.6), (1.0, 1.3)])
def test_a_warp_scales(parameter: float, scale: float) -> None:
    scaled = apply(warp, bar(12), parameter)
    assert scaled.sum() == pytest.approx(scale**2 * 12 * 20, rel=0.06)


def test_strokes_get_wider_and_thinner() -> None:
    assert count_foreground(apply(change_stroke_width, bar(4), 0.0, 1.0)) == 6 * 22
    thinner = apply(change_stroke_width, bar(4), 1.0, 1.0)
    assert thinner[0, 14, :, 0].sum() == pytest.approx(2 + 2 * 0.3)


def test_an_outline_excludes_the_foreground() -> None:
    outline = apply(trace_outline, bar(6), 0.5, 0.0, 1.0)
    assert outline[bar(6) > 0].max() == 0
    assert count_foreground(outline) == 8 * 22 - 6 * 20
    without_corners = apply(trace_outline, bar(6), 0.5, 1.0, 1.0)
    assert count_foreground(without_corners) == count_foreground(outline) - 4


@pytest.mark.parametrize("side", range(4))
def test_a_truncation_removes_pixels_on_one_side(side: int) -> None:
    square = np.zeros((1, 28, 28, 1), np.float32)
    square[:, 4:24, 4:24] = 1
    truncated = apply(truncate, square, side / 4 + 0.1, 1.0)
    assert count_foreground(truncated) == 20 * 16
    assert sorted(np.ptp(np.argwhere(truncated), axis=0)) == [0, 0, 15, 19]
