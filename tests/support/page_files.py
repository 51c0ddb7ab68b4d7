"""Multi-page files: PDF and TIFF files with one drawn digit per page."""

from collections.abc import Sequence
from pathlib import Path

from tests.support.strokes import draw_digit


def save_pages(path: Path, digits: Sequence[int]) -> Path:
    """Save a page for each digit, dark on white, in the format of the suffix."""
    first, *rest = (draw_digit(digit) for digit in digits)
    first.save(path, save_all=True, append_images=rest)
    return path
