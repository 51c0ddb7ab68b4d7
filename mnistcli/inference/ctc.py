"""CTC decoding: transcriptions of a line, and the positions and probabilities of its digits.

A transcription has many paths through the columns of the network's output: equal neighbors are one
symbol, and blanks are left out. (Graves et al., "Connectionist temporal classification", ICML
2006.)
"""

import math
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.mnist_format import NUM_CLASSES

_BEAM_WIDTH = 12  # beam width: prefixes that are kept after each column
_MIN_PROBABILITY = 1e-3  # of a symbol in a column; without a symbol above it, the column is blank
_MIN_BEAM = 1e-5  # of the probability of the best one
_BEAMS_PER_LENGTH = 4
_SYMBOLS_PER_COLUMN = 3  # that are tried where the length is given


class LineOutput(NamedTuple):
    """The output of the network for one line image: probabilities in each of t columns.

    Attributes:
        digits: float64 (t, 10).
        blank: Probability of the blank symbol, float64 (t,).
    """

    digits: NDArray[np.float64]
    blank: NDArray[np.float64]


class Alignment(NamedTuple):
    """The positions of the digits of a transcription.

    Attributes:
        columns: The expected column (posterior mean) of each digit, float64 (n,).
        replacement_ratios: The probability of each transcription with one digit replaced, relative
            to the transcription itself, float64 (n, 10).
        log_probability: The logarithm of the probability of the transcription.
    """

    columns: NDArray[np.float64]
    replacement_ratios: NDArray[np.float64]
    log_probability: float


def beam_search(frames: LineOutput, lengths: range | None = None) -> dict[str, float]:
    """Find the most likely transcriptions by prefix beam search.

    Args:
        frames: The output of the network.
        lengths: The lengths that a transcription may have. Defaults to any.

    Returns:
        The transcriptions (an n-best list, unsorted) with the logarithms of their probabilities.
    """
    beams: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}  # ending in a blank, in a digit
    log_scale = 0.0  # the probabilities of a long line would underflow
    after_blank = True
    for symbols, blank in zip(_likely_symbols(frames, lengths), frames.blank.tolist(), strict=True):
        if not symbols and after_blank:  # every prefix already ends in a blank, and none changes
            log_scale += math.log(max(blank, sys.float_info.min))
            continue
        after_blank = not symbols
        beams = _prune(_extend(beams, blank, symbols, lengths), lengths)
        total = max(sum(map(sum, beams.values())), sys.float_info.min)
        log_scale += math.log(total)
        beams = {
            text: (blank_end / total, digit_end / total)
            for text, (blank_end, digit_end) in beams.items()
        }
    return {
        text: math.log(sum(parts)) + log_scale
        for text, parts in beams.items()
        if sum(parts) > 0 and (lengths is None or len(text) in lengths)
    }


def _likely_symbols(frames: LineOutput, lengths: range | None) -> Iterator[list[tuple[str, float]]]:
    """Return the digits of each column that are worth trying, with their probabilities."""
    likely = frames.digits > _MIN_PROBABILITY
    for probabilities, is_likely, count in zip(
        frames.digits, likely, np.count_nonzero(likely, axis=1).tolist(), strict=True
    ):
        if lengths is not None:
            indices = np.argpartition(probabilities, -_SYMBOLS_PER_COLUMN)[-_SYMBOLS_PER_COLUMN:]
        elif count:
            indices = np.flatnonzero(is_likely)
        else:
            yield []
            continue
        yield [(str(digit), float(probabilities[digit])) for digit in indices]


def _extend(
    beams: dict[str, tuple[float, float]],
    blank: float,
    symbols: list[tuple[str, float]],
    lengths: range | None,
) -> dict[str, tuple[float, float]]:
    """Extend all beams by one column."""
    ends_in_blank: defaultdict[str, float] = defaultdict(float)
    ends_in_digit: defaultdict[str, float] = defaultdict(float)
    for text, (in_blank, in_digit) in beams.items():
        ends_in_blank[text] += (in_blank + in_digit) * blank
        is_full = lengths is not None and len(text) + 1 >= lengths.stop
        for symbol, probability in symbols:
            before = in_blank + in_digit
            if text.endswith(symbol):
                ends_in_digit[text] += in_digit * probability
                before = in_blank
            if not is_full:
                ends_in_digit[text + symbol] += before * probability
    texts = ends_in_blank.keys() | ends_in_digit.keys()
    return {text: (ends_in_blank.get(text, 0.0), ends_in_digit.get(text, 0.0)) for text in texts}


