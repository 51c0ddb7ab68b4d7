"""Ensembles: averaged probabilities, and loading of one or several files."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.inference.classifier import Classifier
from mnistcli.inference.ensemble import Ensemble
from mnistcli.inference.loading import cached_classifier, load_classifier
from tests.support.strokes import make_digits


class Constant:
    """A classifier that always predicts one digit with one confidence."""

    def __init__(self, digit: int, confidence: float) -> None:
        self.probabilities = np.full(10, (1 - confidence) / 9, np.float32)
        self.probabilities[digit] = confidence

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        return np.tile(self.probabilities, (len(images), 1))


def test_an_ensemble_averages_the_probabilities() -> None:
    ensemble = Ensemble([Constant(3, 0.9), Constant(3, 0.7), Constant(5, 0.8)])

    probabilities = ensemble.predict(np.zeros((2, 28, 28), np.uint8))

    assert probabilities.shape == (2, 10)
    assert probabilities.dtype == np.float32
    assert probabilities[0, 3] == pytest.approx((0.9 + 0.7 + 0.2 / 9) / 3)
    assert probabilities.sum(axis=1) == pytest.approx(1)


def test_one_file_is_a_classifier_and_several_are_an_ensemble(trained_run: Path) -> None:
    file = trained_run / "model.keras"
    images = make_digits(3, seed=0).images

    one, two = load_classifier([file]), load_classifier([str(file), file])

    assert isinstance(one, Classifier)
    assert isinstance(two, Ensemble)
    np.testing.assert_allclose(one.predict(images), two.predict(images), atol=1e-6)


def test_a_classifier_is_loaded_again_only_after_its_file_has_changed(
    trained_run: Path, tmp_path: Path
) -> None:
    file = tmp_path / "model.keras"
    for name in ("model.keras", "model.tflite"):
        shutil.copy(trained_run / name, tmp_path / name)

    first, second = cached_classifier([file]), cached_classifier([Path("model.keras")])
    os.utime(file, (1, 1))

    assert first is second
    assert cached_classifier([file]) is not first
