import numpy as np
import pytest

from mnistcli.preprocessing.components import (
    component_areas,
    component_regions,
    label_components,
    stroke_width,
)


def test_components_that_touch_at_a_corner_are_connected() -> None:
    mask = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 1]], bool)

    labels, count = label_components(mask)

    assert count == 2
    assert labels.dtype == np.int32
    assert labels.tolist() == [[1, 0, 0, 2], [0, 1, 0, 2], [0, 0, 0, 2]]
    assert component_areas(labels, count).tolist() == [0, 2, 3]
    assert component_regions(labels) == [(slice(0, 2), slice(0, 2)), (slice(0, 3), slice(3, 4))]


def test_an_empty_mask_has_no_components() -> None:
    labels, count = label_components(np.zeros((3, 4), bool))

    assert count == 0
    assert component_areas(labels, count).tolist() == [0]
    assert component_regions(labels) == []


def test_the_mask_of_a_view_can_be_labeled() -> None:
    mask = np.zeros((4, 6), bool)
    mask[1, ::2] = True

    labels, count = label_components(mask.T)

    assert (labels.shape, count) == ((6, 4), 3)


@pytest.mark.parametrize("width", [4, 10, 20])
def test_the_stroke_width_of_a_bar(width: int) -> None:
    mask = np.zeros((100, 400), bool)
    mask[45 : 45 + width, 5:395] = True

    assert stroke_width(mask) == pytest.approx(width, rel=0.12)
    assert stroke_width(mask.T) == pytest.approx(stroke_width(mask))


def test_the_stroke_width_of_an_empty_mask_is_zero() -> None:
    assert stroke_width(np.zeros((10, 10), bool)) == 0
