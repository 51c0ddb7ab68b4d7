import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.augmentation import RandomAffine
from tests.strokes import make_digits

NOTHING = {"rotation": 0.0, "shear": 0.0, "zoom": 0.0, "shift": 0.0}


@pytest.fixture
def images() -> NDArray[np.float32]:
    return make_digits(20, seed=3).images[..., None].astype(np.float32) / 255


def changed(images: NDArray[np.float32], seed: int = 0, **limits: float) -> NDArray[np.float32]:
    return np.asarray(RandomAffine(seed=seed, **limits)(images, training=True))


def test_nothing_happens_outside_training(images: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(np.asarray(RandomAffine()(images)), images)


def test_no_change_is_no_change(images: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(changed(images, **NOTHING), images, atol=1e-4)


def test_every_image_changes_by_its_own_amount() -> None:
    image = make_digits(9, seed=0).images[8, ..., None].astype(np.float32) / 255
    results = changed(np.stack([image] * 8))

    assert results.shape == (8, 28, 28, 1)
    assert len({result.tobytes() for result in results}) == 8
    assert results.min() >= 0
    assert results.max() <= 1 + 1e-5


def test_the_seed_decides(images: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(changed(images, seed=5), changed(images, seed=5))
    assert not np.array_equal(changed(images, seed=5), changed(images, seed=6))


def test_a_shift_moves_the_ink_no_further_than_it_may() -> None:
    dot = np.zeros((64, 28, 28, 1), np.float32)
    dot[:, 14, 14] = 1

    results = changed(dot, **(NOTHING | {"shift": 3.0}))

    centres = np.array([ndimage.center_of_mass(result[..., 0]) for result in results])
    distances = np.abs(centres - 14)
    assert distances.max() <= 3 + 1e-3
    assert distances.max() > 2


@pytest.mark.parametrize("limits", [{"rotation": 15.0}, {"zoom": 0.1}, {"shear": 10.0}])
def test_the_middle_stays_where_it_is(limits: dict[str, float]) -> None:
    disk = np.zeros((16, 28, 28, 1), np.float32)
    disk[:, 12:16, 12:16] = 1

    for result in changed(disk, **(NOTHING | limits)):
        assert ndimage.center_of_mass(result[..., 0]) == pytest.approx((13.5, 13.5), abs=0.2)


def test_a_digit_is_never_mirrored() -> None:
    """Ink that lies left of the middle stays there, however far it is turned and slanted."""
    bar = np.zeros((64, 28, 28, 1), np.float32)
    bar[:, 8:20, 6:9] = 1

    for result in changed(bar, shift=0.0):
        assert ndimage.center_of_mass(result[..., 0])[1] < 12
