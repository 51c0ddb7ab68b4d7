"""Random affine transforms: shift, rotation and scale."""

from collections.abc import Mapping

import numpy as np
import pytest
from scipy import ndimage

from mnistcli.training.augmentation import RandomAffine
from tests.training.augmentation.helpers import Images, digit_images, dots

IDENTITY = {"rotation": 0.0, "shear": 0.0, "zoom": 0.0, "shift": 0.0}


@pytest.fixture
def images() -> Images:
    return digit_images(20, seed=3)


def transform(images: Images, limits: Mapping[str, float] | None = None, seed: int = 0) -> Images:
    return np.asarray(RandomAffine(seed=seed, **(limits or {}))(images, training=True))


def test_nothing_happens_outside_training(images: Images) -> None:
    np.testing.assert_array_equal(np.asarray(RandomAffine()(images)), images)


def test_limits_of_zero_change_nothing(images: Images) -> None:
    np.testing.assert_allclose(transform(images, IDENTITY), images, atol=1e-4)


def test_every_image_gets_its_own_transform() -> None:
    results = transform(digit_images(9, seed=0)[8:].repeat(8, axis=0))

    assert results.shape == (8, 28, 28, 1)
    assert len({result.tobytes() for result in results}) == 8
    assert results.min() >= 0
    assert results.max() <= 1 + 1e-5


def test_the_seed_determines_the_transforms(images: Images) -> None:
    np.testing.assert_array_equal(transform(images, seed=5), transform(images, seed=5))
    assert not np.array_equal(transform(images, seed=5), transform(images, seed=6))


def test_a_shift_stays_within_its_limit() -> None:
    results = transform(dots(64), IDENTITY | {"shift": 3.0})

    centers = np.array([ndimage.center_of_mass(result[..., 0]) for result in results])
    distances = np.abs(centers - 14)
    assert distances.max() <= 3 + 1e-3
    assert distances.max() > 2


@pytest.mark.parametrize("limits", [{"rotation": 15.0}, {"zoom": 0.1}, {"shear": 10.0}])
def test_without_a_shift_the_center_stays_in_place(limits: dict[str, float]) -> None:
    square = np.zeros((16, 28, 28, 1), np.float32)
    square[:, 12:16, 12:16] = 1

    for result in transform(square, IDENTITY | limits):
        assert ndimage.center_of_mass(result[..., 0]) == pytest.approx((13.5, 13.5), abs=0.2)


def test_a_digit_is_never_mirrored() -> None:
    """Foreground left of the center stays there after any rotation and shear."""
    bar = np.zeros((64, 28, 28, 1), np.float32)
    bar[:, 8:20, 6:9] = 1

    for result in transform(bar, {"shift": 0.0}):
        assert ndimage.center_of_mass(result[..., 0])[1] < 12
