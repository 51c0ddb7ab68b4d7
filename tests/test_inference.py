from pathlib import Path

import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.errors import CheckpointError
from mnistcli.inference import Classifier
from mnistcli.models import build_model
from tests.strokes import make_digits


def test_probabilities_are_those_of_the_network() -> None:
    network = build_model("classic")
    images = make_digits(5, seed=0).images

    probabilities = Classifier(network).predict(images)

    expected = network(images[..., None].astype(np.float32) / 255)
    np.testing.assert_allclose(probabilities, np.asarray(expected), atol=1e-6)
    assert probabilities.dtype == np.float32


def test_the_batch_size_changes_nothing() -> None:
    network = build_model("simple")
    images = make_digits(7, seed=0).images

    np.testing.assert_allclose(
        Classifier(network, batch_size=2).predict(images),
        Classifier(network, batch_size=100).predict(images),
        atol=1e-6,
    )


def test_no_images_have_no_probabilities() -> None:
    nothing = np.empty((0, 28, 28), np.uint8)

    assert Classifier(build_model("simple")).predict(nothing).shape == (0, 10)


def test_a_classifier_is_loaded_from_its_file(tmp_path: Path) -> None:
    network = build_model("simple")
    checkpoints.save(network, tmp_path / "model.keras")
    images = make_digits(3, seed=0).images

    np.testing.assert_allclose(
        Classifier.load(tmp_path / "model.keras").predict(images),
        Classifier(network).predict(images),
        atol=1e-6,
    )


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such model"):
        Classifier.load(tmp_path / "model.keras")
