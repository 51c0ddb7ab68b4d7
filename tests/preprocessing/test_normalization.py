"""Normalization to MNIST format: size, center of mass, stroke width."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from mnistcli.preprocessing.components import stroke_width
from mnistcli.preprocessing.mnist_format_check import detect_mnist_digit
from mnistcli.preprocessing.normalization import (
    center_and_scale,
    normalize_digit,
    to_mnist_format,
)
from tests.support.polylines import POLYLINES, detect_single, draw, similarity


@pytest.mark.parametrize("digit", POLYLINES)
def test_a_normalized_digit_has_mnists_size_center_and_maximum(digit: int) -> None:
    image = detect_single(draw(digit)).image

    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.max() == 255
    rows, columns = np.nonzero(image > 20)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in {19, 20}
    assert all(13.4 <= center <= 14.6 for center in ndimage.center_of_mass(image))
    assert detect_mnist_digit(Image.fromarray(image)) is not None


@pytest.mark.parametrize("scale", [0.15, 0.5, 2, 6, 20])
def test_the_size_of_the_digit_does_not_matter(scale: float) -> None:
    image = draw(2).resize((round(200 * scale), round(200 * scale)))

    expected = detect_single(draw(2)).image
    assert similarity(detect_single(image).image, expected) > (0.8 if scale < 0.4 else 0.97)


@pytest.mark.parametrize("digit", POLYLINES)
def test_eight_pixels_are_enough(digit: int) -> None:
    tight = draw(digit).crop((45, 45, 155, 155))
    small = tight.resize((8, 8), Image.Resampling.BOX)

    assert similarity(detect_single(small).image, detect_single(tight).image) > 0.75


@pytest.mark.parametrize("margin", [(0, 0), (20, 150), (300, 40)])
def test_margins_do_not_matter(margin: tuple[int, int]) -> None:
    tight = draw(2).crop(detect_single(draw(2)).box)
    wide = Image.new("L", (tight.width + 2 * margin[0], tight.height + 2 * margin[1]), 255)
    wide.paste(tight, margin)

    assert similarity(detect_single(wide).image, detect_single(draw(2)).image) > 0.97


def test_thin_strokes_are_thickened() -> None:
    thin = draw(size=(900, 900), box=(250, 200, 650, 800), width=2)

    image = detect_single(thin).image

    assert image.mean() > 14
    assert stroke_width(image > 127) > 1.5
    assert similarity(image, detect_single(draw()).image) > 0.8


def test_center_and_scale_keeps_the_stroke_width() -> None:
    coverage = np.zeros((100, 60), np.float32)
    coverage[:, 28:31] = coverage[0] = coverage[-1] = 1

    assert center_and_scale(coverage).sum() < to_mnist_format(coverage).sum()


def test_neighbors_are_left_out() -> None:
    coverage = np.zeros((40, 30), np.float32)
    coverage[2:38, 4:9] = coverage[2:38, 20:25] = 1
    mask = coverage > 0
    mask[:, 15:] = False

    alone = np.where(np.arange(30) < 15, coverage, 0).astype(np.float32)

    assert (normalize_digit(coverage, mask) == to_mnist_format(alone)).all()


@pytest.mark.parametrize("side", [28, 90, 110, 125, 140, 150, 160, 240])
def test_one_pixel_strokes_stay_connected(side: int) -> None:
    """In drawings of 105 to 150 pixels, they used to break."""
    slanted = np.zeros((side, side), np.float32)
    slanted[np.arange(side), side // 3 + np.arange(side) // 8] = 1  # one pixel per row
    slanted[side // 2, :] = 1

    image = to_mnist_format(slanted)

    assert ndimage.label(image > 128, np.ones((3, 3)))[1] == 1
    assert (image > 128).any(axis=1).sum() >= 19


def test_the_soft_edge_is_kept_within_limits() -> None:
    coverage = np.zeros((40, 30), np.float32)
    coverage[2:38, 4:16] = 1
    coverage[2:38, 16] = 0.5
    within = np.ones((40, 30), bool)
    within[:, 16:] = False

    soft, cut = (normalize_digit(coverage, coverage > 0.5, limit) for limit in (None, within))

    assert (soft == to_mnist_format(coverage)).all()
    assert (cut == to_mnist_format(np.where(within, coverage, np.float32(0)))).all()
    assert (soft != cut).any()


def test_a_single_pixel_can_be_normalized() -> None:
    dot = np.zeros((5, 5), np.float32)
    dot[2, 2] = 1

    assert to_mnist_format(dot).max() == 255
