import keras
import numpy as np
import pytest
from keras import layers

from mnistcli.architectures import build_model, first_convolution, freeze_early
from mnistcli.config import ARCHITECTURES
from mnistcli.errors import CheckpointError, ConfigError


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_network_gives_probabilities(arch: str) -> None:
    network = build_model(arch, dropout=0.3)
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)

    probabilities = np.asarray(network(images))

    assert network.input_shape == (None, 28, 28, 1)
    assert probabilities.shape == (3, 10)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert all(type(layer).__module__.startswith("keras.") for layer in network.layers)


@pytest.mark.parametrize(
    ("arch", "parameters"),
    [
        ("simple", 121_930),
        ("classic", 225_034),
        ("deep", 241_546),
        ("fast", 107_402),
        ("accurate", 394_922),
        ("record", 1_129_130),
    ],
)
def test_networks_have_the_published_sizes(arch: str, parameters: int) -> None:
    assert build_model(arch).count_params() == parameters


def test_pooling_before_relu_is_the_usual_network() -> None:
    """The published order gives the same numbers from the same weights."""
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


def test_an_unknown_network() -> None:
    with pytest.raises(ConfigError, match="unknown arch 'depe'; did you mean 'deep'"):
        build_model("depe")


def test_first_convolution_shows_kernels_and_maps() -> None:
    image = np.full((28, 28), 255, np.uint8)
    network = build_model("classic")

    kernels, maps = first_convolution(network, image)

    assert kernels.shape == (3, 3, 1, 32)
    assert maps.shape == (26, 26, 32)
    # On an even image, every place of a map is the sum of the kernel.
    np.testing.assert_allclose(maps[5, 7], kernels.sum(axis=(0, 1, 2)), atol=1e-5)


def test_a_network_without_convolution_has_no_filters() -> None:
    network = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, "softmax")]
    )

    with pytest.raises(CheckpointError, match="no filters: the network has no convolution"):
        first_convolution(network, np.zeros((28, 28), np.uint8))


def test_only_the_last_convolution_and_what_follows_stay_free() -> None:
    network = build_model("accurate")

    freeze_early(network)

    assert [variable.path.split("/")[-1] for variable in network.trainable_variables] == [
        "kernel",  # of the last convolution
        "kernel",
        "bias",
    ]
    assert network.trainable_variables[0].shape == (3, 3, 128, 128)


def test_a_network_without_convolution_stays_free() -> None:
    network = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])

    freeze_early(network)

    assert len(network.trainable_variables) == 2
