"""Distortions by noise, fog, stripes and lines."""

import numpy as np
import pytest

from mnistcli.training.augmentation.noise_distortions import (
    add_fog,
    add_impulse_noise,
    add_noise,
    add_spatter,
    draw_line,
    invert_stripe,
)
from tests.training.augmentation.helpers import apply, bar, count_foreground, solid


def test_gaussian_noise_is_everywhere_and_shot_noise_needs_light() -> None:
    assert apply(add_noise, solid(0.5, 20), 0.5, 0.0).std() == pytest.approx(0.0625, rel=0.05)
    assert apply(add_noise, solid(0, 20), 0.0, 1.0).max() == 0


def test_impulse_noise_is_black_and_white() -> None:
    noisy = apply(add_impulse_noise, solid(0.5, 20), 1.0)
    assert (noisy == 0).mean() == pytest.approx(0.15, abs=0.01)
    assert (noisy == 1).mean() == pytest.approx(0.15, abs=0.01)
    assert set(np.unique(noisy)) == {0, 0.5, 1}


def test_fog_reduces_the_contrast_and_raises_the_brightness() -> None:
    low_contrast = apply(add_fog, bar(4), 0.0, 1.0, 0.0, 0.0)
    assert sorted(set(low_contrast.ravel())) == pytest.approx([0.5, 0.8])
    foggy = apply(add_fog, bar(4), 1.0, 1.0, 1.0, 0.0)[..., 0]
    assert np.abs(np.diff(foggy[0, 0])).max() < 0.7 / 6  # smooth


def test_a_stripe_is_inverted_inside_or_outside() -> None:
    within = apply(invert_stripe, solid(0), 0.0, 0.5, 0.5, 0.5, 0.0)[0, ..., 0]
    np.testing.assert_array_equal(within[11:17], 1)
    assert count_foreground(within) == 6 * 28
    beside = apply(invert_stripe, solid(0), 0.0, 0.5, 0.0, 0.5, 1.0)[0, ..., 0]
    assert count_foreground(beside) == 16 * 28
    assert apply(invert_stripe, solid(1), 0.0, 0.5, 0.5, 1.0, 0.0).min() == 0


def test_a_line_is_straight_zigzag_solid_or_dashed() -> None:
    straight = apply(draw_line, solid(0), 0.0, 0.5, 0.0, 0.0, 0.5, 0.5, 1.0, 1.0)[0, ..., 0]
    assert (straight.max(axis=0) > 0).all()
    assert np.ptp(np.argwhere(straight), axis=0)[0] == 1
    dashed = apply(draw_line, solid(0), 0.0, 0.5, 0.0, 0.0, 0.5, 0.5, 1.0, 0.4)[0, ..., 0]
    assert 8 <= (dashed.max(axis=0) > 0).sum() <= 20
    zigzag = apply(draw_line, solid(0), 0.0, 0.5, 0.0, 1.0, 0.5, 0.5, 1.0, 1.0)[0, ..., 0]
    assert np.ptp(np.argwhere(zigzag), axis=0)[0] >= 3


def test_spatter_is_bright_or_hides_the_foreground() -> None:
    assert apply(add_spatter, solid(0), 0.0, 1.0).max() == 1
    assert apply(add_spatter, solid(1), 0.0, 1.0, 1.0).min() == 0
