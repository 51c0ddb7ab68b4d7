"""Pictures that are no digits, and digits drawn by rule."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from mnistcli.preprocessing.digit import stored_digit
from mnistcli.synthetic import non_digits as nondigits
from mnistcli.synthetic.european import european_digits
from mnistcli.synthetic.non_digits import non_digits
from tests.support.strokes import make_digits

DIGITS = make_digits(100, seed=0)
# These show their 28x28 pixels as they are, not one thing centred in a box.
LOOSE = {"_textures", "_photographs", "_mirrored"}


def test_there_are_as_many_as_asked_for_and_none_is_empty() -> None:
    pictures = non_digits(DIGITS, 400, seed=1)

    assert pictures.dtype == np.uint8
    assert pictures.shape == (400, 28, 28)
    assert pictures.max(axis=(1, 2)).min() >= 128
    assert non_digits(DIGITS, 0, seed=1).shape == (0, 28, 28)


def test_the_seed_decides() -> None:
    pictures = non_digits(DIGITS, 150, seed=1)

    np.testing.assert_array_equal(non_digits(DIGITS, 150, seed=1), pictures)
    assert (non_digits(DIGITS, 150, seed=2) != pictures).any(axis=(1, 2)).mean() > 0.95


def test_hardly_two_are_alike() -> None:
    pictures = non_digits(DIGITS, 500, seed=1)

    assert len(np.unique(pictures, axis=0)) > 490


def test_every_kind_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = list(nondigits._SHARES.values())
    levels = {
        lambda *_, level=128 + number: np.full((28, 28), level, np.uint8): share
        for number, share in enumerate(shares)
    }
    monkeypatch.setattr(nondigits, "_SHARES", levels)

    pictures = non_digits(DIGITS, 3 * sum(shares), seed=1)

    counts = np.bincount(pictures[:, 0, 0], minlength=128 + len(shares))[128:]
    assert list(counts) == [3 * share for share in shares]


@pytest.mark.parametrize("kind", [kind for kind in nondigits._SHARES if kind.__name__ not in LOOSE])
def test_drawings_fill_the_box_as_digits_do(kind: nondigits.Kind) -> None:
    chance = np.random.default_rng(3)

    # The centre of a very uneven drawing cannot be in the middle.
    pictures = [kind(DIGITS, chance) for _ in range(20)]

    assert sum(stored_digit(Image.fromarray(picture)) is not None for picture in pictures) >= 8


def test_a_dash_is_level_and_grids_are_full() -> None:
    chance = np.random.default_rng(3)

    dash = nondigits.draw([[(0, 0), (1, 0)]], chance)
    grids = np.stack([nondigits._rules(DIGITS, chance) for _ in range(30)])

    rows, columns = np.nonzero(dash > 128)
    assert np.ptp(columns) > 2 * np.ptp(rows)
    assert (grids > 128).mean() > 0.15


def test_letters_come_light_and_dark() -> None:
    chance = np.random.default_rng(3)
    letters = np.stack([nondigits._letters(DIGITS, chance) for _ in range(100)])

    inked = (letters[:, 4:24, 4:24] > 128).mean(axis=(1, 2))
    assert 5 <= (inked > 0.6).sum() <= 40
    assert (inked < 0.5).sum() >= 50


def test_european_digits_come_in_turn() -> None:
    digits = european_digits(30, seed=0)

    assert list(digits.labels[:6]) == [1, 7, 4, 1, 7, 4]
    assert digits.images.max(axis=(1, 2)).min() == 255
    np.testing.assert_array_equal(european_digits(30, seed=0).images, digits.images)


def test_european_digits_have_no_loop() -> None:
    inked = european_digits(150, seed=0).images > 128
    filled = np.stack([ndimage.binary_fill_holes(image) for image in inked])

    assert ((filled & ~inked).sum(axis=(1, 2)) <= 2).mean() > 0.97


def test_digits_of_one_kind_are_enough() -> None:
    ones = make_digits(20, seed=0)
    ones = ones.take(np.flatnonzero(ones.labels == 1))

    assert (non_digits(ones, 60, seed=0).max(axis=(1, 2)) >= 128).all()
