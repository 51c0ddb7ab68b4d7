"""A headless browser for end-to-end tests: Chromium, driven by Playwright, and a pen to draw."""

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.strokes import STROKES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_POINT_DISTANCE = 40  # pixels between two events of the mouse


@contextmanager
def browser() -> Iterator["Browser"]:
    """Start Chromium; the test is skipped, with the reason, if it is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip("needs Chromium: apt-get install chromium-headless-shell")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def draw_on(page: "Page", *digits: int) -> None:
    """Draw digits side by side with the mouse, and wait for the prediction."""
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    height = min(0.7 * box["height"], 0.9 * box["width"] / len(digits))
    for index, digit in enumerate(digits):
        center = box["x"] + box["width"] * (index + 0.5) / len(digits)
        for stroke in STROKES[digit]:
            points = [
                (center + (x - 0.5) * height, box["y"] + box["height"] / 2 + (y - 0.5) * height)
                for x, y in stroke
            ]
            _draw_stroke(page, points)
    wait_for_prediction(page)


def wait_for_prediction(page: "Page") -> None:
    """Wait until the newest drawing is predicted."""
    page.wait_for_selector("#prediction[aria-busy=false]")


def _draw_stroke(page: "Page", points: Sequence[tuple[float, float]]) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    last = points[0]
    for point in points[1:]:
        distance = math.dist(last, point)
        if distance >= _POINT_DISTANCE or point == points[-1]:
            page.mouse.move(*point, steps=max(1, int(distance / _POINT_DISTANCE)))
            last = point
    page.mouse.up()
