"""Grids of digits with what they are and what they were taken for."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnistcli.errors import DataError
from mnistcli.plotting.style import (
    GREY,
    INK,
    MARGIN,
    RED,
    SMALL,
    TEXT,
    TOP,
    columns_for,
    draw_image,
    new_sheet,
    percent,
    plain,
)

# Six screen pixels for each pixel of a digit, at `sheet.DPI`.
TILE = 1.12
GAP = 0.3
# From one tile to the next, captions included.
ACROSS, DOWN = TILE + GAP, TILE + 0.65
# Room for the title and the subtitle.
NARROWEST = 8.5
RIGHT, WRONG = "\N{CHECK MARK}", "\N{BALLOT X}"
EXPLANATION = "Below each: the digit read and how sure of it, then the true one"
# More digits than this on one picture are too small to look at on any screen.
MOST_TILES = 400


def plot_samples(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    *,
    name: str = "digits",
) -> Figure:
    """Draw digits in the order given, each with the predicted and the true label.

    Args:
        images: Digits, uint8 (n, 28, 28); the first `MOST_TILES` are drawn.
        labels: The truth, int64 (n,).
        probabilities: What the classifier answered, float32 (n, 10).
        name: What the digits are, for the title, such as "random test digits".

    Raises:
        DataError: There is no digit.
    """
    shown = np.arange(min(len(labels), MOST_TILES))
    right = int((probabilities.argmax(axis=1) == labels)[shown].sum())
    title = f"{right} of {len(shown)} {plain(name)} read correctly"
    subtitle = f"{EXPLANATION}; a frame and {WRONG} mark mistakes"
    return _draw(images, labels, probabilities, shown, (title, subtitle), framed=True)


def plot_mistakes(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    *,
    count: int = 24,
) -> Figure:
    """Draw the misread digits, those misread with the most confidence first.

    Where no digit is misread, the ones read with the least confidence are drawn.

    Args:
        images: Digits, uint8 (n, 28, 28).
        labels: The truth, int64 (n,).
        probabilities: What the classifier answered, float32 (n, 10).
        count: Digits to draw, `MOST_TILES` at most.

    Raises:
        DataError: There is no digit.
    """
    confidence = probabilities.max(axis=1)
    mistakes = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    total = f"{len(labels):,}"
    if len(mistakes):
        # Where a softmax has run into 1.0, the lower probability of the truth is the worse.
        order = np.lexsort((probabilities[mistakes, labels[mistakes]], -confidence[mistakes]))
        shown = mistakes[order][: min(count, MOST_TILES)]
        title = f"{len(mistakes):,} of {total} digits misread"
        title += f": the worst {len(shown)}" if len(shown) < len(mistakes) else ", worst first"
    else:
        shown = np.argsort(confidence, kind="stable")[: min(count, MOST_TILES)]
        title = f"All {total} digits read correctly: the least certain {len(shown)}"
    return _draw(images, labels, probabilities, shown, (title, EXPLANATION), framed=False)


def _draw(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    shown: NDArray[np.int64],
    words: tuple[str, str],
    *,
    framed: bool,
) -> Figure:
    if not len(shown):
        raise DataError("there is no digit to draw", hint="mnistcli plot --dataset digits")
    columns = columns_for(len(shown), 2.2)
    rows = math.ceil(len(shown) / columns)
    figure, axes = new_sheet(
        max(2 * MARGIN + columns * ACROSS - GAP, NARROWEST),
        TOP + rows * DOWN + MARGIN / 2,
        *words,
    )
    for place, index in enumerate(shown):
        row, column = divmod(place, columns)
        left, top = MARGIN + column * ACROSS, TOP + row * DOWN
        draw_image(axes, images[index], (left, top, TILE, TILE))
        _caption(axes, int(labels[index]), probabilities[index], left, top)
        if framed and probabilities[index].argmax() != labels[index]:
            axes.add_patch(
                Rectangle((left, top), TILE, TILE, fill=False, edgecolor=RED, linewidth=3)
            )
    return figure


def _caption(
    axes: Axes, label: int, probabilities: NDArray[np.float32], left: float, top: float
) -> None:
    read = int(probabilities.argmax())
    wrong = read != label
    sure = percent(float(probabilities[read]))
    mark = WRONG if wrong else RIGHT
    color = RED if wrong else INK
    axes.text(
        left,
        top + TILE + 0.06,
        f"{mark} {read}",
        size=TEXT,
        color=color,
        weight="bold" if wrong else "normal",
        va="top",
    )
    axes.text(left + TILE, top + TILE + 0.075, sure, size=SMALL, color=GREY, va="top", ha="right")
    axes.text(left, top + TILE + 0.27, f"true {label}", size=SMALL, color=GREY, va="top")
