"""Synthetic paper: backgrounds and printed lines."""

import numpy as np

from mnistcli.synthetic import paper

SHAPE = (32, 96)


def test_backgrounds_are_fainter_than_strokes() -> None:
    rng = np.random.default_rng(0)
    backgrounds = np.stack([paper.draw_background(SHAPE, rng) for _ in range(100)])

    assert backgrounds.shape == (100, *SHAPE)
    assert backgrounds.min() >= 0
    assert backgrounds.mean() < 0.25
    assert (backgrounds.max(axis=(1, 2)) > 0.1).mean() > 0.5
    assert backgrounds.max() < 0.95


def test_underlines_run_through_the_feet_of_the_digits() -> None:
    rng = np.random.default_rng(0)
    lines = [paper.draw_form_lines(SHAPE, 6.0, 26.0, rng) for _ in range(200)]
    rows = [int(line.sum(axis=1).argmax()) for line in lines if line.any()]

    assert 0.4 < len(rows) / 200 < 0.75
    assert np.mean(np.array(rows) > 16) > 0.5
    assert min(rows) < 8


def test_layers_of_ink_add_up_to_at_most_1() -> None:
    half = np.full(SHAPE, 0.5, np.float32)

    assert np.allclose(paper.add_ink(half, half), 0.75)
    assert np.allclose(paper.add_ink(half, np.ones(SHAPE, np.float32)), 1)


def test_strokes_fade_along_the_line() -> None:
    factors = paper.fade(SHAPE, np.random.default_rng(0))

    assert factors.shape == SHAPE
    assert 0.4 <= factors.min() < factors.max() <= 1
