"""Sparklines: the learning curves of a run on a terminal, in Unicode block characters or ASCII."""

import math
from collections.abc import Callable, Sequence

from mnistcli.formatting import percent
from mnistcli.runs.history import EpochRow

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.-=*#"
_VAL_ACCURACY = "val accuracy"


def render_curves(rows: Sequence[EpochRow], width: int, *, ascii_only: bool = False) -> list[str]:
    """Return lines with the learning curves: loss and validation accuracy over the epochs.

    Each line shows the first and the last value beside its curve. There is no line for a value that
    is not finite, none before the second epoch, and no curve where the terminal has no space.

    Args:
        rows: The epochs.
        width: Width of the terminal in characters.
        ascii_only: Whether the terminal has no block characters.
    """
    blocks = _ASCII_BLOCKS if ascii_only else _BLOCKS
    curves: list[tuple[str, list[float], Callable[[float], str]]] = [
        ("loss", [row.loss for row in rows], "{:.4f}".format),
        (_VAL_ACCURACY, [row.val_accuracy for row in rows], percent),
    ]
    lines = []
    for title, values, text in curves:
        if len(values) < 2 or not all(map(math.isfinite, values)):
            continue
        start, end = f"{title:<{len(_VAL_ACCURACY)}}  {text(values[0]):>8} ", text(values[-1])
        space = width - len(start) - len(end) - 2
        if space > 1:
            lines.append(f"{start}{_curve(values, min(space, 60), blocks)} {end}")
    return lines


def _curve(values: Sequence[float], width: int, blocks: str) -> str:
    """Return a block character for each value, or for evenly spaced ones if there are too many."""
    count = min(len(values), width)
    shown = [values[round(at * (len(values) - 1) / (count - 1))] for at in range(count)]
    lowest, highest = min(shown), max(shown)
    scale = (len(blocks) - 1) / (highest - lowest or 1)
    return "".join(blocks[round((value - lowest) * scale)] for value in shown)
