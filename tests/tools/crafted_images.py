"""Measure the known worst-case images (denial of service): time and memory of `predict` on each.

Usage: python -m tests.tools.crafted_images [NAME ...]

An image is refused or predicted within `MAX_SECONDS` of processor time and `MAX_BYTES`.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.slow_images import (
    gif_of_comments,
    jpeg_in_three_scans,
    jpeg_of_markers,
    plain_pbm,
    png_of_chunks,
    progressive_jpeg,
)
from tests.tools.measurement import measure

MAX_SECONDS = 5.0
MAX_BYTES = 1 << 30
_WHITE, _BLACK = 255, 0


def _blank(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width), _WHITE, np.uint8)


def _dots(side: int, pitch: int, size: int) -> NDArray[np.uint8]:
    pixels = _blank(side, side)
    for row in range(size):
        for column in range(size):
            pixels[row::pitch, column::pitch] = _BLACK
    return pixels


def _noise(height: int, width: int, ink: float) -> NDArray[np.uint8]:
    drawn = np.random.default_rng(0).random((height, width)) < ink
    return np.where(drawn, _BLACK, _WHITE).astype(np.uint8)


def _bars(height: int, width: int, pitch: int, thickness: int) -> NDArray[np.uint8]:
    """Bars side by side, as in a long row of ones."""
    pixels = _blank(height, width)
    for column in range(thickness):
        pixels[height // 4 : -height // 4, column::pitch] = _BLACK
    return pixels


def _comb(height: int, width: int, pitch: int) -> NDArray[np.uint8]:
    """Bars that are joined in the middle: one component with many seams."""
    pixels = _bars(height, width, pitch, pitch // 3)
    pixels[height // 2 : height // 2 + 2] = _BLACK
    return pixels


def _waves(height: int, width: int, period: int) -> NDArray[np.uint8]:
    """One stroke from left to right."""
    rows = (height / 2 + height / 3 * np.sin(np.arange(width) / period)).astype(int)
    pixels = _blank(height, width)
    for shift in range(-3, 4):
        pixels[np.clip(rows + shift, 0, height - 1), np.arange(width)] = _BLACK
    return pixels


def _spiral(side: int, turns: int) -> NDArray[np.uint8]:
    angle = np.linspace(0, 2 * np.pi * turns, side * turns * 4)
    radius = np.linspace(2, side / 2 - 2, len(angle))
    pixels = _blank(side, side)
    for shift in range(3):
        rows, columns = radius * np.sin(angle) + side / 2, radius * np.cos(angle) + side / 2
        pixels[rows.astype(int) + shift - 1, columns.astype(int)] = _BLACK
    return pixels


def _rings(side: int, pitch: int) -> NDArray[np.uint8]:
    """Frames inside frames."""
    edge = np.minimum(*np.indices((side, side)))
    distance = np.minimum(edge, edge[::-1, ::-1])
    return np.where(distance % pitch < 2, _BLACK, _WHITE).astype(np.uint8)


def _grid(side: int, pitch: int) -> NDArray[np.uint8]:
    pixels = _blank(side, side)
    pixels[::pitch] = pixels[:, ::pitch] = _BLACK
    return pixels


def _page(rows: int, columns: int) -> NDArray[np.uint8]:
    """Small rings in lines, as a page full of zeros."""
    ring = _blank(20, 14)
    ring[3:17, 3:11] = _BLACK
    ring[6:14, 5:9] = _WHITE
    return np.tile(ring, (rows, columns))


IMAGES: dict[str, Callable[[], NDArray[np.uint8]]] = {
    "dots 8": lambda: _dots(1000, 8, 2),
    "dots 4": lambda: _dots(1000, 4, 2),
    "dots 30": lambda: _dots(1500, 30, 12),
    "dots 640": lambda: _dots(640, 8, 3),
    "noise 1 %": lambda: _noise(1500, 1500, 0.01),
    "noise 10 %": lambda: _noise(1500, 1500, 0.1),
    "noise 50 %": lambda: _noise(1500, 1500, 0.5),
    "thousand bars": lambda: _bars(60, 9000, 9, 3),
    "wide bars": lambda: _bars(200, 1500, 6, 2),
    "comb": lambda: _comb(200, 1500, 9),
    "long comb": lambda: _comb(100, 1500, 6),
    "waves": lambda: _waves(300, 1500, 4),
    "slow waves": lambda: _waves(1000, 1500, 10),
    "spiral": lambda: _spiral(1400, 60),
    "rings": lambda: _rings(1400, 6),
    "grid": lambda: _grid(1400, 12),
    "wide grid": lambda: _grid(1400, 40),
    "page": lambda: _page(70, 100),
    "full page": lambda: _page(30, 33),
    "one row": lambda: _noise(1, 1_000_000, 0.5),
    "one column": lambda: _noise(1_000_000, 1, 0.5),
    "gray 100 megapixels": lambda: _blank(10_000, 10_000),
    "noise of 49 megapixels": lambda: _noise(7000, 7000, 0.2),
    "transparency": lambda: np.full((10_900, 10_900, 4), 90, np.uint8),
    "progressive JPEG": lambda: np.stack([_noise(5500, 5500, 0.5)] * 3, axis=2),
}
FILES: dict[str, Callable[[], bytes]] = {
    "JPEG of 3,000 scans": lambda: progressive_jpeg(5500, 3000),
    "JPEG of 500 scans": lambda: progressive_jpeg(10_900, 500),
    "JPEG in three scans": lambda: jpeg_in_three_scans(7800),
    "JPEG of markers": lambda: jpeg_of_markers(5_000_000),
    "PNG of chunks": lambda: png_of_chunks(3_000_000),
    "GIF of comments": lambda: gif_of_comments(4_000_000),
    "plain PBM": lambda: plain_pbm(10_900),
}


def main() -> int:
    """Measure the images; return 1 if one takes too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _save(Path(folder), options.names or [*IMAGES, *FILES]):
            code, seconds, memory = measure("predict", "--model", "pretrained", str(path))
            too_much = code not in {0, 1} or seconds > MAX_SECONDS or memory > MAX_BYTES
            failed += too_much
            sys.stdout.write(
                f"{name:24} {path.stat().st_size / 1e3:8.1f} kB  {seconds:5.2f} s "
                f"{memory >> 20:5} MB{'  too much' if too_much else ''}\n"
            )
            sys.stdout.flush()
    return int(failed > 0)


def _save(folder: Path, names: list[str]) -> Iterator[tuple[str, Path]]:
    for number, name in enumerate(names):
        path = folder / f"{number}.{'jpg' if 'JPEG' in name else 'png'}"
        if name in FILES:
            path.write_bytes(FILES[name]())
        else:
            Image.fromarray(IMAGES[name]()).save(path, progressive=True)
        yield name, path


if __name__ == "__main__":
    sys.exit(main())
