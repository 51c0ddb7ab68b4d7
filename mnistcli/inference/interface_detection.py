"""Interface detection: find the pixel scale and the kind of outputs of an external model.

Models differ in their input normalization: Keras users scale pixels to 0..1, leave them at 0..255,
or invert them; the last layer gives softmax probabilities, sigmoid values or logits. What cannot be
derived from the layers is measured on reference digits: among the pixel scales within two
percentage points of the best accuracy, the one with the lowest cross-entropy is chosen. The highest
accuracy alone does not decide, because a ReLU network is about as accurate at 0..255 as at 0..1. A
model is then adapted with stock layers, so that it takes float32 (n, 28, 28, 1) in 0..1 and returns
probabilities (n, 10) like any other.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from mnistcli import checkpoints
from mnistcli.architectures import INPUT_NAME, INPUT_SHAPE
from mnistcli.errors import OTHER_MODEL, ModelError
from mnistcli.formatting import percent
from mnistcli.inference.digit_classifier import BATCH_SIZE, PROBABILITY_EPSILON
from mnistcli.inference.interface_cache import (
    LOGITS,
    SIGMOID,
    SOFTMAX,
    Interface,
    read_interface,
    write_interface,
)
from mnistcli.inference.reference_digits import (
    REFERENCE_DIGIT_COUNT,
    ReferenceDigits,
    load_reference_digits,
)
from mnistcli.mnist_format import IMAGE_SIDE, to_model_input
from mnistcli.model_check import CheckedModel, check_model
from mnistcli.model_check.first_and_last_layer import first_divisor, last_activation
from mnistcli.model_check.input_shapes import ImageShape
from mnistcli.model_lookup import ModelRef
from mnistcli.pixel_scales import AUTO_SCALE, DARK_ON_LIGHT_SCALES, PIXEL_SCALES

NoteCallback = Callable[[str], None]

_OUTPUTS = {SOFTMAX: "softmax probabilities", SIGMOID: "sigmoid values", LOGITS: "logits"}

# Factor and offset of each pixel scale, for pixels in 0..1 of a light digit on a dark background.
# Standardized: divided by MNIST's standard deviation after its mean is subtracted.
_SCALING = dict(
    zip(
        PIXEL_SCALES,
        ((1, 0), (255, 0), (2, -1), (1 / 0.3081, -0.1307 / 0.3081), (-1, 1), (-255, 255)),
        strict=True,
    )
)
_BYTE_SCALES = ("0..255", "255..0")
_SUM_TOLERANCE = 0.01
_ACCURACY_TOLERANCE = 0.02
_MIN_ACCURACY = 0.5


class _Result(NamedTuple):
    """Result of one pixel scale on the reference digits: accuracy, and cross-entropy in nats."""

    interface: Interface
    accuracy: float
    loss: float


class AdaptedModel(NamedTuple):
    """A model that maps float32 (n, 28, 28, 1) in 0..1 to probabilities (n, 10).

    Attributes:
        model: The model.
        interface: The interface of the model inside it; None for a model of mnistcli.
    """

    model: keras.Model
    interface: Interface | None


def adapt(
    checked: CheckedModel,
    *,
    pixel_scale: str | None = None,
    on_note: NoteCallback | None = None,
) -> AdaptedModel:
    """Load a model that has been checked and adapt it to the standard interface.

    The detected interface is written to the user's cache.

    Args:
        checked: The parts of the file.
        pixel_scale: A name in `PIXEL_SCALES`, or ``auto`` to detect it again. Defaults to what is
            known about the file.
        on_note: Receives a line about the detected interface.

    Raises:
        ModelError: Keras cannot build the model, or it classifies less than half of the reference
            digits correctly at every pixel scale.
    """
    model = checkpoints.load_checked(checked)
    if pixel_scale is None:
        if is_standard(model):
            return AdaptedModel(model, None)
        known = read_interface(checked.digest)
    else:
        known = None
    if known is None:
        scale = None if pixel_scale == AUTO_SCALE else pixel_scale
        result = _detect(model, checked, scale)
        known = result.interface
        write_interface(checked.digest, known)
        if on_note is not None:
            on_note(_describe(checked, result))
    return AdaptedModel(_adapt_interface(model, checked.image_shape, known), known)


def load_model(model_ref: ModelRef) -> keras.Model:
    """Load a single model with the standard interface; the model of a run already has it.

    Raises:
        ModelError: The errors of `adapt`, or the file does not pass the check.
    """
    checked = check_model(model_ref.files[0])
    if model_ref.run is not None:
        return checkpoints.load_checked(checked)
    return adapt(checked).model


def is_standard(model: keras.Model) -> bool:
    """Return whether a model says by the name of its input that it takes pixels in 0..1."""
    return bool(model.inputs[0].name == INPUT_NAME)


def _detect(model: keras.Model, checked: CheckedModel, pixel_scale: str | None) -> _Result:
    """Detect the interface of a model with reference digits.

    Args:
        model: The model.
        checked: Its file.
        pixel_scale: The pixel scale, if it is known.

    Raises:
        ModelError: Less than half of the digits are classified correctly at every pixel scale, or
            the outputs are NaN.
    """
    best = 0.0
    for digits in load_reference_digits():
        scales = _candidates(checked) if pixel_scale is None else (pixel_scale,)
        result = _choose([_try(model, checked, scale, digits) for scale in scales])
        if result.accuracy >= _MIN_ACCURACY or pixel_scale is not None:
            return result
        if np.isinf(result.loss):
            raise ModelError(
                f"{str(checked.path)!r} computes NaN or infinite probabilities", hint=OTHER_MODEL
            )
        best = max(best, result.accuracy)
    raise ModelError(
        f"{str(checked.path)!r} ({_format_shape(checked)} input) classifies at most "
        f"{percent(best, 0)} of {REFERENCE_DIGIT_COUNT} reference digits correctly at any pixel "
        "scale, such as 0..1 or 0..255",
        hint=OTHER_MODEL,
    )


def _try(model: keras.Model, checked: CheckedModel, scale: str, digits: ReferenceDigits) -> _Result:
    """Measure a model at one pixel scale."""
    outputs = _compute(model, checked.image_shape, scale, digits.images)
    if not np.isfinite(outputs).all():
        return _Result(Interface(scale, LOGITS), 0.0, float("inf"))
    kind = SOFTMAX if last_activation(checked.config) == SOFTMAX else _output_kind(outputs)
    probabilities = ops.convert_to_numpy(_to_probabilities(ops.convert_to_tensor(outputs), kind))
    of_label = probabilities[np.arange(len(outputs)), digits.labels]
    return _Result(
        Interface(scale, kind),
        float(np.mean(probabilities.argmax(axis=1) == digits.labels)),
        float(-np.log(of_label.clip(PROBABILITY_EPSILON, 1)).mean()),
    )


def _choose(results: Sequence[_Result]) -> _Result:
    """Return the result with the lowest cross-entropy among those close to the best accuracy."""
    best = max(result.accuracy for result in results)
    close = (result for result in results if result.accuracy >= best - _ACCURACY_TOLERANCE)
    return min(close, key=lambda result: result.loss)


def _candidates(checked: CheckedModel) -> Sequence[str]:
    """Return the pixel scales that the first layer of a model allows."""
    divisor = first_divisor(checked.config)
    return PIXEL_SCALES if divisor is None or divisor < 100 else _BYTE_SCALES


def _compute(
    model: keras.Model, shape: ImageShape, pixel_scale: str, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the outputs of a model for images, uint8 (n, 28, 28)."""
    parts = []
    for start in range(0, len(images), BATCH_SIZE):
        batch = to_model_input(images[start : start + BATCH_SIZE])
        prepared = _prepare(ops.convert_to_tensor(batch), shape, pixel_scale)
        parts.append(ops.convert_to_numpy(model(prepared, training=False)))
    return np.concatenate(parts).astype(np.float32)


