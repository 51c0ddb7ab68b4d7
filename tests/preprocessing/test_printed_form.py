"""Printed forms: their rectangles are found, and empty boxes are told apart from others."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcli.preprocessing.printed_form import corners_of, find_printed_form
from tests.support.forms import FRAME, REGIONS, SIZE, displace, draw_scan

FILLED = {"date": "261126", "amount": "4718", "account": "90817263"}


def shaded(image: Image.Image) -> Image.Image:
    """Put a shadow over the left half of a scan, and noise over all of it."""
    pixels: NDArray[np.float64] = np.asarray(image, np.float64)
    noise = np.random.default_rng(0).normal(0, 3, pixels.shape)
    shadow = np.linspace(0.6, 1, image.width)
    return Image.fromarray(np.clip(pixels * shadow + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "image",
    [
        draw_scan(FILLED),
        draw_scan(FILLED, zoom=2),
        shaded(draw_scan(FILLED, zoom=2)),
        Image.fromarray(255 - np.asarray(draw_scan(FILLED))),
        draw_scan(FILLED).convert("RGB"),
    ],
    ids=["scan", "large", "shaded", "light on dark", "color"],
)
def test_the_corners_of_printed_rectangles_are_found(image: Image.Image) -> None:
    found = find_printed_form(image).rectangles

    zoom = image.width / SIZE[0]
    for box in (FRAME, *REGIONS.values()):
        errors = np.abs(found - zoom * corners_of(np.array(box))).max(axis=(1, 2))
        assert errors.min() <= 2 * zoom


def test_a_rotated_frame_has_its_corners_clockwise() -> None:
    found = find_printed_form(displace(draw_scan(FILLED), angle=-3)).rectangles[0]

    true = corners_of(np.array(FRAME))
    assert np.abs(found - true).max() <= 30


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (40_000, 2)])
def test_scans_of_any_size_are_searched(size: tuple[int, int]) -> None:
    assert len(find_printed_form(Image.new("RGB", size, "white")).rectangles) == 0


def test_noise_is_no_form() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (600, 400)).astype(np.uint8)

    assert len(find_printed_form(Image.fromarray(pixels)).rectangles) <= 2


def test_a_blank_scan_has_no_rectangles() -> None:
    assert find_printed_form(Image.new("L", SIZE, 250)).rectangles.shape == (0, 4, 2)


@pytest.mark.parametrize(("name", "is_empty"), [("date", False), ("year", True)])
def test_a_box_with_printed_lines_only_is_empty(name: str, is_empty: bool) -> None:
    form = find_printed_form(draw_scan(FILLED))
    writing = form.remove_rectangles(form.rectangles)

    assert form.has_only_lines(writing, corners_of(np.array(REGIONS[name]))) is is_empty
