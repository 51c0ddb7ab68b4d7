"""Which pieces of ink make one digit, and the order in which digits are read."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mnistcli.handwriting.ink import Mask
from mnistcli.handwriting.strokes import components

_SHARED = 0.5  # of the narrower piece's width: what stands above one another is one digit


@dataclass(frozen=True)
class _Piece:
    """Some pieces of ink, by their numbers, and the box around them."""

    numbers: tuple[int, ...]
    left: int
    top: int
    right: int
    bottom: int

    def joined(self, other: "_Piece") -> "_Piece":
        return _Piece(
            self.numbers + other.numbers,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def apart(mask: Mask) -> list[Mask]:
    """Part the ink into digits, in reading order.

    Args:
        mask: The ink of all digits, shape (h, w).

    Returns:
        A mask of the same shape for each digit.
    """
    labels, _ = components(mask)
    pieces = [
        _Piece((number,), columns.start, rows.start, columns.stop, rows.stop)
        for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1)
    ]
    return [np.isin(labels, piece.numbers) for line in _lines(_joined(pieces)) for piece in line]


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Join loose strokes to the digit they stand above, below or inside of."""
    done: list[_Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.left - piece.right):
        host = next((other for other in done if _one_digit(piece, other)), None)
        if host is not None:
            done.remove(host)
            piece = host.joined(piece)  # noqa: PLW2901
        done.append(piece)
    return done


def _one_digit(piece: _Piece, other: _Piece) -> bool:
    shared = min(piece.right, other.right) - max(piece.left, other.left)
    gap = max(piece.top, other.top) - min(piece.bottom, other.bottom)
    taller = max(piece.bottom - piece.top, other.bottom - other.top)
    narrower = min(piece.right - piece.left, other.right - other.left)
    return shared >= _SHARED * narrower and gap <= 0.3 * taller


def _lines(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Part digits into lines from top to bottom, each from left to right."""
    lines: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.top + piece.bottom):
        middle = (piece.top + piece.bottom) / 2
        if lines and any(other.top < middle < other.bottom for other in lines[-1]):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line, key=lambda piece: piece.left) for line in lines]
