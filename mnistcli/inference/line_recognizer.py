"""Line recognizer: OCR of a multi-digit line as one sequence, without segmentation.

Fully convolutional networks give the probabilities of all symbols in each column of a line image,
and CTC decoding finds the transcription. The packaged ensemble was trained on synthetic numbers,
see its card.
"""

import json
import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import ModelError
from mnistcli.files.hashing import sha256
from mnistcli.inference import ctc
from mnistcli.inference.classifier import Compute
from mnistcli.inference.litert import Runner
from mnistcli.line_format import (
    COLUMN_WIDTH,
    LINE_HEIGHT,
    MARKS,
    SYMBOLS,
    Alternative,
    Mark,
    RecognizedLine,
)
from mnistcli.mnist_format import NUM_CLASSES
from mnistcli.model_lookup import PRETRAINED_DIR

LINE_RECOGNIZER_DIR = PRETRAINED_DIR / "lines"
"""The directory of the packaged line recognizer: `model.tflite` and `card.json`."""

_WIDTH_STEP = 32  # pixels: LiteRT is slower for a new width
# Of a transcription: other outputs would not change the probabilities of its digits.
_CERTAIN_PROBABILITY = 0.98
_MAX_ALTERNATIVES = 10


class Calibration(NamedTuple):
    """Platt scaling (Platt, 1999): logistic calibration of the text confidence.

    Attributes:
        slope: Multiplies the log-odds.
        offset: Added to the log-odds.
    """

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, probability: float) -> float:
        """Return the calibrated probability."""
        clipped = min(max(probability, 1e-9), 1 - 1e-6)
        log_odds = self.slope * math.log(clipped / (1 - clipped)) + self.offset
        return 1 / (1 + math.exp(-log_odds))


