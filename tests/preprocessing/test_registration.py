"""Tests of image registration: printed rectangles are matched, and boxes are cut out upright."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mnistcli.preprocessing.printed_form import corners_of, find_printed_form
from mnistcli.preprocessing.registration import crop_region, register, transform
from tests.support.forms import FRAME, REGIONS, SIZE, displace, draw_scan

FILLED = {"date": "261126", "amount": "4718", "account": "90817263"}


def worst_distance(reference: Image.Image, scan: Image.Image, expected: np.ndarray) -> float:
    """Return how far the registered corners of the frame are from where they are, in pixels."""
    matrix = register(find_printed_form(reference), find_printed_form(scan))
    assert matrix is not None
    corners = corners_of(np.array(FRAME))
    true = np.c_[corners, np.ones(4)] @ expected.T
    return float(np.abs(transform(matrix, corners) - true).max())


def similarity(shift: tuple[float, float], angle: float, scale: float) -> np.ndarray:
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    x, y = SIZE[0] / 2, SIZE[1] / 2
    return np.array(
        [
            (cos, sin, x - cos * x - sin * y + shift[0]),
            (-sin, cos, y + sin * x - cos * y + shift[1]),
        ]
    )


@pytest.mark.parametrize("framed", [True, False])
@pytest.mark.parametrize(
    ("shift", "angle", "scale"),
    [((20, -8), 0, 1), ((0, 0), 3, 1), ((0, 0), 0, 0.9), ((-10, 6), -2, 0.95)],
)
def test_displaced_scans_are_registered(
    shift: tuple[float, float], angle: float, scale: float, framed: bool
) -> None:
    scan = displace(draw_scan(FILLED, framed=framed), shift=shift, angle=angle, scale=scale)

    distance = worst_distance(draw_scan({}, framed=framed), scan, similarity(shift, angle, scale))

    assert distance <= (2.5 if framed else 5)


def test_a_scan_with_another_resolution_is_registered() -> None:
    zoomed = draw_scan(FILLED, zoom=1.5)

    assert worst_distance(draw_scan({}), zoomed, np.array([(1.5, 0, 0), (0, 1.5, 0)])) <= 2.5


def test_perspective_is_registered() -> None:
    corners = corners_of(np.array((0, 0, *SIZE))).astype(np.float32)
    moved = corners + np.array([(12, 8), (-4, 10), (0, -6), (8, 0)], np.float32)
    homography = np.asarray(cv2.getPerspectiveTransform(corners, moved), np.float64)
    pixels = cv2.warpPerspective(
        np.asarray(draw_scan(FILLED)), homography, SIZE, borderValue=(250.0,)
    )

    matrix = register(find_printed_form(draw_scan({})), find_printed_form(Image.fromarray(pixels)))

    assert matrix is not None
    frame = corners_of(np.array(FRAME))
    assert np.abs(transform(matrix, frame) - transform(homography, frame)).max() <= 2.5


def test_an_aligned_scan_is_not_changed() -> None:
    matrix = register(find_printed_form(draw_scan({})), find_printed_form(draw_scan(FILLED)))

    assert matrix is not None
    assert np.array_equal(matrix, np.eye(3))


@pytest.mark.parametrize(
    "scan",
    [
        displace(draw_scan(FILLED), angle=15),
        displace(draw_scan(FILLED), scale=0.5),
        draw_scan(FILLED, framed=False, boxed=False),
        Image.new("L", SIZE, 250),
        draw_scan({}).crop((300, 0, 620, 877)),
    ],
    ids=["rotated too far", "too small", "without lines", "blank", "half of the form"],
)
def test_implausible_transforms_are_not_used(scan: Image.Image) -> None:
    assert register(find_printed_form(draw_scan({})), find_printed_form(scan)) is None


def test_a_box_is_cut_out_as_it_is_without_a_transform() -> None:
    image = draw_scan(FILLED)

    cut = crop_region(image, np.array(REGIONS["date"], np.float64), None)

    assert np.array_equal(np.asarray(cut), np.asarray(image.crop(REGIONS["date"])))


def test_a_box_of_a_displaced_scan_is_cut_out_upright() -> None:
    image = draw_scan(FILLED)
    scan = displace(image, shift=(5, 5), angle=3)
    matrix = register(find_printed_form(image), find_printed_form(scan))

    cut = np.asarray(crop_region(scan, np.array(REGIONS["date"], np.float64), matrix), float)

    original = np.asarray(image.crop(REGIONS["date"]), float)
    assert cut.shape == original.shape
    assert np.corrcoef(cut.ravel(), original.ravel())[0, 1] > 0.8
