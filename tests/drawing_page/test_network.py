"""Networks for the exported page: numerical agreement with Keras, and layers that are refused."""

from pathlib import Path

import keras
import numpy as np
import pytest

from mnistcli.architectures import build_model
from mnistcli.drawing_page.network import compute, read_network
from mnistcli.errors import ModelError


@pytest.mark.parametrize("arch", ["classic", "deep", "fast"])
def test_it_computes_what_keras_does(arch: str) -> None:
    model = build_model(arch, dropout=0.5)
    rng = np.random.default_rng(0)
    for weight in model.weights:  # including statistics of batch normalization
        weight.assign(np.abs(rng.normal(0.05, 0.05, weight.shape)))
    model.save("model.keras")
    image = rng.integers(0, 256, (28, 28), np.uint8)

    expected = keras.ops.convert_to_numpy(model(image[None, ..., None] / 255))[0]

    assert compute(read_network(Path("model.keras")), image) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (keras.layers.LeakyReLU(name="leaky"), "'leaky'"),
        (keras.layers.Activation("tanh", name="tanh"), "'tanh'"),
        (keras.layers.ReLU(max_value=6, name="relu6"), "'relu6'"),
        (keras.layers.MaxPooling2D(padding="same", name="padded"), "'padded'"),
        (keras.layers.Conv2D(4, 3, dilation_rate=2, name="dilated"), "'dilated'"),
    ],
)
def test_a_layer_that_is_not_supported_is_named(layer: keras.Layer, named: str) -> None:
    parts = [layer, keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    keras.Sequential([keras.Input((28, 28, 1)), *parts]).save("model.keras")

    with pytest.raises(ModelError, match=f"its layer {named} is not supported"):
        read_network(Path("model.keras"))


def test_a_network_with_branches_is_refused() -> None:
    pixels = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(pixels)
    outputs = [keras.layers.Dense(10)(flat) for _ in range(2)]
    keras.Model(pixels, keras.layers.Softmax()(keras.layers.Add()(outputs))).save("model.keras")

    with pytest.raises(ModelError, match="not a chain of layers"):
        read_network(Path("model.keras"))
