"""Connected components, distance transform, stroke width and morphology."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistcli.preprocessing.components import (
    bounding_region,
    connected_components,
    dilate,
    distance_transform,
    fill_holes,
    min_area_rect_sides,
    morphological_opening,
    straight_runs,
    stroke_width,
)

MASK = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 1]], bool)


def test_components_that_touch_at_a_corner_are_connected() -> None:
    components = connected_components(MASK)

    assert len(components) == 2
    assert components.labels.tolist() == [[1, 0, 0, 2], [0, 1, 0, 2], [0, 0, 0, 2]]
    assert components.area.tolist() == [2, 3]
    assert components.region(0) == (slice(0, 2), slice(0, 2))
    assert components.region(1) == (slice(0, 3), slice(3, 4))
    assert components.crop(0).tolist() == [[True, False], [False, True]]


def test_components_are_selected() -> None:
    components = connected_components(MASK)

    selected = components.select(np.array([False, True]))

    assert (selected == (components.labels == 2)).all()
    assert (components.select(np.array([True, True])) == MASK).all()


def test_the_bounding_region_holds_all_foreground() -> None:
    mask = np.zeros((6, 9), bool)
    mask[2, 3] = mask[4, 7] = True

    assert bounding_region(mask) == (slice(2, 5), slice(3, 8))


def test_the_bounding_region_of_one_pixel_is_the_pixel() -> None:
    assert bounding_region(np.ones((1, 1), bool)) == (slice(0, 1), slice(0, 1))


def test_a_subset_of_the_components_is_numbered_again() -> None:
    components = connected_components(MASK)

    subset = components.subset(np.array([False, True]))

    assert subset.labels.tolist() == [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1]]
    assert (subset.area.tolist(), subset.left.tolist()) == ([3], [3])
    assert components.subset(np.array([True, True])) is components


def test_borders_that_a_component_touches_are_counted() -> None:
    mask = np.zeros((40, 60), bool)
    mask[:, 0] = mask[20, 30] = mask[0, 50:] = True

    assert connected_components(mask).touched_border_count.tolist() == [3, 2, 0]


def test_an_empty_mask_has_no_components() -> None:
    components = connected_components(np.zeros((3, 4), bool))

    assert len(components) == 0
    assert not components.select(np.zeros(0, bool)).any()


def test_a_view_of_a_mask_can_be_labeled() -> None:
    mask = np.zeros((4, 6), bool)
    mask[1, ::2] = True

    components = connected_components(mask.T)

    assert components.labels.shape == (6, 4)
    assert len(components) == 3


@pytest.mark.parametrize("width", [4, 10, 20])
def test_the_stroke_width_of_a_bar_is_its_width(width: int) -> None:
    mask = np.zeros((100, 400), bool)
    mask[45 : 45 + width, 5:395] = True

    assert stroke_width(mask) == pytest.approx(width, rel=0.12)
    assert stroke_width(mask.T) == pytest.approx(stroke_width(mask))


def test_the_stroke_width_of_an_empty_mask_is_zero() -> None:
    assert stroke_width(np.zeros((10, 10), bool)) == 0


def test_the_distance_transform_is_accurate_to_two_percent() -> None:
    mask = np.ones((201, 201), bool)
    mask[100, 100] = False
    rows, columns = np.mgrid[:201, :201] - 100

    distances = distance_transform(mask)

    np.testing.assert_allclose(distances, np.hypot(rows, columns), rtol=0.02)


def test_only_holes_are_filled() -> None:
    mask = np.zeros((9, 9), bool)
    mask[1:8, 1:8] = True
    mask[3:6, 3:6] = False
    mask[1:4, 4] = True

    filled = fill_holes(mask)

    assert filled[1:8, 1:8].all()
    assert filled.sum() == 49


def test_dilation_and_opening_use_a_rectangle() -> None:
    mask = np.zeros((9, 20), bool)
    mask[4, 3:15] = mask[2, 3:6] = True

    assert dilate(mask, 3, 1)[3:6, 10].all()
    assert morphological_opening(mask, 1, 8).sum() == 12


def test_the_rotated_box_of_a_slanted_line_is_narrow() -> None:
    mask = np.eye(100, dtype=bool)

    longer, shorter = min_area_rect_sides(mask)

    assert longer == pytest.approx(141, abs=2)
    assert shorter < 3


def test_runs_tilted_by_one_degree_are_straight() -> None:
    image = Image.new("L", (300, 60), 0)
    ImageDraw.Draw(image).line((10, 20, 290, 25), fill=255, width=3)
    mask = np.asarray(image) > 128

    assert straight_runs(mask, 200).sum() > 0.9 * mask.sum()
    assert not straight_runs(mask, 299).any()
