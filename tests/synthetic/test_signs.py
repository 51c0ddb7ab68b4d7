"""Ticks, arrows, operators, currency signs, brackets, display segments and ideographs."""

import numpy as np
import pytest
from scipy import ndimage

from mnistcli.synthetic import signs
from mnistcli.synthetic.non_digits import Renderer
from mnistcli.synthetic.seven_segment import DIGIT_PATTERNS, NON_DIGIT_PATTERNS

# Segments of a display with a digit: two forms of 1, 6, 7 and 9.
DIGITS = (
    *("abcdef", "bc", "ef", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "cdefg", "abc", "abcf"),
    *("abcdefg", "abcdfg", "abcfg"),
)


def masks_of(renderer: Renderer, count: int = 100) -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.stack([renderer(rng) for _ in range(count)]) > 128


def sides(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the heights and widths of the foreground."""
    return masks.any(axis=2).sum(axis=1), masks.any(axis=1).sum(axis=1)


@pytest.mark.parametrize(
    "renderer", [signs.draw_tick, signs.draw_operator, signs.draw_currency, signs.draw_ideograph]
)
def test_signs_are_wider_than_a_1(renderer: Renderer) -> None:
    heights, widths = sides(masks_of(renderer))

    assert (widths > 0.45 * heights).mean() > 0.97


def test_the_long_stroke_of_a_tick_ends_at_the_upper_right() -> None:
    masks = masks_of(signs.draw_tick)

    upper = masks[:, :10].sum(axis=1)
    assert (upper[:, 16:].sum(axis=1) > upper[:, :12].sum(axis=1)).mean() > 0.9


def test_arrows_point_neither_up_nor_to_the_upper_right() -> None:
    masks = masks_of(signs.draw_arrow, 200)
    heights, widths = sides(masks)

    assert (heights > 1.25 * widths).mean() < 0.1
    # The head of an arrow to the upper right covers that corner of its box, and a 7 does too.
    corners = []
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        corners.append(len(box) > 10 and box[:5, -5:].mean() > 0.6)
    assert np.mean(corners) < 0.1


def test_no_bracket_is_narrow_like_a_1() -> None:
    heights, widths = sides(masks_of(signs.draw_bracket))

    assert (widths >= 0.35 * heights).all()


def test_segments_differ_from_every_digit_in_two_or_more() -> None:
    for pattern in NON_DIGIT_PATTERNS:
        assert list(pattern) == sorted(set(pattern))
        assert min(len(set(pattern) ^ set(digit)) for digit in DIGITS) >= 2


def test_the_digits_of_a_display_are_known_patterns() -> None:
    assert len(DIGIT_PATTERNS) == 9
    assert {"".join(sorted(pattern)) for pattern in DIGIT_PATTERNS} <= set(DIGITS)


def test_segments_with_gaps_are_separate() -> None:
    counts = [ndimage.label(mask)[1] for mask in masks_of(signs.draw_segments)]

    assert np.mean(np.array(counts) >= 2) > 0.4


def test_an_ideograph_has_five_to_nine_strokes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "draw_strokes", lambda strokes, _rng, width: strokes)
    rng = np.random.default_rng(3)

    counts = {len(signs.draw_ideograph(rng)) for _ in range(200)}

    assert counts == {5, 6, 7, 8, 9}


def test_a_row_of_an_ideograph_meets_two_strokes() -> None:
    masks = masks_of(signs.draw_ideograph)

    rises = (masks[:, :, 1:] & ~masks[:, :, :-1]).sum(axis=2)  # strokes that each row meets
    assert (rises.max(axis=1) >= 2).mean() > 0.9
