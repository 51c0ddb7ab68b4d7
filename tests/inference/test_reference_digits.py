"""Reference digits: of MNIST where its files are, else of scikit-learn."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from mnistcli.inference import reference_digits
from mnistcli.inference.classifier import Classifier
from mnistcli.model_lookup import PRETRAINED, find_model


def test_the_digits_of_scikit_learn_look_like_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = reference_digits._load_sklearn_digits()
    predicted = Classifier.load(find_model(PRETRAINED).files[0]).predict(digits.images)

    assert (predicted.argmax(axis=1) == digits.labels).all()
    assert np.bincount(digits.labels).tolist() == [50] * 10


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_the_first_digits_of_mnist_are_read_from_its_folder(suffix: str) -> None:
    pixels = np.arange(600 * 784, dtype=np.uint8).tobytes()
    labels = bytes(number % 10 for number in range(600))
    for name, content in (
        ("images-idx3", b"\0" * 16 + pixels),
        ("labels-idx1", b"\0" * 8 + labels),
    ):
        path = Path(f"train-{name}-ubyte{suffix}")
        path.write_bytes(gzip.compress(content) if suffix else content)

    digits = reference_digits._read_mnist(Path())

    assert digits is not None
    assert digits.images.shape == (500, 28, 28)
    assert digits.images[1, 0, 0] == 784 % 256
    assert digits.labels[:12].tolist() == [*range(10), 0, 1]


def test_a_truncated_file_is_not_taken_for_digits() -> None:
    Path("train-images-idx3-ubyte").write_bytes(b"\0" * 5000)
    Path("train-labels-idx1-ubyte").write_bytes(b"\0" * 5000)

    assert reference_digits._read_mnist(Path()) is None
    assert reference_digits._read_mnist(Path("missing")) is None


def test_the_cache_of_keras_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(Path("keras")))
    Path("keras/datasets").mkdir(parents=True)
    images, labels = np.ones((600, 28, 28), np.uint8), np.full(600, 7, np.uint8)
    np.savez("keras/datasets/mnist.npz", x_train=images, y_train=labels)

    digits = reference_digits._read_keras_cache()

    assert digits is not None
    assert digits.labels.tolist() == [7] * 500
