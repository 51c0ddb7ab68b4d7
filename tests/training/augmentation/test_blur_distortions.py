"""Distortions by blur and low resolution."""

import numpy as np
import pytest

from mnistcli.training.augmentation.blur_distortions import blur, glass_blur, pixelate
from tests.training.augmentation.helpers import apply, digit_images, dots


def test_a_blur_spreads_the_foreground_and_keeps_its_sum() -> None:
    areas = []
    for kind in (0.1, 0.3, 0.5, 0.7, 0.9):
        blurred = apply(blur, dots(1), kind, 1.0)
        assert blurred.sum() == pytest.approx(1)
        areas.append(int((blurred > 0).sum()))
    assert areas == [25, 5, 5, 5, 5]


def test_a_glass_blur_moves_pixels_by_at_most_two() -> None:
    offsets = np.argwhere(apply(glass_blur, dots(200), 0.0, 0.0)[..., 0])[:, 1:] - 14
    assert np.abs(offsets).sum(axis=1).max() == 2


def test_pixelated_images_have_squares_of_four_pixels() -> None:
    squares = apply(pixelate, digit_images(20, seed=3), 0.0)
    for row, column in ((0, 1), (1, 0), (1, 1)):
        np.testing.assert_array_equal(squares[:, ::2, ::2], squares[:, row::2, column::2])
