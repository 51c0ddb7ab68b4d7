"""Training of the line recognizer: connectionist temporal classification on synthetic numbers.

The network reads a line without any segmentation. CTC sums over all alignments of a transcription
with the columns. (Graves et al., "Connectionist temporal classification", ICML 2006.) `make
pretrained` trains the packaged networks with it; no command does.
"""

from collections.abc import Iterable, Iterator

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from mnistcli.inference.classifier import Compute
from mnistcli.inference.line_recognizer import Calibration, LineRecognizer
from mnistcli.preprocessing.line_images import ZOOMS, zoom_line
from mnistcli.synthetic.number_stream import BLANK
from mnistcli.synthetic.numbers import NumberImage

_PEAK_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-4
_CLIP_NORM = 5.0  # gradient clipping, by the global norm


def train_line_recognizer(
    model: keras.Model,
    batches: Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]],
    *,
    epochs: int,
    steps_per_epoch: int,
    callbacks: list[keras.callbacks.Callback],
    warm_up_steps: int = 200,
) -> None:
    """Train a line recognizer on synthetic numbers.

    Args:
        model: An uncompiled model built by `architectures.build_line_network`.
        batches: Line images, float32 (n, 32, w, 1) in 0..1, and targets, endless, such as a
            `NumberStream`.
        epochs: Number of epochs; an epoch ends with the callbacks.
        steps_per_epoch: Batches of an epoch.
        callbacks: Keras callbacks, such as one that saves the model.
        warm_up_steps: Batches in which the learning rate rises.
    """
    schedule = keras.optimizers.schedules.CosineDecay(
        _PEAK_LEARNING_RATE / 20,
        epochs * steps_per_epoch - warm_up_steps,
        warmup_target=_PEAK_LEARNING_RATE,
        warmup_steps=warm_up_steps,
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=_WEIGHT_DECAY, global_clipnorm=_CLIP_NORM
    )
    model.compile(optimizer, ctc_loss, jit_compile=False)
    model.fit(
        batches,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )


def ctc_loss(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Compute the CTC loss of each line, per symbol.

    Args:
        targets: Indices of symbols padded with `BLANK`, (n, labels).
        logits: (n, columns, symbols + 1).
    """
    lengths = keras.ops.sum(keras.ops.cast(keras.ops.not_equal(targets, BLANK), "int32"), axis=1)
    columns = keras.ops.shape(logits)[1] * keras.ops.ones_like(lengths)
    losses = keras.ops.ctc_loss(targets, logits, lengths, columns, mask_index=BLANK)
    return losses / (1 + keras.ops.cast(lengths, losses.dtype))


def fit_calibration(compute: Compute, numbers: Iterable[NumberImage]) -> tuple[Calibration, float]:
    """Fit the calibration of a line recognizer by logistic regression (Platt scaling).

    Args:
        compute: The trained network; see `LineRecognizer`.
        numbers: Labeled line images of held-out digits, which were not trained on.

    Returns:
        The calibration, and the fraction of numbers with all digits correct.
    """
    recognizer = LineRecognizer(compute)
    log_odds, correct = [], []
    for number in numbers:
        pixels = number.pixels.astype(np.float32) / np.float32(255)
        recognized = recognizer.read([zoom_line(pixels, zoom) for zoom in ZOOMS])
        confidence = min(max(recognized.text_confidence, 1e-9), 1 - 1e-6)
        log_odds.append(np.log(confidence / (1 - confidence)))
        correct.append(recognized.text == "".join(filter(str.isdigit, number.text)))
    fitted = LogisticRegression(C=np.inf).fit(np.array(log_odds)[:, None], correct)
    calibration = Calibration(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))
    return calibration, float(np.mean(correct))
