"""Binarization: threshold, polarity, color, shadows and noise."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.binarization import binarize
from tests.support.polylines import POLYLINES, Color, detect_single, draw, similarity


def _shade(image: Image.Image, light: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(np.asarray(image) * light, 0, 255).astype(np.uint8))


def test_the_mask_of_clean_strokes_is_exact() -> None:
    image = draw()

    foreground = binarize(image)

    ink = np.asarray(image) < 128
    assert foreground.mask.shape == ink.shape
    assert (foreground.mask & ink).sum() / (foreground.mask | ink).sum() > 0.9
    assert foreground.coverage.dtype == np.float32
    assert foreground.coverage[ink].mean() > 0.9
    assert foreground.coverage[~ink].mean() < 0.02
    assert (foreground.coverage.min(), foreground.coverage.max()) == (0, 1)


@pytest.mark.parametrize(("side", "factor"), [(1000, 1), (1001, 2), (2000, 2), (2500, 3)])
def test_large_images_are_reduced(side: int, factor: int) -> None:
    image = draw().resize((side, 200))

    foreground = binarize(image)

    assert foreground.factor == factor
    assert foreground.mask.shape == (-(-200 // factor), -(-side // factor))


def test_hysteresis_threshold_keeps_faint_ink_only_where_it_is_connected() -> None:
    image = draw(7, ink=20)
    pen = ImageDraw.Draw(image)
    pen.rectangle((97, 150, 103, 185), fill=160)  # 40 % of the contrast, at the end of the 7
    pen.rectangle((20, 150, 26, 185), fill=160)

    mask = binarize(image).mask

    assert mask[170, 100]
    assert not mask[170, 23]


@pytest.mark.parametrize("digit", POLYLINES)
def test_light_on_dark_is_binarized_like_dark_on_light(digit: int) -> None:
    dark, light = draw(digit), draw(digit, ink=255, paper=0)

    assert (binarize(dark).mask == binarize(light).mask).all()
    assert (detect_single(dark).image == detect_single(light).image).all()


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((20, 20, 160), (250, 250, 250)),
        ((250, 230, 60), (250, 250, 250)),
        ((220, 30, 30), (120, 160, 120)),
        ((255, 255, 255), (30, 90, 60)),
        ((0, 160, 0), (200, 80, 200)),
    ],
)
def test_ink_and_paper_can_have_any_color(ink: Color, paper: Color) -> None:
    image = draw(5, ink=ink, paper=paper, mode="RGB")

    assert similarity(detect_single(image).image, detect_single(draw(5)).image) > 0.97


def test_a_shadow_over_half_of_the_image_does_not_matter() -> None:
    soft = np.tile(np.linspace(0.4, 1, 200), (200, 1))
    hard = np.where(np.arange(200) < 95, 0.45, 1.0)[:, None] * np.ones(200)
    expected = detect_single(draw()).image
    for light, minimum in ((soft, 0.95), (hard, 0.85)):
        assert similarity(detect_single(_shade(draw(paper=230), light)).image, expected) > minimum


def test_noise_and_specks_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    noisy = np.asarray(draw(ink=60, paper=200)) + rng.normal(0, 12, (200, 200))
    image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for x, y in rng.integers(5, 195, (12, 2)).tolist():
        pen.ellipse((x - 1, y - 1, x + 1, y + 1), fill=60)

    assert similarity(detect_single(image).image, detect_single(draw()).image) > 0.9


def test_a_thumb_and_a_dark_corner_are_not_foreground() -> None:
    image = draw(ink=90, paper=220)
    pen = ImageDraw.Draw(image)
    pen.ellipse((150, 150, 250, 250), fill=60)
    pen.polygon([(0, 0), (70, 0), (0, 70)], fill=20)
    for single in (True, False):
        (digit,) = find_digits(image, single=single)
        assert similarity(digit.image, detect_single(draw()).image) > 0.97


def test_the_edge_of_a_table_is_not_foreground() -> None:
    image = draw()
    ImageDraw.Draw(image).rectangle((0, 0, 9, 200), fill=20)
    ImageDraw.Draw(image).rectangle((186, 120, 200, 200), fill=20)

    assert similarity(detect_single(image).image, detect_single(draw()).image) > 0.97


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(np.full((50, 40), 255.0), id="white"),
        pytest.param(np.zeros((28, 28)), id="black"),
        pytest.param(np.random.default_rng(1).normal(180, 6, (200, 300)), id="noise"),
        pytest.param(np.asarray(draw(ink=253, paper=255)), id="contrast too low"),
    ],
)
def test_a_blank_image_has_no_foreground(pixels: NDArray[np.float64]) -> None:
    image = Image.fromarray(pixels.astype(np.uint8))

    assert not binarize(image).mask.any()
    assert find_digits(image, single=True) == []


@pytest.mark.parametrize(
    "pattern",
    [
        np.tile([0, 255, 0, 255, 255, 255, 255, 255], (37, 37)),
        np.tile([[0, 0], [1, 1], [0, 0], [1, 0], *[[0, 0]] * 4], (14, 14)) * 255,
    ],
)
def test_a_fine_pattern_causes_no_warning(pattern: NDArray[np.int64]) -> None:
    """No pixel may be above the level of the edges here, which made the contrast 0 / 0."""
    foreground = binarize(Image.fromarray(pattern.astype(np.uint8)))  # pytest: warnings are errors

    assert np.isfinite(foreground.coverage).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 700)])
def test_images_too_small_for_a_digit_have_no_foreground(size: tuple[int, int]) -> None:
    assert not binarize(Image.new("L", size, 255)).mask.any()
    assert find_digits(Image.new("L", size, 255)) == []
