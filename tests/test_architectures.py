"""Architectures: shapes, sizes, order of the layers, and frozen layers."""

import keras
import numpy as np
import pytest
from keras import layers

from mnistcli import config
from mnistcli.architectures import ARCHITECTURES, build_model
from mnistcli.errors import ConfigError


def test_every_architecture_is_a_choice_of_the_setting() -> None:
    assert tuple(ARCHITECTURES) == config.ARCHITECTURE_NAMES


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_architecture_returns_probabilities(arch: str) -> None:
    model = build_model(arch, dropout=0.3)
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)

    probabilities = np.asarray(model(images))

    assert model.name == arch
    assert model.input_shape == (None, 28, 28, 1)
    assert probabilities.shape == (3, 10)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)


@pytest.mark.parametrize(
    ("arch", "parameters"),
    [
        ("simple", 121_930),
        ("classic", 225_034),
        ("deep", 241_546),
        ("fast", 107_402),
        ("accurate", 394_922),
        ("wide", 614_610),
        ("record", 1_129_130),
    ],
)
def test_architectures_have_the_published_sizes(arch: str, parameters: int) -> None:
    assert build_model(arch).count_params() == parameters


def test_pooling_before_relu_is_the_same_as_after() -> None:
    """The usual order of the layers computes the same probabilities from the same weights."""
    ours = build_model("classic")
    usual = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, "relu"),
            layers.Dropout(0.5),
            layers.Dense(10, "softmax"),
        ]
    )
    usual.set_weights(ours.get_weights())
    images = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)

    np.testing.assert_allclose(np.asarray(ours(images)), np.asarray(usual(images)), atol=1e-6)


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown arch 'depe'; did you mean 'deep'"):
        build_model("depe")
