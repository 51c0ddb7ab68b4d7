"""Kinds of models of other Keras users: architectures, inputs, pixel scales, outputs and files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Build = Callable[[], keras.Model]


@dataclass(frozen=True)
class ModelKind:
    """A kind of model.

    Attributes:
        build: Builds the model, untrained.
        scale: The pixel scale that it expects, in `mnistcli.pixel_scales.PIXEL_SCALES`.
        suffix: ``.keras`` or ``.h5``.
        compiled: Whether it is compiled before it is saved, as `fit` leaves it.
        outputs: ``softmax``, ``sigmoid`` or ``logits``.
    """

    build: Build
    scale: str = "0..1"
    suffix: str = ".keras"
    compiled: bool = True
    outputs: str = "softmax"

    def make(self) -> keras.Model:
        """Build the model, compiled if the kind says so."""
        model = self.build()
        if self.compiled:
            loss = (
                "mse"
                if self.outputs == "sigmoid"
                else keras.losses.CategoricalCrossentropy(from_logits=self.outputs == "logits")
            )
            model.compile("adam", loss, metrics=["accuracy"])
        return model


def _dense(
    activation: str | None = "softmax", *, shape: tuple[int | None, ...] = (28, 28, 1)
) -> Build:
    """Return the builder of a network with one hidden layer."""
    return lambda: keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(64, "relu"),
            layers.Dense(10, activation),
        ]
    )


def _sequential(
    *stack: Callable[[], keras.Layer], shape: tuple[int | None, ...] = (28, 28, 1)
) -> Build:
    """Return the builder of a network of layers, which are created anew each time."""
    return lambda: keras.Sequential(
        [keras.Input(shape), *(make() for make in stack), layers.Dense(10, "softmax")]
    )


def _convolution(count: int = 8) -> Callable[[], keras.Layer]:
    return lambda: layers.Conv2D(count, 5, strides=2, activation="relu")


def _functional(
    middle: Callable[[keras.KerasTensor], keras.KerasTensor], activation: str | None = "softmax"
) -> Build:
    """Return the builder of a functional network around one part of it."""

    def build() -> keras.Model:
        entry = keras.Input((28, 28, 1))
        return keras.Model(entry, layers.Dense(10, activation)(layers.Flatten()(middle(entry))))

    return build


def _convolve(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Conv2D(8, 5, activation="relu")(x)


def _average() -> keras.Model:
    entry = keras.Input((28, 28, 1))
    members = [_dense()() for _ in range(2)]
    return keras.Model(entry, layers.Average()([member(entry) for member in members]))


def _nested() -> keras.Model:
    base = keras.Sequential(
        [keras.Input((28, 28, 1)), _convolution()(), layers.Flatten()], name="base"
    )
    return keras.Sequential([base, layers.Dropout(0.2), layers.Dense(10, "softmax")])


def _subject_to_rules() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(
                32, "relu", kernel_initializer="he_normal", kernel_regularizer="l2",
                kernel_constraint="max_norm",
            ),
            layers.Dense(10),
            layers.Activation("softmax"),
        ]
    )  # fmt: skip


def _normalization() -> keras.Model:
    normalization = layers.Normalization(axis=None, mean=33.3, variance=78.6**2)
    return _sequential(lambda: normalization, layers.Flatten, lambda: layers.Dense(64, "relu"))()


def _fixed_batch() -> keras.Model:
    entry = keras.Input(batch_shape=(1, 28, 28, 1))
    return keras.Model(entry, layers.Dense(10, "softmax")(layers.Flatten()(entry)))


def _mixed_precision() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, strides=2, activation="relu", dtype="mixed_float16"),
            layers.Flatten(),
            layers.Dense(10, "softmax", dtype="float32"),
        ]
    )


MODEL_KINDS: Mapping[str, ModelKind] = {
    "Sequential, not compiled": ModelKind(_dense(), compiled=False),
    "Sequential, compiled": ModelKind(_dense()),
    "Sequential, .h5": ModelKind(_dense(), suffix=".h5"),
    "logits": ModelKind(_dense(None), outputs="logits"),
    "logits, .h5": ModelKind(_dense(None), outputs="logits", suffix=".h5"),
    "sigmoid": ModelKind(_dense("sigmoid"), outputs="sigmoid"),
    "linear classifier": ModelKind(_sequential(layers.Flatten)),
    "28x28": ModelKind(_dense(shape=(28, 28))),
    "784 values": ModelKind(_sequential(lambda: layers.Dense(64, "relu"), shape=(784,))),
    "784 values, 0..255, .h5": ModelKind(_sequential(lambda: layers.Dense(64, "relu"), shape=(784,)), scale="0..255", suffix=".h5"),
    "three channels": ModelKind(_sequential(_convolution(), layers.Flatten, shape=(28, 28, 3))),
    "32x32": ModelKind(_sequential(_convolution(), layers.Flatten, shape=(32, 32, 1))),
    "32x32, three channels": ModelKind(_sequential(_convolution(), layers.Flatten, shape=(32, 32, 3))),
    "sizes None": ModelKind(_sequential(_convolution(16), _convolution(32), layers.GlobalMaxPooling2D, shape=(None, None, 1))),
    "batch of 1": ModelKind(_fixed_batch),
    "0..255": ModelKind(_dense(), scale="0..255"),
    "0..255, logits": ModelKind(_dense(None), scale="0..255", outputs="logits"),
    "-1..1": ModelKind(_dense(), scale="-1..1"),
    "standardized": ModelKind(_dense(), scale="standardized"),
    "inverted": ModelKind(_dense(), scale="1..0"),
    "inverted 0..255": ModelKind(_dense(), scale="255..0"),
    "Rescaling first": ModelKind(_sequential(lambda: layers.Rescaling(1 / 255), _convolution(), layers.Flatten), scale="0..255"),
    "Normalization first": ModelKind(_normalization, scale="0..255"),
    "convnet": ModelKind(_sequential(_convolution(), layers.MaxPooling2D, layers.Flatten, lambda: layers.Dropout(0.2))),
    "convnet, .h5": ModelKind(_sequential(_convolution(), layers.MaxPooling2D, layers.Flatten), suffix=".h5"),
    "batch normalization": ModelKind(_sequential(_convolution(), layers.BatchNormalization, layers.ReLU, layers.Flatten)),
    "augmentation": ModelKind(_sequential(lambda: layers.RandomRotation(0.05), lambda: layers.RandomTranslation(0.1, 0.1), _convolution(), layers.Flatten)),
    "separable, average pooling": ModelKind(_sequential(_convolution(16), lambda: layers.SeparableConv2D(32, 3), layers.GlobalAveragePooling2D)),
    "regularizers and Activation": ModelKind(_subject_to_rules),
    "LeakyReLU, LayerNormalization": ModelKind(_sequential(layers.Flatten, lambda: layers.Dense(32), layers.LeakyReLU, layers.LayerNormalization)),
    "LSTM over rows": ModelKind(_sequential(lambda: layers.LSTM(32), shape=(28, 28))),
    "nested network": ModelKind(_nested),
    "functional": ModelKind(_functional(_convolve)),
    "functional, .h5": ModelKind(_functional(_convolve), suffix=".h5"),
    "functional, logits": ModelKind(_functional(_convolve, None), outputs="logits"),
    "functional, Add": ModelKind(_functional(lambda x: layers.Add()([x, layers.Conv2D(1, 3, padding="same")(x)]))),
    "functional, Concatenate": ModelKind(_functional(lambda x: layers.Concatenate()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(x)]))),
    "functional, division by 255": ModelKind(_functional(lambda x: ops.relu(x / 255.0)), scale="0..255"),
    "average of two networks": ModelKind(_average),
}  # fmt: skip
"""The kinds, keyed by name: all of them load."""


_SCALING = {
    "0..1": (1, 0), "0..255": (255, 0), "-1..1": (2, -1), "1..0": (-1, 1), "255..0": (-255, 255),
    "standardized": (1 / 0.3081, -0.1307 / 0.3081),
}  # fmt: skip


def scale_pixels(kind: ModelKind, model: keras.Model, images: NDArray[np.uint8]) -> Pixels:
    """Return images, uint8 (n, 28, 28), as the owner of a model passes them to it."""
    factor, offset = _SCALING[kind.scale]
    pixels = (images / 255 * factor + offset).astype(np.float32)
    shape = model.input_shape[1:]
    if shape[0] == 32:
        pixels = np.pad(pixels, ((0, 0), (2, 2), (2, 2)), constant_values=offset)
    if len(shape) == 3:
        pixels = np.repeat(pixels[..., None], shape[2] or 1, axis=3)
    return pixels.reshape(len(pixels), -1) if len(shape) == 1 else pixels
