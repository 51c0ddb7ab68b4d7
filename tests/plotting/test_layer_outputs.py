"""Layer outputs: filters and feature maps, blocks of layers, features of the last hidden layer."""

import keras
import numpy as np
import pytest
from keras import layers

from mnistcli.architectures import build_model
from mnistcli.plotting.layer_outputs import (
    block_outputs,
    first_convolution,
    has_convolution,
    has_hidden_layer,
    hidden_features,
)

TIMES = "\N{MULTIPLICATION SIGN}"
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)


def build_dense() -> keras.Model:
    return keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, "softmax")]
    )


def wrap(model: keras.Model) -> keras.Model:
    """Return a model that contains another one after a scaling, with a layer behind it."""
    inputs = keras.Input((28, 28, 1))
    return keras.Model(inputs, layers.Rescaling(1.0)(model(layers.Rescaling(2.0)(inputs))))


def test_the_first_convolution_has_kernels_and_feature_maps() -> None:
    image = np.full((28, 28), 255, np.uint8)
    model = build_model("classic")

    kernels, maps = first_convolution(model, image)

    assert kernels.shape == (3, 3, 1, 32)
    assert maps.shape == (26, 26, 32)
    # On a uniform image, each value of a feature map is the sum of the kernel.
    np.testing.assert_allclose(maps[5, 7], kernels.sum(axis=(0, 1, 2)), atol=1e-5)


def test_a_model_without_a_convolution_has_no_filters() -> None:
    model = build_dense()

    assert not has_convolution(model)
    assert has_convolution(build_model("simple"))
    with pytest.raises(ValueError, match="the model has no convolution"):
        first_convolution(model, np.zeros((28, 28), np.uint8))


def test_a_block_is_a_layer_with_weights_and_the_layers_behind_it() -> None:
    model = build_model("fast")

    blocks = block_outputs(model, IMAGES[0])

    assert [block.layers for block in blocks] == [
        (f"convolution 6{TIMES}6", "max-pooling", "batch normalization", "ReLU"),
        (f"convolution 3{TIMES}3", "batch normalization", "ReLU"),
        ("dense, ReLU",),
        ("dense, softmax",),
    ]
    assert [block.values.shape for block in blocks] == [(6, 6, 16), (4, 4, 48), (128,), (10,)]
    probabilities = np.asarray(model(IMAGES[:1, :, :, None] / np.float32(255)))[0]
    np.testing.assert_allclose(blocks[-1].values, probabilities, atol=1e-6)


def test_the_layers_of_a_model_inside_another_are_computed_from_its_inputs() -> None:
    inner = build_model("simple")

    *_, last = block_outputs(wrap(inner), IMAGES[0])

    assert last.layers == ("dense, softmax", "rescaling")
    doubled = np.asarray(inner(IMAGES[:1, :, :, None] * np.float32(2 / 255)))[0]
    np.testing.assert_allclose(last.values, doubled, atol=1e-6)


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_features_are_the_inputs_of_the_last_layer_with_weights(is_wrapped: bool) -> None:
    model = build_model("simple", dropout=0.5)
    features = hidden_features(wrap(model) if is_wrapped else model, IMAGES)

    assert features.shape == (3, 64)
    kernel, bias = model.layers[-1].get_weights()
    scale = np.float32((2 if is_wrapped else 1) / 255)
    probabilities = np.asarray(keras.ops.softmax(features @ kernel + bias))
    np.testing.assert_allclose(
        probabilities, np.asarray(model(IMAGES[..., None] * scale)), atol=1e-5
    )


def test_a_model_with_one_layer_has_no_hidden_layer() -> None:
    assert not has_hidden_layer(build_dense())
    assert has_hidden_layer(build_model("simple"))
    with pytest.raises(ValueError, match="the model has no hidden layer"):
        hidden_features(build_dense(), IMAGES)
