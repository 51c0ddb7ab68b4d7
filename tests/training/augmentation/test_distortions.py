"""Random distortions: which images change, and how the seed decides it."""

import keras
import numpy as np
import pytest

from mnistcli.training.augmentation import RandomDistortion
from mnistcli.training.augmentation.distortions import (
    NOISE_DISTORTIONS,
    SHAPE_AND_BLUR_DISTORTIONS,
    Distortion,
)
from tests.training.augmentation.helpers import Images, apply, digit_images


@pytest.fixture
def images() -> Images:
    return digit_images(20, seed=3)


def distort(images: Images, seed: int = 0) -> Images:
    return np.asarray(RandomDistortion(seed=seed)(images, training=True))


def test_nothing_happens_outside_training(images: Images) -> None:
    np.testing.assert_array_equal(np.asarray(RandomDistortion()(images)), images)


def test_about_half_of_the_images_stay_unchanged() -> None:
    images = digit_images(200, seed=1)
    results = distort(images)

    assert results.shape == images.shape
    assert results.dtype == np.float32
    assert results.min() >= 0
    assert results.max() <= 1 + 1e-5
    assert 0.4 < (results == images).all(axis=(1, 2, 3)).mean() < 0.6


def test_images_keep_their_position_in_the_batch() -> None:
    images = digit_images(200, seed=1)
    own = np.abs(distort(images) - images).mean(axis=(1, 2, 3))
    neighbor = np.abs(np.roll(images, 1, axis=0) - images).mean(axis=(1, 2, 3))

    assert np.median(own) < np.median(neighbor) / 10


def test_the_seed_determines_the_distortions(images: Images) -> None:
    np.testing.assert_array_equal(distort(images, 5), distort(images, 5))
    assert not np.array_equal(distort(images, 5), distort(images, 6))


def test_each_batch_is_distorted_differently(images: Images) -> None:
    layer = RandomDistortion()
    first, second = (np.asarray(layer(images, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_small_batches_keep_their_size(count: int, images: Images) -> None:
    assert distort(images[:count]).shape == (count, 28, 28, 1)


def test_the_layer_works_in_a_compiled_model(images: Images) -> None:
    inputs = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(RandomDistortion()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(flat))
    model.compile("sgd", "mse")
    history = model.fit(images, np.zeros(len(images)), batch_size=64, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("distortion", [*SHAPE_AND_BLUR_DISTORTIONS, *NOISE_DISTORTIONS])
@pytest.mark.parametrize("parameter", [0.05, 0.45, 0.95])
def test_a_distorted_digit_keeps_its_range_and_contrast(
    distortion: Distortion, parameter: float, images: Images
) -> None:
    results = apply(distortion, images, *[parameter] * 8)

    assert results.min() >= 0
    assert results.max() <= 1 + 1e-5
    assert (results.std(axis=(1, 2, 3)) > 0.03).all()
