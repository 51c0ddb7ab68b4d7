"""Synthetic digits drawn with a few pen strokes: easy to learn, and no file is needed."""

import math

import numpy as np
from PIL import Image, ImageDraw

from mnistcli.datasets import Dataset, Splits

Point = tuple[float, float]


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    angles = np.radians(np.linspace(start, end, 24))
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


# Strokes in a box one unit high; y grows downwards, angles run clockwise from three o'clock.
STROKES: dict[int, list[list[Point]]] = {
    0: [_arc(0.5, 0.5, 0.3, 0.5, 0, 360)],
    1: [[(0.35, 0.2), (0.55, 0.0), (0.55, 1.0)]],
    2: [[*_arc(0.5, 0.28, 0.28, 0.28, 180, 390), (0.2, 1.0), (0.85, 1.0)]],
    3: [[*_arc(0.45, 0.25, 0.3, 0.25, 200, 430), *_arc(0.45, 0.73, 0.33, 0.27, 290, 520)]],
    4: [[(0.6, 1.0), (0.6, 0.0), (0.15, 0.65), (0.9, 0.65)]],
    5: [[(0.8, 0.0), (0.3, 0.0), (0.27, 0.42), *_arc(0.45, 0.68, 0.33, 0.32, 240, 510)]],
    6: [[(0.65, 0.0), (0.3, 0.4), *_arc(0.48, 0.72, 0.28, 0.28, 180, 540)]],
    7: [[(0.15, 0.0), (0.85, 0.0), (0.4, 1.0)]],
    8: [_arc(0.5, 0.25, 0.24, 0.25, 0, 360), _arc(0.5, 0.75, 0.3, 0.25, 0, 360)],
    9: [[*_arc(0.48, 0.28, 0.28, 0.28, 0, 360), (0.76, 0.28), (0.65, 1.0)]],
}


def draw_digit(
    digit: int,
    *,
    size: int = 200,
    width: float = 0.1,
    turn: float = 0.0,
    ink: int | tuple[int, ...] = 0,
    paper: int | tuple[int, ...] = 255,
    mode: str = "L",
) -> Image.Image:
    """Draw one digit, 60 % as tall as its square image; `width` is relative to its height."""
    image = Image.new(mode, (size, size), paper)
    pen = ImageDraw.Draw(image)
    cos, sin, scale = math.cos(turn), math.sin(turn), 0.6 * size
    for stroke in STROKES[digit]:
        points = [
            (
                size / 2 + scale * ((x - 0.5) * cos - (y - 0.5) * sin),
                size / 2 + scale * ((x - 0.5) * sin + (y - 0.5) * cos),
            )
            for x, y in stroke
        ]
        thickness = max(1, round(width * scale))
        pen.line(points, fill=ink, width=thickness, joint="curve")
        for x, y in (points[0], points[-1]):
            radius = thickness / 2
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    return image


def make_digits(count: int, seed: int) -> Dataset:
    """Return `count` white-on-black digits with random stroke width and rotation, 0 to 9 in turn."""
    rng = np.random.default_rng(seed)
    images = [
        draw_digit(
            number % 10,
            size=112,
            width=rng.uniform(0.08, 0.2),
            turn=rng.uniform(-0.25, 0.25),
            ink=255,
            paper=0,
        ).resize((28, 28), Image.Resampling.BOX)
        for number in range(count)
    ]
    labels = np.arange(count, dtype=np.int64) % 10
    return Dataset(np.stack([np.asarray(image) for image in images]), labels)


def make_splits(train: int = 400, test: int = 100) -> Splits:
    """Return a dataset of synthetic training and test digits."""
    return Splits("synthetic", make_digits(train, seed=1), make_digits(test, seed=2))
