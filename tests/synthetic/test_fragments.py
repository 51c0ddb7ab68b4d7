import numpy as np
import pytest

from mnistcli.datasets import Dataset
from mnistcli.synthetic import fragments
from mnistcli.synthetic.non_digits import DIGIT_KINDS, DigitKind
from tests.support.strokes import make_digits

DIGITS = make_digits(100, seed=0)


def only(*labels: int) -> Dataset:
    return DIGITS.take(np.flatnonzero(np.isin(DIGITS.labels, labels)))


def test_a_mirrored_3_keeps_its_pixels() -> None:
    image = fragments.mirror_digit(DIGITS, np.random.default_rng(3))

    threes = only(3).images
    assert any((image == three[:, ::-1]).all() for three in threes)


def test_joined_digits_are_as_wide_as_the_box_allows() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([fragments.join_digits(DIGITS, rng) for _ in range(30)]) > 128

    heights, widths = masks.any(axis=2).sum(axis=1), masks.any(axis=1).sum(axis=1)
    assert (widths >= 18).mean() > 0.9
    assert heights.mean() < widths.mean()


def test_superimposed_digits_have_more_foreground_than_one() -> None:
    rng = np.random.default_rng(3)
    images = np.stack([fragments.superimpose_digits(DIGITS, rng) for _ in range(30)])

    assert (images > 128).mean() > 1.3 * (DIGITS.images > 128).mean()


def test_a_cut_drawing_is_never_a_sliver() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([fragments.cut_drawing(rng) for _ in range(60)]) > 128

    heights, widths = masks.any(axis=2).sum(axis=1), masks.any(axis=1).sum(axis=1)
    assert (widths > 0.4 * heights).all()


@pytest.mark.parametrize("kind", DIGIT_KINDS)
def test_the_contrast_of_faint_digits_is_stretched(kind: DigitKind) -> None:
    digits = only(2, 3, 4, 5)
    faint = Dataset(np.rint(digits.images / 15).astype(np.uint8), digits.labels)

    images = [kind(faint, np.random.default_rng(seed)) for seed in range(10)]

    assert faint.images.max() == 17
    assert sum(image.max() == 255 for image in images) >= 9


@pytest.mark.parametrize("kind", DIGIT_KINDS)
def test_blank_digits_give_blank_images(kind: DigitKind) -> None:
    blank = Dataset(np.zeros_like(DIGITS.images), DIGITS.labels)

    assert kind(blank, np.random.default_rng(3)).max() == 0
