"""Plot of the activations for one digit: feature maps (activation maps) and values of blocks."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.formatting import bounded_percent, format_count
from mnistcli.plotting.drawing import draw_array, outline
from mnistcli.plotting.layer_outputs import Block
from mnistcli.plotting.style import (
    BLACK,
    GRAY,
    LIGHT_GRAY,
    MARGIN,
    SMALL,
    TEXT,
    TOP,
    Footer,
    fit_text,
    new_figure,
)

# Lengths are in inches.
_TILE, _GAP = 0.66, 0.08
TILES = 12
_LABEL = 3.1
_ROW_STEP = _TILE + 0.26
_WIDTH = 2 * MARGIN + _LABEL + TILES * (_TILE + _GAP) - _GAP
# Deeper models would give a figure that is too tall to look at.
MAX_ROWS = 16
_SUBTITLE = "Each row has its own scale: black is 0, white the strongest activation"
_SIGNED_SUBTITLE = ". With negative ones, red is above 0, blue below"
# Color maps: diverging if there are negative values, else gray.
_SIGNED, _POSITIVE = "RdBu_r", "gray"
_TIMES = "\N{MULTIPLICATION SIGN}"
# Smaller probabilities are not written.
_MIN_WRITTEN = 0.01


def plot_activations(
    image: NDArray[np.uint8],
    blocks: Sequence[Block],
    *,
    model_name: str,
    dataset_name: str,
) -> Figure:
    """Plot the activations of a model for a digit, a row for each block of layers.

    Args:
        image: The digit, uint8 (28, 28).
        blocks: The blocks in order; the output of the last one is the probabilities.
        model_name: Name of the model.
        dataset_name: Name of the dataset that the digit is from.
    """
    *hidden, output = blocks
    indices = np.linspace(0, len(hidden) - 1, min(len(hidden), MAX_ROWS)).round().astype(int)
    shown = [hidden[index] for index in indices.tolist()]
    probabilities = output.values
    predicted = int(probabilities.argmax())
    confidence = bounded_percent(float(probabilities[predicted]))
    shown_of = f"{len(shown) + 1} of " if len(shown) < len(hidden) else ""
    is_signed = any(block.values.min() < 0 for block in shown)
    title = (
        f"Activations of {shown_of}{format_count(len(blocks), 'layer block')}: "
        f"predicted {predicted}, confidence {confidence}"
    )
    figure, axes = new_figure(
        _WIDTH,
        TOP + (len(shown) + 2) * _ROW_STEP + 0.25,
        title,
        _SUBTITLE + (_SIGNED_SUBTITLE if is_signed else ""),
        Footer(model_name, "1 image", dataset_name),
    )
    left = MARGIN + _LABEL
    _write_label(axes, TOP, ("input",), f"28{_TIMES}28 pixels")
    draw_array(axes, image, (left, TOP, _TILE, _TILE))
    for row, block in enumerate(shown, 1):
        _draw_block(axes, block, TOP + row * _ROW_STEP)
    top = TOP + (len(shown) + 1) * _ROW_STEP
    _write_label(axes, top, output.layers, "10 probabilities")
    _draw_probabilities(axes, probabilities, top)
    return figure


def _draw_block(axes: Axes, block: Block, top: float) -> None:
    values = block.values
    if values.ndim == 3:
        maps = np.moveaxis(values, -1, 0)
        strongest = np.abs(maps).max(axis=(1, 2))
        # The strongest ones, in the order of the layer.
        chosen = np.sort(np.argsort(-strongest, kind="stable")[:TILES])
        height, width, count = values.shape
        text = f"{format_count(count, 'map')} of {height}{_TIMES}{width}"
        if len(chosen) < count:
            text += f", the {len(chosen)} strongest"
        tiles = [maps[index] for index in chosen]
        rectangles = [
            (MARGIN + _LABEL + index * (_TILE + _GAP), top, _TILE, _TILE)
            for index in range(len(tiles))
        ]
    else:
        text = format_count(values.size, "value")
        tiles, rectangles = [_wrap(values.reshape(-1))], []
        rows, columns = tiles[0].shape
        cell = min((_WIDTH - 2 * MARGIN - _LABEL) / columns, _TILE / rows)
        rectangles.append((MARGIN + _LABEL, top, columns * cell, rows * cell))
    _write_label(axes, top, block.layers, text)
    largest = max(float(np.abs(values).max()), 1e-9)
    cmap, low = (_POSITIVE, 0) if values.min() >= 0 else (_SIGNED, -largest)
    for tile, (x, y, tile_width, tile_height) in zip(tiles, rectangles, strict=True):
        draw_array(axes, tile, (x, y, tile_width, tile_height), cmap=cmap, limits=(low, largest))
        outline(axes, (x, y, x + tile_width, y + tile_height), LIGHT_GRAY, linewidth=0.8)


def _wrap(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Wrap values (n,) into rows of square cells that fill a row of the figure; NaN at the end."""
    aspect = (_WIDTH - 2 * MARGIN - _LABEL) / _TILE
    rows = math.ceil(math.sqrt(values.size / aspect))
    columns = math.ceil(values.size / rows)
    padded = np.full(rows * columns, np.nan, np.float32)
    padded[: values.size] = values
    return padded.reshape(rows, columns)


def _write_label(axes: Axes, top: float, layers: Sequence[str], text: str) -> None:
    """Write the layers of a block and the size of its output at the left of a row."""
    first, *rest = layers
    lines = [(first, TEXT, BLACK), (", ".join(rest), SMALL, GRAY), (text, SMALL, GRAY)]
    y = top
    for line, size, color in lines:
        if line:
            fitting = fit_text(line, _LABEL - 0.15, size)
            axes.text(MARGIN, y, fitting, size=size, color=color, va="top", parse_math=False)
            y += 0.24


def _draw_probabilities(axes: Axes, probabilities: NDArray[np.float32], top: float) -> None:
    """Draw one tile per digit: white is 1, black is 0; the digit and its probability below."""
    predicted = int(probabilities.argmax())
    for digit, probability in enumerate(probabilities.tolist()):
        left = MARGIN + _LABEL + digit * (_TILE + _GAP)
        draw_array(axes, [[probability]], (left, top, _TILE, _TILE), limits=(0, 1))
        outline(axes, (left, top, left + _TILE, top + _TILE), LIGHT_GRAY, linewidth=0.8)
        color, weight = (BLACK, "bold") if digit == predicted else (GRAY, "normal")
        texts = [(str(digit), 0.06, TEXT)]
        if probability >= _MIN_WRITTEN:
            texts.append((bounded_percent(probability), 0.25, SMALL))
        for text, below, size in texts:
            axes.text(
                left + _TILE / 2,
                top + _TILE + below,
                text,
                size=size,
                color=color,
                weight=weight,
                ha="center",
                va="top",
            )
