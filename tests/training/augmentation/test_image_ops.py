"""Image operations of the augmentation: dilation, erosion, blends, coordinates."""

import math

import numpy as np
import pytest

from mnistcli.training.augmentation.image_ops import blend, dilate, erode, rotate_coordinates
from tests.training.augmentation.helpers import bar, count_foreground


def test_erosion_undoes_dilation_of_a_bar() -> None:
    dilated = np.asarray(dilate(bar(4)))

    assert count_foreground(dilated) == 6 * 22
    np.testing.assert_array_equal(np.asarray(erode(dilated)), bar(4))


def test_a_blend_weights_the_second_image() -> None:
    assert np.asarray(blend(bar(4), 0 * bar(4), 0.25)).max() == pytest.approx(0.75)


def test_coordinates_are_relative_to_the_center_and_rotated() -> None:
    angle = np.full((1, 1, 1, 1), math.pi / 2, np.float32)
    along, perpendicular = (np.asarray(axis)[0, ..., 0] for axis in rotate_coordinates(angle))

    np.testing.assert_allclose(along[:, 5], np.arange(28) - 13.5, atol=1e-5)
    np.testing.assert_allclose(perpendicular[5], 13.5 - np.arange(28), atol=1e-5)
