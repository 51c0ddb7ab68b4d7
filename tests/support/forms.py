"""Synthetic scanned forms: a printed frame and boxes, filled in with digits, then displaced."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from tests.support.strokes import STROKES

Box = tuple[int, int, int, int]

SIZE = (620, 877)  # A4 at 75 dots per inch
FRAME: Box = (30, 60, 590, 820)
REGIONS: dict[str, Box] = {
    "date": (60, 140, 300, 190),
    "amount": (330, 140, 560, 190),
    "year": (60, 260, 220, 310),
    "account": (60, 380, 400, 430),
    "count": (430, 380, 560, 430),
}


def draw_scan(
    texts: Mapping[str, str],
    *,
    zoom: float = 1.0,
    framed: bool = True,
    boxed: bool = True,
    seed: int = 0,
) -> Image.Image:
    """Draw a form whose regions hold numbers; `zoom` multiplies the 75 dots per inch."""
    rng = np.random.default_rng(seed)
    image = Image.new("L", (round(SIZE[0] * zoom), round(SIZE[1] * zoom)), 250)
    pen = ImageDraw.Draw(image)
    line = max(1, round(zoom))
    boxes = ([FRAME] if framed else []) + (list(REGIONS.values()) if boxed else [])
    for box in boxes:
        pen.rectangle([round(edge * zoom) for edge in box], outline=60, width=line)
    for name, text in texts.items():
        left, top, _, bottom = (edge * zoom for edge in REGIONS[name])
        height = 0.6 * (bottom - top)
        x = left + 0.4 * height
        for digit in text:
            turn = rng.uniform(-0.1, 0.1)
            y = top + 0.2 * (bottom - top) + rng.uniform(-0.04, 0.04) * height
            for stroke in STROKES[int(digit)]:
                points = [(x + height * (u - turn * v), y + height * v) for u, v in stroke]
                width = max(2, round(rng.uniform(0.08, 0.11) * height))
                pen.line(points, fill=30, width=width, joint="curve")
            x += 0.95 * height
    return image


def displace(
    image: Image.Image,
    *,
    shift: tuple[float, float] = (0, 0),
    angle: float = 0.0,
    scale: float = 1.0,
) -> Image.Image:
    """Apply an affine transform: shift (pixels), rotate (degrees) and scale; the paper stays."""
    width, height = image.size
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    matrix[:, 2] += np.array(shift)
    moved = cv2.warpAffine(
        np.asarray(image), matrix, (width, height), flags=cv2.INTER_AREA, borderValue=(250.0,)
    )
    return Image.fromarray(moved.astype(np.uint8))


def write_regions(path: Path, *, zoom: float = 1.0, margin: float = 0.0) -> Path:
    """Write the boxes of the form as a CSV file in pixels, larger by a margin on each side."""
    lines = ["name,left,top,right,bottom"]
    for name, (left, top, right, bottom) in REGIONS.items():
        edges = (left - margin, top - margin, right + margin, bottom + margin)
        lines.append(",".join([name, *(f"{edge * zoom:g}" for edge in edges)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
