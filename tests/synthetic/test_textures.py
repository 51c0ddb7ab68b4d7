"""Synthetic textures: noise, gradients and patterns."""

import numpy as np
import pytest

from mnistcli.synthetic.non_digits import Renderer
from mnistcli.synthetic.textures import crop_photograph, render_noise, render_pattern


@pytest.mark.parametrize("renderer", [render_noise, crop_photograph])
def test_textures_are_grayscale_or_binary(renderer: Renderer) -> None:
    rng = np.random.default_rng(3)
    images = np.stack([renderer(rng) for _ in range(50)])

    # The border of an image in MNIST format is black.
    grayscale = images[:, :3].max(axis=(1, 2)) > 0
    assert 0.15 < grayscale.mean() < 0.5


@pytest.mark.parametrize("renderer", [render_noise, crop_photograph])
def test_textures_cover_more_than_digits_do(renderer: Renderer) -> None:
    rng = np.random.default_rng(3)
    images = np.stack([renderer(rng) for _ in range(50)])

    assert (images > 128).mean() > 0.15


def test_patterns_repeat() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([render_pattern(rng) for _ in range(60)]) > 128

    assert masks.any(axis=(1, 2)).all()
    rises = (masks[:, :, 1:] & ~masks[:, :, :-1]).sum(axis=2).max(axis=1)
    falls = (masks[:, 1:] & ~masks[:, :-1]).sum(axis=1).max(axis=1)
    assert (np.maximum(rises, falls) >= 3).mean() > 0.9
