"""Training of the line recognizer with CTC loss, on a few synthetic numbers."""

from itertools import islice, repeat

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.architectures import build_line_network
from mnistcli.datasets.dataset import Dataset
from mnistcli.inference.litert import Runner
from mnistcli.inference.litert_conversion import to_litert
from mnistcli.line_format import SYMBOLS
from mnistcli.synthetic.number_stream import (
    BATCH_SIZE,
    BLANK,
    NumberStream,
    batch_numbers,
    encode_text,
)
from mnistcli.synthetic.numbers import NumberGenerator
from mnistcli.training.line_recognizer import ctc_loss, fit_calibration, train_line_recognizer
from tests.support.strokes import make_digits


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return Dataset(make_digits(20, seed=0).images, np.arange(20) % 10)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_line_network()


def test_batches_have_one_width_and_padded_targets(digits: Dataset) -> None:
    numbers = islice(NumberGenerator(digits, seed=0), 300)

    pixels, targets = next(batch_numbers(numbers))

    assert pixels.shape[:2] == (BATCH_SIZE, 32)
    assert targets.shape[0] == BATCH_SIZE
    assert set(np.unique(targets)) <= set(range(BLANK + 1))


def test_the_target_of_a_text_has_the_index_of_each_symbol() -> None:
    target = encode_text("70.")

    assert target[:3].tolist() == [7, 0, SYMBOLS.index(".")]
    assert set(target[3:]) == {BLANK}


def test_the_loss_is_low_for_the_right_text_only() -> None:
    logits = np.zeros((1, 8, BLANK + 1), np.float32)
    logits[..., BLANK] = 9
    logits[0, 2, [7, BLANK]] = 9, 0
    logits[0, 5, [1, BLANK]] = 9, 0

    losses = [
        float(ctc_loss(encode_text(text)[None], keras.ops.convert_to_tensor(logits))[0])
        for text in ("71", "17", "7", "")
    ]

    assert losses[0] < 0.1
    assert min(losses[1:]) > 1
    assert np.isfinite(losses).all()


def test_training_lowers_the_loss() -> None:
    """The network is a small one: the real one takes seconds to compile."""
    keras.utils.set_random_seed(0)
    small = keras.Sequential(
        [
            keras.Input((32, None, 1)),
            keras.layers.Conv2D(BLANK + 1, (32, 4), strides=(32, 4)),
            keras.layers.Reshape((-1, BLANK + 1)),
        ]
    )
    losses: list[float] = []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _epoch, logs: losses.append(logs["loss"])
    )
    images = np.random.default_rng(0).random((2, 32, 32, 1), np.float32)
    batch = images, np.stack([encode_text(text) for text in ("34", "")])

    train_line_recognizer(
        small,
        (batch for _ in repeat(None)),
        epochs=2,
        steps_per_epoch=3,
        callbacks=[record],
        warm_up_steps=1,
    )

    assert losses[1] < losses[0]


def test_numbers_are_drawn_in_a_process_of_their_own(digits: Dataset) -> None:
    stream = NumberStream(digits, seed=0)
    try:
        pixels, targets = next(iter(stream))
    finally:
        stream.close()

    assert pixels.shape[0] == targets.shape[0] == BATCH_SIZE
    assert pixels.dtype == np.float32
    assert 0.5 < pixels.max() <= 1


def test_the_network_takes_any_width_in_keras_and_litert(model: keras.Model) -> None:
    converted = to_litert(model)
    assert converted is not None
    runner = Runner(converted)

    for width in (64, 100):
        images = np.random.default_rng(0).random((2, 32, width, 1), np.float32)
        logits = keras.ops.convert_to_numpy(model(images, training=False))
        assert logits.shape == (2, width // 4, BLANK + 1)
        np.testing.assert_allclose(runner(images), logits, atol=1e-3)


def test_the_calibration_fits_the_share_of_right_texts(digits: Dataset) -> None:
    numbers = [
        number
        for number in islice(NumberGenerator(digits, seed=0), 200)
        if sum(map(str.isdigit, number.text)) <= 1
    ]
    rng = np.random.default_rng(0)

    def compute(images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits of a digit 1 or of nothing, with a random confidence that is too high."""
        logits = np.zeros((len(images), images.shape[2] // 4, BLANK + 1), np.float32)
        logits[..., BLANK] = 12
        logits[:, 3, 1] = 12 + rng.choice([-6, 6])
        return logits

    calibration, right = fit_calibration(compute, numbers)

    assert 0 < right < 0.8
    assert calibration.apply(0.99) == pytest.approx(right, abs=0.25)
