"""Synthetic fragments: digits that are cut, joined or shuffled."""

import numpy as np
import pytest

from mnistcli.datasets import Dataset
from mnistcli.synthetic import fragments
from mnistcli.synthetic.non_digits import RENDERERS_FROM_DIGITS, RendererFromDigits
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


def test_a_digit_that_is_crossed_out_is_covered_by_strokes() -> None:
    rng = np.random.default_rng(3)
    images = [fragments.cross_out_digit(DIGITS, rng) for _ in range(60)]
    masks = np.stack(images) > 128

    # The strokes extend beyond the digit, so its box is wider than that of most digits.
    widths, heights = masks.any(axis=1).sum(axis=1), masks.any(axis=2).sum(axis=1)
    assert (widths > 0.7 * heights).all()
    rises = (masks[:, :, 1:] & ~masks[:, :, :-1]).sum(axis=2).max(axis=1)
    assert (rises >= 2).mean() > 0.6


def test_a_fraction_has_a_bar_between_two_digits() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([fragments.make_fraction(DIGITS, rng) for _ in range(60)]) > 128

    widest = masks.sum(axis=2).argmax(axis=1)
    assert ((widest >= 9) & (widest <= 18)).mean() > 0.9
    heights, widths = masks.any(axis=2).sum(axis=1), masks.any(axis=1).sum(axis=1)
    assert (heights > widths).all()


def test_joined_halves_are_wider_than_a_1() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([fragments.join_halves(DIGITS, rng) for _ in range(60)]) > 128

    heights, widths = masks.any(axis=2).sum(axis=1), masks.any(axis=1).sum(axis=1)
    assert (widths > 0.4 * heights).all()


def test_a_cut_drawing_is_never_a_sliver() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([fragments.cut_drawing(rng) for _ in range(60)]) > 128

    heights, widths = masks.any(axis=2).sum(axis=1), masks.any(axis=1).sum(axis=1)
    assert (widths > 0.4 * heights).all()


@pytest.mark.parametrize("renderer", RENDERERS_FROM_DIGITS)
def test_the_contrast_of_faint_digits_is_stretched(renderer: RendererFromDigits) -> None:
    digits = only(2, 3, 4, 5)
    faint = Dataset(np.rint(digits.images / 15).astype(np.uint8), digits.labels)

    images = [renderer(faint, np.random.default_rng(seed)) for seed in range(10)]

    assert faint.images.max() == 17
    assert sum(image.max() == 255 for image in images) >= 9


@pytest.mark.parametrize("renderer", RENDERERS_FROM_DIGITS)
def test_blank_digits_give_blank_images(renderer: RendererFromDigits) -> None:
    blank = Dataset(np.zeros_like(DIGITS.images), DIGITS.labels)

    assert renderer(blank, np.random.default_rng(3)).max() == 0
