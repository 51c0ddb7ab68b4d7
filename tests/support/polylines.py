"""Digits drawn as polylines, and helpers to detect and compare them; no trained model is needed."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from mnistcli.preprocessing import Digit, find_digits

# The points of each stroke in a box of 1 x 1; y grows downwards.
POLYLINES: dict[int, list[list[tuple[float, float]]]] = {
    2: [[(0.1, 0.2), (0.4, 0), (0.8, 0.15), (0.75, 0.45), (0.1, 1), (0.9, 1)]],
    4: [[(0.6, 0), (0.1, 0.6), (0.9, 0.6)], [(0.65, 0.3), (0.6, 1)]],
    5: [[(0.3, 0), (0.25, 0.45), (0.7, 0.45), (0.8, 0.8), (0.2, 1)], [(0.3, 0), (0.85, 0)]],
    7: [[(0.1, 0.05), (0.9, 0), (0.4, 1)]],
}

Color = int | tuple[int, int, int]


def draw(
    digit: int = 4,
    *,
    size: tuple[int, int] = (200, 200),
    box: tuple[int, int, int, int] = (70, 50, 130, 150),
    width: int = 9,
    ink: Color = 0,
    paper: Color = 255,
    mode: str = "L",
) -> Image.Image:
    """Draw a digit into a box (left, top, right, bottom) of a new image."""
    image = Image.new(mode, size, paper)
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = box
    for polyline in POLYLINES[digit]:
        points = [(left + x * (right - left), top + y * (bottom - top)) for x, y in polyline]
        pen.line(points, fill=ink, width=width, joint="curve")
    return image


def draw_number(*digits: int, gap: int = 30, height: int = 120) -> Image.Image:
    """Draw several digits side by side, with a gap in pixels between their boxes."""
    image = Image.new("L", (40 + len(digits) * (70 + gap), height), 255)
    for position, digit in enumerate(digits):
        left = 20 + position * (70 + gap)
        part = draw(digit, size=image.size, box=(left, 20, left + 70, 100))
        image = ImageChops.darker(image, part)
    return image


def detect_single(image: Image.Image) -> Digit:
    """Detect the only digit of an image."""
    (digit,) = find_digits(image, single=True)
    return digit


def similarity(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Compute the cosine similarity of two digits in MNIST format: 1 for the same image."""
    a, b = (image.astype(float).ravel() for image in (one, other))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def classify_polylines(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Classify by similarity to the four digits above: a classifier without any training."""
    probabilities = np.zeros((len(images), 10))
    for digit in POLYLINES:
        example = detect_single(draw(digit, box=(20, 20, 90, 100))).image
        similarities = [max(0.01, similarity(image, example)) for image in images]
        probabilities[:, digit] = np.power(similarities, 20)
    return probabilities


def predict_text(image: Image.Image) -> str:
    """Detect and classify the digits of an image, which do not touch."""
    digits = find_digits(image, classify=classify_polylines)
    probabilities = classify_polylines(np.array([digit.image for digit in digits]))
    return "".join(str(digit) for digit in probabilities.argmax(axis=1))
