"""Drawing of digit styles: format, stroke widths, and widths of digits."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.datasets import Dataset
from mnistcli.preprocessing.mnist_format_check import detect_mnist_digit
from mnistcli.preprocessing.normalization import center_and_scale
from mnistcli.synthetic.shape_ranges import parse_ranges
from mnistcli.synthetic.style_drawing import (
    DrawnStyle,
    StretchedStyle,
    random_factor,
    stretch_digit,
)
from tests.support.strokes import make_digits

RING = {0: parse_ranges("30,0 6,20 0,50 6,80 30,100 54,80 60,50 54,20 30,0")}


def draw(style: DrawnStyle, *, spread: float = 1.0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return np.stack([style.draw(rng, spread=spread)[0] for _ in range(60)])


def aspects(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the width of each digit divided by its height."""
    masks = images > 64
    extents = [(np.ptp(np.nonzero(mask)[1]) + 1, np.ptp(np.nonzero(mask)[0]) + 1) for mask in masks]
    return np.array([width / height for width, height in extents])


def test_drawn_digits_are_in_mnist_format() -> None:
    images = draw(DrawnStyle(name="ring", shapes=RING))

    assert images.dtype == np.uint8
    assert images.max(axis=(1, 2)).min() == 255
    recognized = [detect_mnist_digit(Image.fromarray(image)) is not None for image in images]
    assert np.mean(recognized) > 0.9


def test_the_label_comes_with_its_shape() -> None:
    style = DrawnStyle(name="two", shapes=RING | {1: parse_ranges("0,0 0,100")}, mouse_fraction=0)
    rng = np.random.default_rng(0)

    drawn = [style.draw(rng) for _ in range(40)]

    assert {label for _, label in drawn} == {0, 1}
    assert all((image[14, 14] == 0) == (label == 0) for image, label in drawn)


def test_one_pixel_strokes_are_as_wide_as_those_of_thin_pens() -> None:
    mouse, pen = (
        draw(DrawnStyle(name="ring", shapes=RING, max_pen_width=0.08, mouse_fraction=part)).mean()
        for part in (1.0, 0.0)
    )

    assert 0.8 < mouse / pen < 1.1


def test_thick_pens_have_more_ink() -> None:
    thin, thick = (
        draw(DrawnStyle(name="pen", shapes=RING, max_pen_width=width, mouse_fraction=0)).mean()
        for width in (0.07, 0.25)
    )

    assert thick > 1.2 * thin


def test_the_factors_determine_the_width_of_a_digit() -> None:
    narrow, wide = (
        aspects(draw(DrawnStyle(name="ring", shapes=RING, width_factors=factors)))
        for factors in ((0.5, 0.6), (1.8, 2.0))
    )

    assert np.median(narrow) < 0.55
    assert np.median(wide) > 0.95


def test_a_larger_spread_gives_more_extreme_widths() -> None:
    style = DrawnStyle(name="ring", shapes=RING, width_factors=(0.6, 1.3))

    assert aspects(draw(style, spread=2.5)).std() > 1.3 * aspects(draw(style)).std()


def test_factors_are_in_their_range() -> None:
    rng = np.random.default_rng(0)

    factors = [random_factor((0.5, 2.0), rng) for _ in range(300)]

    assert 0.5 <= min(factors) < 0.55
    assert 1.8 < max(factors) <= 2.0
    assert 0.85 < np.median(factors) < 1.15


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_a_digit_is_stretched_by_the_factor(factor: float) -> None:
    digits = make_digits(60, seed=0)
    eights = digits.images[digits.labels == 8]

    stretched = np.stack([stretch_digit(image, factor) for image in eights])

    np.testing.assert_allclose(aspects(stretched) / aspects(eights), factor, rtol=0.2)
    assert detect_mnist_digit(Image.fromarray(stretched[0])) is not None


def test_a_factor_of_1_changes_little() -> None:
    square = np.zeros((50, 36), np.float32)
    square[:, :8] = square[:, -8:] = square[:8] = square[-8:] = 1
    image = center_and_scale(square)

    difference = np.abs(stretch_digit(image, 1.0).astype(int) - image)

    assert difference.mean() < 6


def test_a_blank_image_stays_blank() -> None:
    assert not stretch_digit(np.zeros((28, 28), np.uint8), 1.5).any()


def test_a_stretched_digit_has_its_label() -> None:
    digits = make_digits(40, seed=0)
    style = StretchedStyle(name="same", width_factors=(1.0, 1.0), excluded_labels=())
    rng = np.random.default_rng(0)

    image, label = style.draw(Dataset(digits.images[7:8], digits.labels[7:8]), rng)

    assert label == digits.labels[7]
    np.testing.assert_array_equal(image, stretch_digit(digits.images[7], 1.0))
