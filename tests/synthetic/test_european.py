import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.synthetic.european import european_digits


def masks_of(label: int) -> NDArray[np.bool_]:
    """Return the foreground masks of 50 digits."""
    digits = european_digits(150, seed=0)
    masks: NDArray[np.bool_] = digits.images[digits.labels == label] > 128
    return masks


def test_european_digits_alternate_between_1_7_and_4() -> None:
    digits = european_digits(30, seed=0)

    assert list(digits.labels[:6]) == [1, 7, 4, 1, 7, 4]
    assert digits.images.shape == (30, 28, 28)
    assert digits.images.max(axis=(1, 2)).min() == 255


def test_the_seed_determines_the_european_digits() -> None:
    images = european_digits(30, seed=0).images

    np.testing.assert_array_equal(european_digits(30, seed=0).images, images)
    assert (european_digits(30, seed=1).images != images).any(axis=(1, 2)).all()


def test_a_count_of_zero_gives_an_empty_dataset() -> None:
    assert len(european_digits(0, seed=0)) == 0


def test_european_digits_have_no_loop() -> None:
    masks = european_digits(150, seed=0).images > 128
    filled = np.stack([ndimage.binary_fill_holes(mask) for mask in masks])

    assert ((filled & ~masks).sum(axis=(1, 2)) <= 2).mean() > 0.97


def test_more_than_half_of_the_1s_have_a_base() -> None:
    widths = np.array([np.ptp(np.flatnonzero(mask[20:].any(axis=0))) for mask in masks_of(1)])

    assert 0.4 < (widths > 6).mean() < 0.8


def test_a_7_has_a_crossbar() -> None:
    widths = masks_of(7)[:, 10:18].sum(axis=2).max(axis=1)

    assert (widths >= 7).mean() > 0.8


def test_a_4_is_open_at_the_top() -> None:
    # Some row above the crossbar meets the diagonal and the stem separately.
    strokes = [max(ndimage.label(row)[1] for row in mask[4:14]) for mask in masks_of(4)]

    assert min(strokes) == 2
