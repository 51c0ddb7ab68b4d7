"""CNN architectures and the network of the line recognizer, of stock Keras layers.

Each architecture takes float32 (n, 28, 28, 1) in 0..1 and returns softmax probabilities (n, 10). To
add one, write a builder, register it in `ARCHITECTURES` and add its name in `mnistcli.config`.

Max pooling comes before the ReLU. The result is the same as in the usual order, because the ReLU is
monotonic, and the ReLU is applied to a quarter of the values. The cost of an architecture is its
parameter count, or its multiplications (multiply-accumulates, half the FLOPs) per image.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import keras
from keras import layers

from mnistcli.config_validation import require_choice
from mnistcli.line_format import LINE_HEIGHT, SYMBOLS
from mnistcli.mnist_format import NUM_CLASSES

INPUT_SHAPE = (28, 28, 1)
INPUT_NAME = "pixels_0_to_1"
"""Name of the input of our models: it encodes the pixel scale for other programs."""


def build_model(arch: str, *, dropout: float = 0.0) -> keras.Model:
    """Build a new, uncompiled model of an architecture.

    Args:
        arch: A name in `ARCHITECTURES`.
        dropout: Fraction of the units dropped before the dense layers.

    Returns:
        The model with random weights; its name is the name of the architecture.

    Raises:
        ConfigError: There is no architecture of that name.
    """
    build_layers = ARCHITECTURES[require_choice("arch", arch, tuple(ARCHITECTURES))]
    return keras.Sequential(
        [
            keras.Input(INPUT_SHAPE, name=INPUT_NAME),
            *build_layers(dropout),
            layers.Dense(NUM_CLASSES, "softmax"),
        ],
        name=arch,
    )


def build_line_network(*, dropout: float = 0.1) -> keras.Model:
    """Build the network of the line recognizer: fully convolutional, 367,000 parameters.

    Each column of its output covers four columns of the line image.

    Args:
        dropout: Fraction of the features dropped before each of the last layers.

    Returns:
        The uncompiled model: float32 (n, 32, w, 1) in 0..1 to logits (n, w / 4, symbols + 1);
        the last symbol is the blank of CTC.
    """
    return keras.Sequential(
        [
            keras.Input((LINE_HEIGHT, None, 1)),
            *_normalized_block(16, 5, padding="same", pooled=True),
            *_normalized_block(32, 3, padding="same", pooled=True),
            *_normalized_block(64, 3, padding="same"),
            layers.Conv2D(64, 3, padding="same", use_bias=False),
            layers.MaxPooling2D((2, 1)),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            *_normalized_block(96, 3, padding="same"),
            *_column_block(128, 3, 4),
            layers.Dropout(dropout),
            *_column_block(128, 3),
            layers.Dropout(dropout),
            *_column_block(128, 3),
            layers.Dropout(dropout),
            layers.Conv2D(len(SYMBOLS) + 1, 1),
            layers.Reshape((-1, len(SYMBOLS) + 1)),
        ],
        name="lines",
    )


def join_line_networks(networks: Sequence[keras.Model]) -> keras.Model:
    """Join line recognizers into one model that runs them all.

    Args:
        networks: Models built by `build_line_network`. They are renamed, because the names of the
            parts of a model must differ.

    Returns:
        A model with their outputs side by side: logits (n, w / 4, networks * (symbols + 1)).
    """
    for index, network in enumerate(networks):
        network.name = f"lines_{index}"
    line = keras.Input((LINE_HEIGHT, None, 1))
    outputs = [network(line) for network in networks]
    return keras.Model(line, layers.Concatenate()(outputs) if len(outputs) > 1 else outputs[0])


def leaf_layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield the layers of a model and of its nested models, in order."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaf_layers(layer)
        else:
            yield layer


def _simple(dropout: float) -> list[keras.Layer]:
    """Two convolutions and one dense layer, the smallest common CNN: 122,000 parameters."""
    return [
        *_conv_block(32),
        *_conv_block(64),
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(64, "relu"),
    ]


def _classic(dropout: float) -> list[keras.Layer]:
    """Two convolutions and a wider dense layer, dropout before the softmax: 225,000 parameters."""
    return [
        *_conv_block(32),
        *_conv_block(64),
        layers.Flatten(),
        layers.Dense(128, "relu"),
        layers.Dropout(dropout),
    ]


def _deep(dropout: float) -> list[keras.Layer]:
    """Three convolutions with 32 to 128 filters: 242,000 parameters."""
    return [
        *_conv_block(32),
        *_conv_block(64),
        layers.Conv2D(128, 3, activation="relu"),
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(128, "relu"),
    ]


def _fast(dropout: float) -> list[keras.Layer]:
    """The cheapest network with 99 % accuracy after one epoch: 293,000 multiplications per image.

    The 6x6 convolution with stride 2 is a 3x3 convolution after space-to-depth (2x2 blocks). Batch
    normalization makes up for having a quarter of the usual filters. It comes after pooling, where
    there are four times fewer values. Its momentum is low because an epoch has only 230 steps.
    """
    return [
        layers.Conv2D(16, 6, strides=2, use_bias=False),
        layers.MaxPooling2D(),
        layers.BatchNormalization(momentum=0.9, scale=False),
        layers.ReLU(),
        layers.Conv2D(48, 3, use_bias=False),
        layers.BatchNormalization(momentum=0.9, scale=False),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(128, "relu"),
    ]


def _accurate(dropout: float, filters: int = 32) -> list[keras.Layer]:
    """Five convolutions with batch normalization: 13 million multiplications per image."""
    return [
        *_normalized_block(filters, 5, pooled=True),
        *_normalized_block(2 * filters, 3, padding="same", pooled=True),
        *_normalized_block(4 * filters, 3, padding="same"),
        *_normalized_block(4 * filters, 3, padding="same"),
        *_normalized_block(4 * filters, 3, pooled=True),
        layers.Flatten(),
        layers.Dropout(dropout),
    ]


def _wide(dropout: float) -> list[keras.Layer]:
    """The packaged model: `accurate` with 1.25 times the filters, 21 million multiplications."""
    return _accurate(dropout, filters=40)


def _record(dropout: float) -> list[keras.Layer]:
    """Five 5x5 convolutions without pooling: 137 million multiplications per image, for a GPU.

    From "An ensemble of simple convolutional neural network models for MNIST digit recognition"
    (An et al., 2020), which trains it for 150 epochs.
    """
    return [
        *(layer for filters in range(32, 161, 32) for layer in _normalized_block(filters, 5)),
        layers.Flatten(),
        layers.Dropout(dropout),
    ]


ARCHITECTURES: Mapping[str, Callable[[float], list[keras.Layer]]] = MappingProxyType(
    {
        "simple": _simple,
        "classic": _classic,
        "deep": _deep,
        "fast": _fast,
        "accurate": _accurate,
        "wide": _wide,
        "record": _record,
    }
)
"""Functions from the dropout rate to the layers before the softmax, keyed by architecture."""


def _conv_block(filters: int) -> list[keras.Layer]:
    """Return a 3x3 convolution with max pooling and ReLU."""
    return [layers.Conv2D(filters, 3), layers.MaxPooling2D(), layers.ReLU()]


def _normalized_block(
    filters: int, size: int, *, padding: str = "valid", pooled: bool = False
) -> list[keras.Layer]:
    """Return a convolution with optional max pooling, batch normalization and ReLU."""
    return [
        layers.Conv2D(filters, size, padding=padding, use_bias=False),
        *([layers.MaxPooling2D()] if pooled else []),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]


def _column_block(filters: int, width: int, height: int = 1) -> list[keras.Layer]:
    """Return a normalized convolution along the columns, which uses up the rows it covers."""
    return [
        layers.ZeroPadding2D((0, width // 2)),
        layers.Conv2D(filters, (height, width), use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]