def _prune(
    beams: dict[str, tuple[float, float]], lengths: range | None
) -> dict[str, tuple[float, float]]:
    """Keep the most likely beams; if the length is given, the most likely ones of each length."""
    ranked = sorted(beams.items(), key=lambda item: (-sum(item[1]), item[0]))
    if lengths is None:
        least = _MIN_BEAM * sum(ranked[0][1])
        return {text: parts for text, parts in ranked[:_BEAM_WIDTH] if sum(parts) >= least}
    kept: dict[str, tuple[float, float]] = {}
    counts: defaultdict[int, int] = defaultdict(int)
    for text, parts in ranked:
        if counts[len(text)] < _BEAMS_PER_LENGTH:
            counts[len(text)] += 1
            kept[text] = parts
    return kept


def align(frames: LineOutput, text: str) -> Alignment:
    """Align a transcription, one digit or more, with the columns: the forward-backward algorithm.

    This is forced alignment: the transcription is given.

    Args:
        frames: The output of the network.
        text: The transcription; it must have a path through the columns.
    """
    labels = np.array([int(digit) for digit in text])
    # The states of a path: blank, first digit, blank, ..., last digit, blank.
    emission = np.repeat(frames.blank[:, None], 2 * len(labels) + 1, axis=1)
    emission[:, 1::2] = frames.digits[:, labels]
    skips = np.zeros(2 * len(labels) + 1, bool)  # the states that need no blank before them
    skips[3::2] = labels[1:] != labels[:-1]
    forward, scales = _forward(emission, skips)
    backward = _backward(emission, skips, scales)
    occupied = (forward * backward)[:, 1::2]
    total = np.maximum(occupied.sum(axis=0), sys.float_info.min)  # 0 if no path is long enough
    columns = np.arange(len(occupied)) @ occupied / total
    # The rest of a path after a column, by the state that it enters in the next column.
    rest = np.zeros_like(forward)
    rest[:-1] = emission[1:] * backward[1:] / scales[1:, None]
    totals = _replacement_probabilities(frames.digits / scales[:, None], labels, forward, rest)
    ends = max(float(forward[-1, -2:].sum()), sys.float_info.min)
    return Alignment(columns, totals / ends, float(np.log(scales).sum() + np.log(ends)))


def _forward(
    emission: NDArray[np.float64], skips: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scaled forward probabilities (t, s), and the scale of each column."""
    forward, scales = np.zeros_like(emission), np.zeros(len(emission))
    before = np.zeros(emission.shape[1] + 2)
    before[2] = before[3] = 1.0
    for column, probabilities in enumerate(emission):
        if column:
            before[2:] = forward[column - 1]
            reached = before[2:] + before[1:-1] + np.where(skips, before[:-2], 0)
        else:
            reached = before[2:]
        reached = reached * probabilities
        scales[column] = total = reached.sum() or 1.0
        forward[column] = reached / total
    return forward, scales


def _backward(
    emission: NDArray[np.float64], skips: NDArray[np.bool_], scales: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the scaled backward probabilities (t, s), without the emission of their column."""
    backward = np.zeros_like(emission)
    backward[-1, -2:] = 1.0
    after = np.zeros(emission.shape[1] + 2)
    for column in range(len(emission) - 2, -1, -1):
        after[:-2] = emission[column + 1] * backward[column + 1] / scales[column + 1]
        skipping = np.where(skips, after[:-2], 0)
        backward[column] = after[:-2] + after[1:-1]
        backward[column, :-2] += skipping[2:]
    return backward


def _replacement_probabilities(
    digits: NDArray[np.float64],
    labels: NDArray[np.intp],
    forward: NDArray[np.float64],
    rest: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the scaled probabilities, (n, 10), of the transcriptions with one digit replaced.

    Args:
        digits: Scaled probabilities of the digits in each column, (t, 10).
        labels: The digits of the transcription, (n,).
        forward: Scaled forward probabilities, (t, 2 n + 1).
        rest: Scaled probabilities of the rest of a path after each column, (t, 2 n + 1).
    """
    count = len(labels)
    differs = np.ones((count, NUM_CLASSES))  # from a given digit; no blank is needed between
    differs[np.arange(count), labels] = 0
    # Over all columns: a path enters the digit from the blank or the digit before it ...
    enter = np.zeros((len(digits), count, NUM_CLASSES))
    enter[0, 0] = 1.0
    enter[1:] = forward[:-1, 0:-2:2, None]
    enter[1:, 1:] += forward[:-1, 1:-2:2, None] * differs[:-1]
    # ... and leaves it for the blank or the digit after it, or ends.
    leave = np.repeat(rest[:, 2::2, None], NUM_CLASSES, axis=2)
    leave[:, :-1] += rest[:, 3::2, None] * differs[1:]
    leave[-1, -1] = 1.0
    inside, totals = np.zeros((2, count, NUM_CLASSES))
    for column, probabilities in enumerate(digits):
        inside = (inside + enter[column]) * probabilities
        totals += inside * leave[column]
    return totals
