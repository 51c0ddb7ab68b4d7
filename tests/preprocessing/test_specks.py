"""Specks: small components are removed, parts of digits are kept."""

import numpy as np
import pytest
from PIL import ImageDraw

from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.specks import keep_largest, remove_specks
from tests.support.polylines import draw


def test_specks_are_removed() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:50, 25:35] = True  # area 400: below 8 pixels is a speck
    mask[5, 5:12] = True
    mask[55, 5:13] = True

    cleaned = remove_specks(connected_components(mask)).mask

    assert not cleaned[5].any()
    assert cleaned[55].sum() == 8
    assert (cleaned[10:50] == mask[10:50]).all()


def test_an_empty_mask_stays_empty() -> None:
    empty = connected_components(np.zeros((30, 40), bool))

    assert not remove_specks(empty).mask.any()
    assert not keep_largest(empty).mask.any()


def test_a_texture_keeps_at_most_1000_components() -> None:
    mask = np.zeros((400, 400), bool)
    mask[::4, ::4] = True  # 10,000 dots
    mask[100:140, 101:111] = True

    kept = keep_largest(connected_components(mask))

    assert len(kept) == 1000
    assert kept.mask[100:140, 101:111].all()
    mask[100:140, 101:111] = False
    assert len(remove_specks(connected_components(mask))) == 1000


@pytest.mark.parametrize("single", [True, False])
def test_the_detached_bar_of_a_five_is_kept(single: bool) -> None:
    image = draw(5)
    ImageDraw.Draw(image).rectangle((60, 56, 140, 62), fill=255)

    (digit,) = find_digits(image, single=single)

    assert digit.box[1] < 56
