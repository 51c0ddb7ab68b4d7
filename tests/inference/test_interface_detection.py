"""Models of other Keras users: input shape, pixel scale and outputs are found and remembered."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from mnistcli.errors import ConfigError, ModelError
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.interface_cache import Interface, read_interface
from mnistcli.inference.interface_detection import adapt
from mnistcli.inference.reference_digits import ReferenceDigits, load_reference_digits
from mnistcli.model_check import check_model
from tests.support.external_models import build_external


@pytest.fixture
def digits() -> ReferenceDigits:
    return next(iter(load_reference_digits()))


def save(model: keras.Model, name: str = "m.keras") -> Path:
    model.save(name)
    return Path(name)


def accuracy(model: keras.Model, digits: ReferenceDigits) -> float:
    outputs = keras.ops.convert_to_numpy(model(digits.images[..., None].astype(np.float32) / 255))
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)
    return float(np.mean(outputs.argmax(axis=1) == digits.labels))


@pytest.mark.parametrize(
    ("scale", "factor", "offset"),
    [
        ("0..1", 1, 0),
        ("0..255", 255, 0),
        ("-1..1", 2, -1),
        ("standardized", 1 / 0.3081, -0.1307 / 0.3081),
        ("1..0", -1, 1),
        ("255..0", -255, 255),
    ],
)
def test_the_pixel_scale_is_found(
    scale: str, factor: float, offset: float, digits: ReferenceDigits
) -> None:
    path = save(build_external(factor=factor, offset=offset))
    notes: list[str] = []

    model, interface = adapt(check_model(path), on_note=notes.append)

    assert interface == (scale, "softmax")
    assert accuracy(model, digits) > 0.9
    assert len(notes) == 1
    pixels = "standardized pixels" if scale == "standardized" else f"pixels in {scale}"
    assert f"expects 28x28x1 images with {pixels}" in notes[0]


@pytest.mark.parametrize(
    ("activation", "outputs"), [(None, "logits"), ("sigmoid", "sigmoid"), ("softmax", "softmax")]
)
def test_outputs_become_probabilities(
    activation: str | None, outputs: str, digits: ReferenceDigits
) -> None:
    model, interface = adapt(check_model(save(build_external(activation=activation))))

    assert interface == ("0..1", outputs)
    assert accuracy(model, digits) > 0.9


@pytest.mark.parametrize(
    ("shape", "before"),
    [
        ((28, 28), ()),
        ((784,), (layers.Identity(),)),
        ((1, 28, 28), ()),
        ((32, 32, 1), (layers.Cropping2D(2), layers.Flatten())),
        ((28, 28, 3), (layers.Conv2D(1, 1, kernel_initializer="ones"), layers.Rescaling(1 / 3))),
        ((None, None, 1), (layers.Resizing(28, 28), layers.Flatten())),
    ],
    ids=str,
)
def test_images_are_given_in_the_shape_of_the_input(
    shape: tuple[int, ...], before: tuple[keras.Layer, ...], digits: ReferenceDigits
) -> None:
    if before and isinstance(before[-1], layers.Rescaling):
        before = (*before, layers.Flatten())
    path = save(build_external(shape, before=before))

    assert accuracy(adapt(check_model(path)).model, digits) > 0.9


def test_a_division_in_the_first_layer_tells_the_pixel_scale() -> None:
    path = save(build_external(before=(layers.Rescaling(1 / 255), layers.Flatten())))

    assert adapt(check_model(path)).interface == ("0..255", "softmax")


def test_a_fixed_batch_and_mixed_precision_do_not_matter(digits: ReferenceDigits) -> None:
    source = build_external()
    entry = keras.Input(batch_shape=(1, 28, 28, 1))
    dense = layers.Dense(10, "softmax", dtype="mixed_float16")
    model = keras.Model(entry, dense(layers.Flatten()(entry)))
    model.set_weights(source.get_weights())

    assert accuracy(adapt(check_model(save(model))).model, digits) > 0.9


def test_a_compiled_h5_file_is_loaded_like_a_keras_file(digits: ReferenceDigits) -> None:
    model = build_external(factor=255, activation=None)
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((1, 28, 28, 1)), np.zeros((1, 10)))

    adapted = adapt(check_model(save(model, "m.h5")))

    assert adapted.interface == ("0..255", "logits")
    assert accuracy(adapted.model, digits) > 0.9


def test_what_was_detected_is_said_once_and_an_option_overrides_it(digits: ReferenceDigits) -> None:
    path = save(build_external())
    notes: list[str] = []

    first = Classifier.load(path, on_note=notes.append).predict(digits.images)
    again = Classifier.load(path, on_note=notes.append).predict(digits.images)
    other = Classifier.load(path, pixel_scale="1..0", on_note=notes.append)
    remembered = Classifier.load(path, on_note=notes.append)

    assert len(notes) == 2
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(other.predict(digits.images), remembered.predict(digits.images))
    assert read_interface(check_model(path).digest) == Interface("1..0", "softmax")
    with pytest.raises(ConfigError, match="pixel-scale"):
        Classifier.load(path, pixel_scale="0..2")
    Classifier.load(path, pixel_scale="auto")
    assert read_interface(check_model(path).digest) == Interface("0..1", "softmax")


def test_a_model_that_predicts_no_digits_is_refused_with_the_figure() -> None:
    model = build_external()
    model.set_weights([np.roll(weights, 1, axis=-1) for weights in model.get_weights()])
    path = save(model)

    with pytest.raises(ModelError, match=r"\(28x28x1 input\) classifies at most \d+ % of 500"):
        adapt(check_model(path))
    assert adapt(check_model(path), pixel_scale="0..1").interface == ("0..1", "softmax")


def test_the_first_convolution_of_an_adapted_model_is_found(digits: ReferenceDigits) -> None:
    from mnistcli.plotting.layer_outputs import first_convolution

    convolution = layers.Conv2D(1, 1, kernel_initializer="ones")
    before = (convolution, layers.Rescaling(1 / 3), layers.Flatten())
    model = adapt(check_model(save(build_external((28, 28, 3), before=before)))).model

    kernels, maps = first_convolution(model, digits.images[0])

    assert kernels.shape == (1, 1, 3, 1)
    np.testing.assert_allclose(maps[..., 0], digits.images[0] * (3 / 255), rtol=1e-5)
