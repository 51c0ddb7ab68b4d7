import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.training import augmentation
from mnistcli.training.augmentation import (
    DISTURBANCES,
    FORMS,
    Change,
    RandomAffine,
    RandomDistortion,
)
from tests.support.strokes import make_digits

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


def distorted(images: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    return np.asarray(RandomDistortion(seed=seed)(images, training=True))


def by(change: Change, images: NDArray[np.float32], *amounts: float) -> NDArray[np.float32]:
    """Change images by given amounts; those that are left out are one half."""
    filled = np.full((8, len(images), 1, 1, 1), 0.5, np.float32)
    filled[: len(amounts)] = np.reshape(amounts, (-1, 1, 1, 1, 1))
    return np.asarray(change(images, filled, keras.random.SeedGenerator(1)))


def bar(width: int) -> NDArray[np.float32]:
    images = np.zeros((1, 28, 28, 1), np.float32)
    images[:, 4:24, 14 - width // 2 : 14 - width // 2 + width] = 1
    return images


def inked(images: NDArray[np.float32]) -> int:
    return int((images > 0.5).sum())


def test_no_distortion_outside_training(images: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(np.asarray(RandomDistortion()(images)), images)


def test_about_half_of_the_images_stay_as_they_are() -> None:
    images = make_digits(200, seed=1).images[..., None].astype(np.float32) / 255
    results = distorted(images)

    assert results.shape == images.shape
    assert results.dtype == np.float32
    assert results.min() >= 0
    assert results.max() <= 1 + 1e-5
    assert 0.4 < (results == images).all(axis=(1, 2, 3)).mean() < 0.6


def test_images_stay_at_their_place_in_the_batch() -> None:
    images = make_digits(200, seed=1).images[..., None].astype(np.float32) / 255
    change = np.abs(distorted(images) - images).mean(axis=(1, 2, 3))
    elsewhere = np.abs(np.roll(images, 1, axis=0) - images).mean(axis=(1, 2, 3))

    assert np.median(change) < np.median(elsewhere) / 10


def test_the_seed_decides_over_distortions(images: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(distorted(images, 5), distorted(images, 5))
    assert not np.array_equal(distorted(images, 5), distorted(images, 6))


def test_no_two_batches_are_distorted_alike(images: NDArray[np.float32]) -> None:
    layer = RandomDistortion()
    first, second = (np.asarray(layer(images, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_small_batches_keep_their_size(count: int, images: NDArray[np.float32]) -> None:
    assert distorted(images[:count]).shape == (count, 28, 28, 1)


def test_distortions_work_in_a_compiled_training(images: NDArray[np.float32]) -> None:
    inputs = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(RandomDistortion()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(flat))
    model.compile("sgd", "mse")
    history = model.fit(images, np.zeros(len(images)), batch_size=64, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("change", [*FORMS, *DISTURBANCES])
@pytest.mark.parametrize("amount", [0.05, 0.45, 0.95])
def test_a_changed_image_is_still_a_digit(
    change: Change, amount: float, images: NDArray[np.float32]
) -> None:
    results = by(change, images, *[amount] * 8)

    assert results.min() >= 0
    assert results.max() <= 1 + 1e-5
    assert (results.std(axis=(1, 2, 3)) > 0.03).all()


def test_a_far_move_takes_the_digit_over_the_border() -> None:
    as_it_is = (4 / 7, 0.5, 0.5, 0.5)  # neither scaled nor turned
    moved = by(augmentation.move, bar(4), *as_it_is, 1.0)
    assert ndimage.center_of_mass(moved[0, ..., 0]) == pytest.approx((13.5, 7.5), abs=0.1)
    down = by(augmentation.move, bar(4), *as_it_is, 0.5, 0.0)
    assert inked(down) == 4 * 18


@pytest.mark.parametrize(("amount", "size"), [(0.0, 0.6), (1.0, 1.3)])
def test_a_move_scales(amount: float, size: float) -> None:
    scaled = by(augmentation.move, bar(12), amount)
    assert scaled.sum() == pytest.approx(size**2 * 12 * 20, rel=0.06)


def test_strokes_get_wider_and_finer() -> None:
    assert inked(by(augmentation.reweigh, bar(4), 0.0, 1.0)) == 6 * 22
    finer = by(augmentation.reweigh, bar(4), 1.0, 1.0)
    assert finer[0, 14, :, 0].sum() == pytest.approx(2 + 2 * 0.3)


def test_a_blur_keeps_the_ink_and_spreads_it() -> None:
    dot = np.zeros((1, 28, 28, 1), np.float32)
    dot[:, 14, 14] = 1
    shapes = []
    for kind in (0.1, 0.3, 0.5, 0.7, 0.9):
        blurred = by(augmentation.blur, dot, kind, 1.0)
        assert blurred.sum() == pytest.approx(1)
        shapes.append(int((blurred > 0).sum()))
    assert shapes == [25, 5, 5, 5, 5]


def test_glass_moves_pixels_two_steps_at_most() -> None:
    dot = np.zeros((200, 28, 28, 1), np.float32)
    dot[:, 14, 14] = 1
    away = np.argwhere(by(augmentation.scatter, dot, 0.0, 0.0)[..., 0])[:, 1:] - 14
    assert np.abs(away).sum(axis=1).max() == 2


def test_an_outline_has_nothing_where_the_ink_was() -> None:
    edges = by(augmentation.outline, bar(6), 0.5, 0.0, 1.0)
    assert edges[bar(6) > 0].max() == 0
    assert inked(edges) == 8 * 22 - 6 * 20
    assert inked(by(augmentation.outline, bar(6), 0.5, 1.0, 1.0)) == inked(edges) - 4


def test_pixels_come_in_squares(images: NDArray[np.float32]) -> None:
    squares = by(augmentation.pixelate, images, 0.0)
    for row, column in ((0, 1), (1, 0), (1, 1)):
        np.testing.assert_array_equal(squares[:, ::2, ::2], squares[:, row::2, column::2])


@pytest.mark.parametrize("side", range(4))
def test_a_cut_takes_pixels_of_one_side(side: int) -> None:
    square = np.zeros((1, 28, 28, 1), np.float32)
    square[:, 4:24, 4:24] = 1
    cut = by(augmentation.cut_off, square, side / 4 + 0.1, 1.0)
    assert inked(cut) == 20 * 16
    assert sorted(np.ptp(np.argwhere(cut), axis=0)) == [0, 0, 15, 19]


def test_grain_is_as_strong_as_it_may_be() -> None:
    grey = np.full((20, 28, 28, 1), 0.5, np.float32)
    assert by(augmentation.add_grain, grey, 0.5, 0.0).std() == pytest.approx(0.0625, rel=0.05)
    dark = np.zeros_like(grey)
    assert by(augmentation.add_grain, dark, 0.0, 1.0).max() == 0  # no light, no shot noise


def test_specks_are_black_and_white() -> None:
    grey = np.full((20, 28, 28, 1), 0.5, np.float32)
    specked = by(augmentation.add_specks, grey, 1.0)
    assert (specked == 0).mean() == pytest.approx(0.15, abs=0.01)
    assert (specked == 1).mean() == pytest.approx(0.15, abs=0.01)
    assert set(np.unique(specked)) == {0, 0.5, 1}


def test_haze_lowers_the_contrast_and_lifts_the_dark() -> None:
    hazy = by(augmentation.add_haze, bar(4), 0.0, 1.0, 0.0, 0.0)
    assert sorted(set(hazy.ravel())) == pytest.approx([0.5, 0.8])
    foggy = by(augmentation.add_haze, bar(4), 1.0, 1.0, 1.0, 0.0)[..., 0]
    assert np.abs(np.diff(foggy[0, 0])).max() < 0.7 / 6  # smooth


def test_a_stripe_inverts_within_or_beside() -> None:
    dark = np.zeros((1, 28, 28, 1), np.float32)
    within = by(augmentation.add_stripe, dark, 0.0, 0.5, 0.5, 0.5, 0.0)[0, ..., 0]
    np.testing.assert_array_equal(within[11:17], 1)
    assert inked(within) == 6 * 28
    beside = by(augmentation.add_stripe, dark, 0.0, 0.5, 0.0, 0.5, 1.0)[0, ..., 0]
    assert inked(beside) == 16 * 28
    assert by(augmentation.add_stripe, dark + 1, 0.0, 0.5, 0.5, 1.0, 0.0).min() == 0


def test_a_line_is_straight_whole_zigzag_or_dotted() -> None:
    dark = np.zeros((1, 28, 28, 1), np.float32)
    straight = by(augmentation.add_line, dark, 0.0, 0.5, 0.0, 0.0, 0.5, 0.5, 1.0, 1.0)[0, ..., 0]
    assert (straight.max(axis=0) > 0).all()
    assert np.ptp(np.argwhere(straight), axis=0)[0] == 1
    dotted = by(augmentation.add_line, dark, 0.0, 0.5, 0.0, 0.0, 0.5, 0.5, 1.0, 0.4)[0, ..., 0]
    assert 8 <= (dotted.max(axis=0) > 0).sum() <= 20
    zigzag = by(augmentation.add_line, dark, 0.0, 0.5, 0.0, 1.0, 0.5, 0.5, 1.0, 1.0)[0, ..., 0]
    assert np.ptp(np.argwhere(zigzag), axis=0)[0] >= 3


def test_blots_are_bright_or_hide_ink() -> None:
    assert by(augmentation.add_blots, np.zeros((1, 28, 28, 1), np.float32), 0.0, 1.0).max() == 1
    full = np.ones((1, 28, 28, 1), np.float32)
    assert by(augmentation.add_blots, full, 0.0, 1.0, 1.0).min() == 0
