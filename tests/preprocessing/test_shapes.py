"""Shared types of preprocessing: bounding boxes and digits."""

import numpy as np
import pytest

from mnistcli.preprocessing.shapes import Digit, expand_region


@pytest.mark.parametrize(
    ("region", "expanded"),
    [
        ((slice(5, 7), slice(4, 9)), (slice(3, 9), slice(2, 11))),
        ((slice(1, 3), slice(0, 2)), (slice(0, 5), slice(0, 4))),
    ],
)
def test_an_expanded_region_starts_in_the_image(
    region: tuple[slice, slice], expanded: tuple[slice, slice]
) -> None:
    assert expand_region(region, 2) == expanded


def test_a_digit_is_found_in_a_list() -> None:
    """Digits compare by identity: comparing their arrays would raise an error."""
    first, second = (
        Digit(np.zeros((28, 28), np.uint8), (0, 0, 2, 2), np.ones((2, 2), bool)) for _ in range(2)
    )

    assert [first, second].index(second) == 1
