"""Synthetic doodles: simple signs, blots, grids, scribbles."""

import numpy as np

from mnistcli.synthetic.doodles import (
    draw_blot,
    draw_grid,
    draw_hatching,
    draw_scribble,
    draw_simple_sign,
)


def test_grids_have_much_foreground() -> None:
    rng = np.random.default_rng(3)
    grids = np.stack([draw_grid(rng) for _ in range(30)])

    assert (grids > 128).mean() > 0.15


def test_simple_signs_are_not_tall_and_narrow_like_a_1() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([draw_simple_sign(rng) for _ in range(100)]) > 128

    heights, widths = masks.any(axis=2).sum(axis=1), masks.any(axis=1).sum(axis=1)
    assert (widths > 0.4 * heights).all()


def test_a_blot_fills_most_of_its_bounding_box() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([draw_blot(rng) for _ in range(30)]) > 128

    boxes = masks.any(axis=2).sum(axis=1) * masks.any(axis=1).sum(axis=1)
    assert np.mean(masks.sum(axis=(1, 2)) / boxes) > 0.6


def test_scribbles_are_all_different() -> None:
    rng = np.random.default_rng(3)

    assert len({draw_scribble(rng).tobytes() for _ in range(40)}) == 40


def test_hatching_has_many_turns() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([draw_hatching(rng) for _ in range(60)]) > 128

    along_rows = (masks[:, :, 1:] & ~masks[:, :, :-1]).sum(axis=2).max(axis=1)
    along_columns = (masks[:, 1:] & ~masks[:, :-1]).sum(axis=1).max(axis=1)
    most = np.maximum(along_rows, along_columns)
    dense = masks.mean(axis=(1, 2)) > 0.2  # so dense that the turns touch
    assert ((most >= 3) | dense).mean() > 0.95
