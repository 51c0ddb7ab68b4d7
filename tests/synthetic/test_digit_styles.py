"""Digits in rare styles: their fractions, and what distinguishes each style."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.datasets import Dataset
from mnistcli.synthetic import digit_styles as module
from mnistcli.synthetic.digit_styles import DRAWN_STYLES, STRETCHED_STYLES, generate_styled_digits
from mnistcli.synthetic.shape_ranges import ShapeRange
from mnistcli.synthetic.style_drawing import DrawnStyle, LabeledImage
from tests.support.strokes import make_digits

DIGITS = make_digits(100, seed=0)
STYLES = {style.name: style for style in DRAWN_STYLES}
ALL_RANGES = [
    shape for style in DRAWN_STYLES for shapes in style.shapes.values() for shape in shapes
]


class Solid(DrawnStyle):
    """A style of images that have one gray level."""

    def draw(self, rng: np.random.Generator, *, spread: float = 1.0) -> LabeledImage:
        """Return an image of the gray level that is the name."""
        return np.full((28, 28), int(self.name), np.uint8), 3


def masks_of(name: str, count: int = 60) -> NDArray[np.bool_]:
    """Return the foreground masks of the digits of a style."""
    rng = np.random.default_rng(0)
    masks: NDArray[np.bool_] = np.stack([STYLES[name].draw(rng)[0] for _ in range(count)]) > 128
    return masks


def holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    filled: NDArray[np.bool_] = ndimage.binary_fill_holes(mask)
    return filled & ~mask


def extents(masks: NDArray[np.bool_], axis: int) -> NDArray[np.intp]:
    """Return the extent of the foreground of each mask along y (0) or x (1); 0 without any."""
    return np.array([np.ptp(np.nonzero(mask)[axis]) + 1 if mask.any() else 0 for mask in masks])


def first_rows(masks: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the first row of each mask that has foreground; 0 without any."""
    rows: NDArray[np.intp] = masks.any(axis=2).argmax(axis=1)
    return rows


def test_digits_are_in_mnist_format_and_of_all_labels() -> None:
    digits = generate_styled_digits(DIGITS, 400, seed=0)

    assert digits.images.shape == (400, 28, 28)
    assert digits.images.max(axis=(1, 2)).min() == 255
    assert set(digits.labels) == set(range(10))


def test_the_seed_determines_the_digits() -> None:
    images = generate_styled_digits(DIGITS, 100, seed=0).images

    np.testing.assert_array_equal(generate_styled_digits(DIGITS, 100, seed=0).images, images)
    others = generate_styled_digits(DIGITS, 100, seed=1).images
    assert (others != images).any(axis=(1, 2)).mean() > 0.95


def test_a_count_of_zero_gives_an_empty_dataset() -> None:
    assert len(generate_styled_digits(DIGITS, 0, seed=0)) == 0