def _output_kind(outputs: NDArray[np.float32]) -> str:
    """Return which kind of outputs these are, float32 (n, 10)."""
    if not ((outputs >= 0) & (outputs <= 1)).all():
        return LOGITS
    sums = outputs.sum(axis=1)
    return SOFTMAX if (np.abs(sums - 1) <= _SUM_TOLERANCE).all() else SIGMOID


def _adapt_interface(model: keras.Model, shape: ImageShape, interface: Interface) -> keras.Model:
    """Return a model with the standard interface that contains another."""
    images = keras.Input(INPUT_SHAPE, name=INPUT_NAME)
    outputs = model(_prepare(images, shape, interface.pixel_scale))
    probabilities = _to_probabilities(outputs, interface.outputs)
    return keras.Model(images, probabilities, name=f"{model.name}_adapted")


def _prepare(images: Any, shape: ImageShape, pixel_scale: str) -> Any:
    """Convert images, float32 (n, 28, 28, 1) in 0..1, to the input of a model.

    The input can have another size and pixel scale, three channels, or be channels-first (NCHW).
    """
    for layer in _size_layers(shape.side):
        images = layer(images)
    factor, offset = _SCALING[pixel_scale]
    if (factor, offset) != (1, 0):
        images = layers.Rescaling(factor, offset)(images)
    if shape.channels == 3:
        images = layers.Concatenate()([images] * 3)
    if shape.channels_first:
        images = layers.Permute((3, 1, 2))(images)
    return images if images.shape[1:] == shape.shape else layers.Reshape(shape.shape)(images)


def _size_layers(side: int) -> Iterator[keras.Layer]:
    """Yield the layers that change the side of an image from 28; for 32, by zero padding."""
    if side == 32:
        yield layers.ZeroPadding2D(2)
    elif side != IMAGE_SIDE:
        yield layers.Resizing(side, side)


def _to_probabilities(outputs: Any, kind: str) -> Any:
    """Convert outputs (n, 10) to probabilities: logits get a softmax."""
    if kind == SOFTMAX:
        return outputs
    if kind == SIGMOID:  # divides each value by the sum
        outputs = ops.log(ops.maximum(outputs, PROBABILITY_EPSILON))
    return layers.Softmax()(outputs)


def _format_shape(checked: CheckedModel) -> str:
    return "x".join(map(str, checked.image_shape.shape))


def _describe(checked: CheckedModel, result: _Result) -> str:
    scale, outputs = result.interface
    polarity = " (dark digits on light)" if scale in DARK_ON_LIGHT_SCALES else ""
    pixels = "standardized pixels" if scale == "standardized" else f"pixels in {scale}"
    return (
        f"{checked.path.name} expects {_format_shape(checked)} images with {pixels}{polarity} and "
        f"outputs {_OUTPUTS[outputs]} ({percent(result.accuracy, 1)} of {REFERENCE_DIGIT_COUNT} "
        "reference digits correct)"
    )
