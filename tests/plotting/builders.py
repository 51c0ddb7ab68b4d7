"""Builders for tests of plots: images, probabilities, predictions and explanations; text readers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from mnistcli.datasets import Dataset
from mnistcli.errors import ImageError
from mnistcli.prediction.explanation import Explanation
from mnistcli.prediction.results import PredictedDigit, Prediction
from mnistcli.preprocessing import Digit
from mnistcli.preprocessing.stages import Stages

Box = tuple[int, int, int, int]

ODD_NAMES = [
    "W" * 80 + ".png",
    "日本語" * 20 + ".png",
    "a_$long$_name_" * 6,
    "$\\frac{1}{0$",
    "[red]x[red]",
    "two\nlines.png",
    "\udcff.png",
    "\N{GRINNING FACE}.png",
]


def texts(figure: Figure) -> list[str]:
    """Return all text in a figure."""
    found = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    return [text.get_text() for text in found if text.get_text()]


def title(figure: Figure) -> str:
    return figure.texts[0].get_text()


def subtitle(figure: Figure) -> str:
    return figure.texts[1].get_text()


def footer(figure: Figure) -> str:
    """Return the footer, without the dots between its parts."""
    return ", ".join(part.strip() for part in figure.texts[2].get_text().split("\N{MIDDLE DOT}"))


def axes_of(figure: Figure) -> Axes:
    """Return the axes that cover a figure."""
    return figure.axes[0]


def array_of(image: AxesImage) -> NDArray[np.float64]:
    """Return the values or colors of a drawn image."""
    return np.asarray(image.get_array(), dtype=np.float64)


def random_images(count: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)


def random_dataset(labels: Sequence[int] | NDArray[np.int64]) -> Dataset:
    return Dataset(random_images(len(labels)), np.asarray(labels, np.int64))


def make_probabilities(
    predicted: Sequence[int] | NDArray[np.int64], confidence: ArrayLike
) -> NDArray[np.float32]:
    """Return probabilities with these predictions and confidences, the rest spread evenly."""
    confidences = np.broadcast_to(np.asarray(confidence, np.float64), len(predicted))
    probabilities = np.repeat((1 - confidences[:, None]) / 9, 10, axis=1)
    probabilities[np.arange(len(predicted)), predicted] = confidences
    return probabilities.astype(np.float32)


def make_digit(
    digit: int = 7, box: Box = (10, 20, 60, 70), confidence: float = 0.9
) -> PredictedDigit:
    left, top, right, bottom = box
    mask = np.ones((bottom - top, right - left), bool)
    probabilities = make_probabilities([digit], confidence)[0]
    return PredictedDigit(Digit(random_images(1)[0], box, mask), probabilities)


def save_image(
    path: Path, size: tuple[int, int] = (30, 30), mode: str = "L", color: int | str = 0
) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.new(mode, size, color).save(path, "PNG")
    return path


def make_prediction(
    name: str = "seven.png",
    digits: Sequence[PredictedDigit] | None = None,
    *,
    size: tuple[int, int] = (100, 80),
    mode: str = "L",
    reason: str = "",
) -> Prediction:
    """Return a prediction of an image that is saved in a folder."""
    found = (make_digit(),) if digits is None else tuple(digits)
    return Prediction(save_image(Path("folder") / name, size, mode), found, reason)


def make_number(name: str, count: int, size: tuple[int, int] | None = None) -> Prediction:
    """Return a prediction of a number: digits side by side in one line."""
    digits = [make_digit(n % 10, (30 * n, 5, 30 * n + 25, 45)) for n in range(count)]
    return make_prediction(name, digits, size=size or (30 * count, 50))


def make_page(name: str, lines: int, columns: int) -> Prediction:
    """Return a prediction of a page: lines of digits below each other."""
    digits = [
        make_digit(
            column % 10, (50 * column + 10, 80 * line + 20, 50 * column + 40, 80 * line + 70)
        )
        for line in range(lines)
        for column in range(columns)
    ]
    return make_prediction(name, digits, size=(50 * columns, 80 * lines))


def make_unreadable() -> Prediction:
    return Prediction(Path("lost.png"), error=ImageError("no such file: 'lost.png'"))


def make_explanation(
    name: str = "seven.png",
    *,
    size: tuple[int, int] = (100, 80),
    box: Box = (20, 10, 60, 70),
    fall: float = 0.6,
    other: int = 1,
    reason: str = "",
) -> Explanation:
    """Return the explanation of a 7 whose probability falls with the pixel (9, 4) covered."""
    left, top, right, bottom = box
    foreground = np.zeros(size[::-1], bool)
    foreground[top:bottom, left:right] = True
    foreground[0, 0] = True
    digit = make_digit(7, box)
    occluded = np.tile(digit.probabilities, (28, 28, 1))
    occluded[9, 4, 7] -= fall
    occluded[9, 4, other] += fall
    occluded[20, 20, 7] += 0.05
    image = Image.new("L", size, 255)
    form_mask = np.zeros_like(foreground)
    stages = Stages(image, None, foreground, form_mask, (foreground,))
    prediction = Prediction(Path(name), (digit,), reason)
    return Explanation(prediction, stages, name, digit, digit.probabilities, occluded)