def test_each_style_has_its_fraction(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = {
        Solid(name=str(100 + index), shapes={}): frequency
        for index, frequency in enumerate(DRAWN_STYLES.values())
    }
    monkeypatch.setattr(module, "DRAWN_STYLES", marked)

    images = generate_styled_digits(DIGITS, 200, seed=1).images

    is_solid = images.min(axis=(1, 2)) > 0
    counts = np.bincount(images[is_solid, 0, 0], minlength=100 + len(marked))[100:]
    assert list(counts) == [2 * frequency for frequency in marked.values()]
    assert (~is_solid).sum() == 2 * sum(STRETCHED_STYLES.values())


def test_the_frequencies_are_percentages() -> None:
    assert sum(DRAWN_STYLES.values()) + sum(STRETCHED_STYLES.values()) == 100
    assert len(STYLES) == len(DRAWN_STYLES)


def test_digits_that_would_look_like_others_are_not_stretched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DRAWN_STYLES", {})
    monkeypatch.setattr(
        module,
        "STRETCHED_STYLES",
        {style: 1 for style in STRETCHED_STYLES if 7 in style.excluded_labels},
    )

    assert set(generate_styled_digits(DIGITS, 200, seed=0).labels) == {0, 2, 3, 4, 5, 6, 8, 9}


def test_a_dataset_of_1s_gets_drawn_styles_only() -> None:
    ones = Dataset(DIGITS.images[DIGITS.labels == 1], np.ones(10, np.int64))

    digits = generate_styled_digits(ones, 50, seed=0)

    assert len(digits) == 50
    assert digits.images.max(axis=(1, 2)).min() == 255


@pytest.mark.parametrize("shape", ALL_RANGES)
def test_both_extremes_have_the_same_corners(shape: ShapeRange) -> None:
    for first, last in zip(shape.first, shape.last, strict=True):
        corners, others = ((points[1:] == points[:-1]).all(axis=1) for points in (first, last))
        assert list(corners) == list(others)


@pytest.mark.parametrize(
    "name",
    [
        "1 with a long upstroke",
        "2 as a zigzag",
        "3 as a zigzag",
        "4 with an open top",
        "4 with a long stem",
        "5 as a zigzag",
        "7 with a hook",
    ],
)
def test_these_styles_have_no_loop(name: str) -> None:
    assert np.mean([holes(mask).sum() <= 2 for mask in masks_of(name)]) > 0.9


@pytest.mark.parametrize(
    "name",
    ["6 with a large loop", "6 with a straight tail", "9 with a large loop"],
)
def test_these_styles_have_a_loop(name: str) -> None:
    assert np.mean([holes(mask).any() for mask in masks_of(name)]) > 0.9


def test_most_2s_with_a_loop_keep_it_open() -> None:
    assert np.mean([holes(mask).any() for mask in masks_of("2 with a loop")]) > 0.7


def test_the_loop_of_a_6_is_large_but_leaves_a_tail() -> None:
    masks = masks_of("6 with a large loop")
    loops = np.array([holes(mask) for mask in masks])

    assert np.median(extents(loops, 0)) >= 8
    has_loop = loops.any(axis=(1, 2))
    assert (first_rows(loops) - first_rows(masks) >= 5)[has_loop].mean() > 0.9


def test_a_1_with_a_long_base_is_widest_at_its_base() -> None:
    masks = masks_of("1 with a long base")
    bases = extents(masks[:, 20:], 1)

    assert (bases >= 9).mean() > 0.5
    assert (bases >= extents(masks[:, 8:18], 1) + 2).mean() > 0.6


def test_the_upstroke_of_a_1_is_steep() -> None:
    """A flat one would make it a 7: the middle of the 1 has the stem and the upstroke."""
    masks = masks_of("1 with a long upstroke")

    assert np.mean([max(ndimage.label(row)[1] for row in mask) == 2 for mask in masks]) > 0.5
    topmost = np.array(
        [mask[row + 1].sum() for mask, row in zip(masks, first_rows(masks), strict=True)]
    )
    assert topmost.max() <= 7


def test_a_7_with_a_bar_is_crossed() -> None:
    foreground = masks_of("7 with a bar")[:, 11:18].sum(axis=2).max(axis=1)

    assert (foreground >= 7).mean() > 0.8


def test_a_4_with_an_open_top_has_two_strokes_above_the_bar() -> None:
    masks = masks_of("4 with an open top")

    assert all(max(ndimage.label(row)[1] for row in mask[4:14]) >= 2 for mask in masks)


def test_a_slashed_0_has_ink_inside() -> None:
    masks = masks_of("0 with a slash")
    insides = [ndimage.binary_erosion(mask | holes(mask), iterations=3) for mask in masks]

    ink = np.array([(mask & inside).sum() for mask, inside in zip(masks, insides, strict=True)])
    assert (ink >= 4).mean() > 0.9


def test_wide_digits_are_wider_than_narrow_ones() -> None:
    wide, narrow = (masks_of(name) for name in ("wide", "narrow"))

    assert np.median(extents(wide, 1)) >= 18
    assert np.median(extents(narrow, 1)) <= 10
