"""Shape inference: the sizes of layers agree with Keras, and no output is large."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from mnistcli import checkpoints
from mnistcli.architectures import ARCHITECTURES, build_model
from mnistcli.errors import ModelError
from mnistcli.model_check import check_model
from mnistcli.model_check.shape_inference import measure
from tests.support.model_files import layer, model_file, sequential, tensor


def plain(*stack: Any) -> keras.Model:
    return keras.Sequential([keras.Input((28, 28, 1)), *stack])


def residual() -> keras.Model:
    images = keras.Input((28, 28, 1))
    x = layers.Conv2D(4, 3, padding="same")(images / 255.0 - 0.5)
    y = layers.Conv2D(4, 3, padding="same", activation=layers.LeakyReLU(0.1))(x)
    x = layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(y)]))
    x = layers.Concatenate()([x, layers.SeparableConv2D(4, 3, padding="same")(x)])
    x = layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2)(x)
    return keras.Model(images, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def attention() -> keras.Model:
    images = keras.Input((28, 28, 1))
    x = layers.Reshape((49, 16))(layers.Conv2D(16, 4, strides=4)(images))
    x = layers.Add()([x, layers.MultiHeadAttention(2, 8)(layers.LayerNormalization()(x), x)])
    return keras.Model(images, layers.Dense(10)(layers.Flatten()(layers.Attention()([x, x]))))


def average() -> keras.Model:
    images = keras.Input((28, 28, 1))
    members = [plain(layers.Flatten(), layers.Dense(10, "softmax")), residual()]
    members[0].compile("adam", "sparse_categorical_crossentropy")
    return keras.Model(images, layers.Average()([member(images) for member in members]))


def shared() -> keras.Model:
    images = keras.Input((28, 28, 1))
    dense, flat = layers.Dense(8, "relu"), layers.Flatten()(images)
    both = layers.Concatenate()([dense(flat), dense(flat * 2.0)])
    return keras.Model(images, keras.ops.softmax(layers.Dense(10)(both)))


MODELS = {
    "images": lambda: plain(
        layers.Rescaling(1 / 255), layers.Resizing(32, 32), layers.RandomRotation(0.1),
        layers.UpSampling2D(2), layers.ZeroPadding2D(2), layers.Cropping2D(((1, 2), (3, 4))),
        layers.Conv2DTranspose(3, 3, strides=2), layers.AveragePooling2D(3, padding="same"),
        layers.PReLU(shared_axes=[1, 2]), layers.GlobalMaxPooling2D(), layers.Dense(10),
    ),
    "sequences": lambda: plain(
        layers.Reshape((28, -1)), layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(5)), layers.Conv1D(4, 3, padding="causal"),
        layers.MaxPooling1D(), layers.GRU(6), layers.RepeatVector(2), layers.SimpleRNN(4),
        layers.Dense(10),
    ),
    "norms": lambda: plain(
        layers.Normalization(axis=None, mean=0.1, variance=0.1), layers.Permute((2, 1, 3)),
        layers.GroupNormalization(1), layers.LayerNormalization(), layers.UnitNormalization(),
        layers.Flatten(), layers.Dense(10, kernel_regularizer="l2", kernel_constraint="max_norm"),
    ),
    "residual": residual,
    "attention": attention,
    "average": average,
    "shared": shared,
}  # fmt: skip


@pytest.mark.parametrize("name", [*MODELS, *ARCHITECTURES])
def test_ordinary_models_are_loaded_and_measured(name: str, tmp_path: Path) -> None:
    model = MODELS[name]() if name in MODELS else build_model(name)
    model.compile("adam", keras.losses.MeanSquaredError(), metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)  # as after training
    images = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    model.save(tmp_path / "model.keras")

    size = measure(check_model(tmp_path / "model.keras").config)
    loaded = checkpoints.load(tmp_path / "model.keras")

    # The rules leave out a few parameters that can be switched off.
    assert 0.97 * model.count_params() <= size.parameters <= model.count_params()
    np.testing.assert_allclose(
        loaded(images, training=False), model(images, training=False), atol=1e-5
    )


FLATTEN, DENSE = layer("Flatten"), layer("Dense", units=10)
POOL = layer("GlobalAveragePooling2D")


@pytest.mark.parametrize(
    ("stack", "reason"),
    [
        ([layer("Resizing", height=20_000, width=20_000)], "400,000,000 outputs"),
        ([layer("UpSampling2D", size=[700, 700])], "384,160,000 outputs"),
        ([layer("ZeroPadding2D", padding=10_000)], "outputs"),
        ([layer("ZeroPadding2D", padding=[[0, 0], [0, 1 << 30]])], "outputs"),
        ([layer("UpSampling2D", size=8)] * 5, "outputs"),
        ([layer("UpSampling2D", size=1 << 31)] * 100, "outputs"),
        ([layer("Resizing", height=1, width=2000, pad_to_aspect_ratio=True)], "outputs"),
        ([layer("Conv2D", filters=8, kernel_size=3, dilation_rate=100, padding="same")], "too large a window"),
        ([layer("Conv2D", filters=8, kernel_size=3000, padding="same")], "kernel_size above 128"),
        ([layer("Conv2D", filters=8, kernel_size=30, padding="valid")], "without outputs"),
        ([layer("Conv2D", filters=2**30, kernel_size=1, padding="same")], "parameters but has"),
        ([layer("Conv2D", filters=-1, kernel_size=1, padding="same")], "invalid filters"),
        ([layer("Conv2D", filters=True, kernel_size=1, padding="same")], "invalid filters"),
        ([layer("Conv2D", filters=8, kernel_size=[1] * 9, padding="same")], "invalid kernel"),
        ([layer("Conv2D", filters=8, kernel_size=1, padding="full")], "unknown padding"),
        ([layer("Conv1D", filters=8, kernel_size=1, padding="same")], "number of dimensions"),
        ([layer("Reshape", target_shape=[-1, 5])], "invalid target_shape"),
        ([layer("Reshape", target_shape=[-1, -1])], "invalid target_shape"),
        ([layer("Reshape", target_shape=["x"])], "invalid target_shape"),
        ([layer("Permute", dims=[1, 1, 3])], "invalid dims"),
        ([layer("Cropping2D", cropping=14)], "without outputs"),
        ([layer("BatchNormalization", axis=7)], "invalid axis"),
        ([FLATTEN, layer("RepeatVector", n=2**20), layer("Reshape", target_shape=[28, 28, 2**20])], "parameters but has"),
        ([FLATTEN, layer("Reshape", target_shape=[784, 1]),
          layer("LSTM", units=10, unroll=True)], "unrolled"),
        ([layer("Reshape", target_shape=[28, 28]),
          layer("GRU", units=10, return_state=True)], "several outputs"),
        ([layer("Concatenate", axis=0)], "invalid axis"),
    ],
)  # fmt: skip
def test_layers_of_invalid_or_large_size_are_refused(
    stack: list[Any], reason: str, tmp_path: Path
) -> None:
    path = model_file(tmp_path / "model.keras", sequential(*stack, POOL, DENSE))

    with pytest.raises(ModelError, match=reason):
        check_model(path)


def test_a_model_that_is_called_over_and_over_is_refused(tmp_path: Path) -> None:
    """Ten calls at each of seven depths are ten million layers from a small file."""
    node = layer("ReLU")
    for _ in range(7):
        calls = [
            {"args": [tensor(name, [None, 28, 28, 1], call)], "kwargs": {}}
            for name, call in [("in", 0), *(("inner", number) for number in range(9))]
        ]
        entry = layer("InputLayer", batch_shape=[None, 28, 28, 1])
        node = layer(
            "Functional",
            module="keras",
            layers=[
                entry | {"name": "in", "inbound_nodes": []},
                node | {"name": "inner", "inbound_nodes": calls},
            ],
            input_layers=["in", 0, 0],
            output_layers=["inner", 9, 0],
        )

    with pytest.raises(ModelError, match="more than 2000 times"):
        check_model(model_file(tmp_path / "model.keras", sequential(node, POOL, DENSE)))


def test_the_layer_is_named(tmp_path: Path) -> None:
    path = model_file(
        tmp_path / "model.keras",
        sequential(layer("Conv2D", filters=0, kernel_size=1, padding="same")),
    )

    with pytest.raises(ModelError, match="invalid filters: layer 'conv2d'"):
        check_model(path)
