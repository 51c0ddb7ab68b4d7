"""Seams: minimum-cost cuts through a text line."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistcli.preprocessing.seams import find_seams


def test_seams_run_through_gaps_and_between_touching_loops() -> None:
    zeros = Image.new("1", (90, 50))
    pen = ImageDraw.Draw(zeros)
    for left in (4, 31, 60):
        pen.ellipse((left, 8, left + 26, 42), outline=1, width=4)

    seams, crossed = find_seams(np.array(zeros), max_cost=20, min_distance=4)

    middle = seams[:, 25].tolist()
    touching = min(range(len(middle)), key=lambda index: abs(middle[index] - 30))
    gap = min(range(len(middle)), key=lambda index: abs(middle[index] - 58))
    assert abs(middle[touching] - 30) <= 3
    assert crossed[touching] > 0
    assert abs(middle[gap] - 58) <= 2
    assert crossed[gap] == 0
    assert not any(8 < column < 24 or 37 < column < 52 for column in middle)


def test_a_seam_follows_a_slanted_gap() -> None:
    rows, columns = np.indices((40, 80))
    mask = np.abs(columns - 60 + rows) > 2  # a gap of five pixels, one column per row
    mask[:, :10] = mask[:, 70:] = False

    seams, crossed = find_seams(mask, max_cost=1, min_distance=4)

    (slanted,) = (seam for seam in seams if 30 < seam[20] < 50)
    assert np.abs(slanted - (60 - np.arange(40))).max() <= 2
    assert (crossed == 0).all()


def test_seams_are_in_order_and_move_by_one_pixel_per_row() -> None:
    mask = np.random.default_rng(0).random((30, 120)) < 0.2

    seams, crossed = find_seams(mask, max_cost=15, min_distance=10)

    assert len(seams) > 3
    assert (np.diff(seams, axis=0) >= 0).all()
    assert (np.abs(np.diff(seams, axis=1)) <= 1).all()
    assert crossed.tolist() == [mask[np.arange(30), seam].sum() for seam in seams]


@pytest.mark.parametrize(("min_distance", "columns"), [(4, [10, 20]), (15, [10])])
def test_of_seams_closer_than_the_minimum_distance_the_cheapest_is_kept(
    min_distance: float, columns: list[int]
) -> None:
    mask = np.ones((20, 31), bool)
    mask[:, 10] = mask[:17, 20] = False

    seams, crossed = find_seams(mask, max_cost=5, min_distance=min_distance)

    assert seams[:, 5].tolist() == columns
    assert crossed.tolist() == [0, 3][: len(columns)]


def test_a_solid_block_is_not_cut() -> None:
    seams, crossed = find_seams(np.ones((20, 30), bool), max_cost=10, min_distance=2)

    assert seams.shape == (0, 20)
    assert crossed.shape == (0,)
