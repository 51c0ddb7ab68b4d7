"""The pixel scale in the first layer of a configuration, the activation in the last."""

from pathlib import Path

import keras
import pytest
from keras import layers

from mnistcli.model_check import check_model
from mnistcli.model_check.first_and_last_layer import first_divisor, last_activation


def divided() -> keras.Model:
    images = keras.Input((28, 28, 1))
    return keras.Model(images, layers.Dense(10)(layers.Flatten()(images / 255.0)))


def rescaled(last: keras.Layer) -> keras.Model:
    inner = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)])
    return keras.Sequential([keras.Input((28, 28, 1)), inner, layers.Flatten(), last])


@pytest.mark.parametrize(
    ("model", "divisor", "activation"),
    [
        (divided(), 255, "linear"),
        (rescaled(layers.Dense(10, "softmax")), 255, "softmax"),
        (keras.Sequential([rescaled(layers.Dense(10)), layers.Softmax()]), 255, "softmax"),
        (
            keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10)]),
            None,
            "linear",
        ),
    ],
    ids=["divided", "rescaled", "softmax layer", "plain"],
)
def test_divisor_and_activation_are_detected(
    model: keras.Model, divisor: float | None, activation: str
) -> None:
    model.save("m.keras")
    config = check_model(Path("m.keras")).config

    assert first_divisor(config) == (None if divisor is None else pytest.approx(divisor))
    assert last_activation(config) == activation