class LineRecognizer:
    """Reads lines of digits.

    Args:
        compute: Returns the logits of one or several networks side by side, float32 (n, w / 4,
            networks * (symbols + 1)), of line images, float32 (n, 32, w, 1) in 0..1.
        calibration: The calibration of the confidence.
    """

    def __init__(self, compute: Compute, calibration: Calibration | None = None) -> None:
        self._compute = compute
        self._calibration = calibration or Calibration()

    def read(
        self, images: Sequence[NDArray[np.float32]], *, digit_counts: range | None = None
    ) -> RecognizedLine:
        """Read a line.

        Args:
            images: The line at one or several scales, float32 (32, w) in 0..1. The transcription
                with the highest mean probability over scales (test-time augmentation) and networks
                is taken.
            digit_counts: The number of digits that the line may have. Defaults to any.
        """
        outputs = self._probabilities(images)
        frames = [
            ctc.LineOutput(output[:, :NUM_CLASSES], output[:, NUM_CLASSES:].sum(axis=1))
            for output in outputs
        ]
        found = [ctc.beam_search(member, digit_counts) for member in frames]
        ranked = _rank(found, is_conditional=digit_counts is not None)
        text, probability = ranked[0] if ranked else ("", 0.0)
        best = max(range(len(found)), key=lambda index: found[index].get(text, -math.inf))
        others = (
            []
            if probability >= _CERTAIN_PROBABILITY
            else [i for i in range(len(found)) if i != best]
        )
        columns, probabilities = _align([frames[index] for index in [best, *others]], text)
        # Replacing one digit may give a transcription that the search had pruned.
        text = "".join(map(str, probabilities.argmax(axis=1)))
        confidence = self._calibration.apply(probability)
        return RecognizedLine(
            text,
            confidence,
            best % len(images),
            columns,
            probabilities,
            _marks(outputs[best]),
            _alternatives(text, ranked, confidence),
        )

    def _probabilities(self, images: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
        """Return the probabilities of all symbols and the blank, (t, symbols + 1).

        There is one array per network and image, beginning with all images of the first network.
        """
        width = max(image.shape[1] for image in images)
        width = math.ceil(width / _WIDTH_STEP) * _WIDTH_STEP
        batch = np.zeros((len(images), LINE_HEIGHT, width, 1), np.float32)
        for row, image in zip(batch, images, strict=True):
            row[:, : image.shape[1], 0] = image
        output = self._compute(batch).astype(np.float64)
        logits = output.reshape(*output.shape[:2], -1, len(SYMBOLS) + 1)
        probabilities = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probabilities /= probabilities.sum(axis=-1, keepdims=True)
        return [
            member[: math.ceil(image.shape[1] / COLUMN_WIDTH), network]
            for network in range(probabilities.shape[2])
            for member, image in zip(probabilities, images, strict=True)
        ]


@cache
def load_line_recognizer(threads: int | None = None) -> LineRecognizer:
    """Load the packaged line recognizer, once per process.

    Args:
        threads: The number of threads of LiteRT. Defaults to one per processor.

    Raises:
        ModelError: The file of the model is damaged.
    """
    file = LINE_RECOGNIZER_DIR / "model.tflite"
    content = file.read_bytes()
    card = json.loads((LINE_RECOGNIZER_DIR / "card.json").read_text(encoding="utf-8"))
    if sha256(content) != card["litert_sha256"]:
        raise ModelError(f"damaged: {str(file)!r}", hint="pip install --force-reinstall .")
    return LineRecognizer(Runner(content, threads=threads), Calibration(**card["calibration"]))


def _rank(found: list[dict[str, float]], *, is_conditional: bool) -> list[tuple[str, float]]:
    """Rank transcriptions by their mean probability over scales and networks.

    Args:
        found: The log-probabilities of the transcriptions, for each scale and network.
        is_conditional: Whether one of the transcriptions is certainly correct.

    Returns:
        The most likely transcriptions with their mean probabilities, in descending order.
    """
    logs = {
        text: float(np.logaddexp.reduce([texts.get(text, -math.inf) for texts in found]))
        for text in set().union(*found)
    }
    total = math.log(len(found))
    if is_conditional and logs:
        total = float(np.logaddexp.reduce(list(logs.values())))
    ranked = sorted(logs.items(), key=lambda item: (-item[1], item[0]))[:_MAX_ALTERNATIVES]
    return [(text, math.exp(value - total)) for text, value in ranked]


def _align(
    frames: list[ctc.LineOutput], text: str
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the columns of the digits in pixels, (n,), and their class probabilities, (n, 10).

    A digit's probability is that of the transcription in which it stands, in the mean over the
    frames. The columns are taken from the first frames.
    """
    if not text:
        return np.empty(0), np.empty((0, NUM_CLASSES), np.float32)
    alignments = [ctc.align(member, text) for member in frames]
    highest = alignments[0].log_probability
    total = np.zeros((len(text), NUM_CLASSES))
    for alignment in alignments:
        total += alignment.replacement_ratios * math.exp(alignment.log_probability - highest)
    columns = (alignments[0].columns + 0.5) * COLUMN_WIDTH
    return columns, (total / total.sum(axis=1, keepdims=True)).astype(np.float32)


def _marks(output: NDArray[np.float64]) -> tuple[Mark, ...]:
    """Return the marks: runs of columns in which a mark is the most likely symbol."""
    symbols = output.argmax(axis=1)
    starts = np.flatnonzero(np.diff(symbols, prepend=-1))
    ends = [*starts[1:], len(symbols)]
    return tuple(
        Mark(MARKS[symbols[start] - NUM_CLASSES], float(start + end) / 2 * COLUMN_WIDTH)
        for start, end in zip(starts, ends, strict=True)
        if NUM_CLASSES <= symbols[start] < NUM_CLASSES + len(MARKS)
    )


def _alternatives(
    text: str, ranked: list[tuple[str, float]], confidence: float
) -> tuple[Alternative, ...]:
    """Return the best transcription and the next ones; the calibrated probabilities sum to 1."""
    others = [(other, probability) for other, probability in ranked if other != text]
    rest = sum(probability for _, probability in others)
    return (
        Alternative(text, confidence),
        *(Alternative(other, (1 - confidence) * share / rest) for other, share in others if rest),
    )
