"""Conversion of Keras models to LiteRT."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.architectures import build_model
from mnistcli.files.hashing import sha256
from mnistcli.inference import litert_conversion, litert_files


def test_the_litert_file_is_written_beside_the_keras_file(tmp_path: Path) -> None:
    model = build_model("simple")
    checkpoints.save(model, tmp_path / "model.keras")

    litert_conversion.save_litert(model, tmp_path / "model.keras")

    digest = sha256((tmp_path / "model.keras").read_bytes())
    assert litert_files.read_sidecar(tmp_path / "model.keras", digest) is not None


def test_a_model_that_cannot_be_converted_has_no_litert_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: keras.Model, *_: object, **__: object) -> None:
        raise NotImplementedError("no such operation in LiteRT")

    model = build_model("simple")
    checkpoints.save(model, tmp_path / "model.keras")
    monkeypatch.setattr(keras.Sequential, "export", fail)

    litert_conversion.save_litert(model, tmp_path / "model.keras")

    assert litert_conversion.to_litert(model) is None
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_no_temporary_directory_counts_as_not_convertible(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)

    assert litert_conversion.to_litert(build_model("simple")) is None


def test_keras_runs_a_model_without_dropout() -> None:
    model = build_model("classic", dropout=0.9)
    images = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    compute = litert_conversion.build_keras_predictor(model)

    probabilities = compute(images)

    assert probabilities.shape == (4, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_array_equal(probabilities, compute(images))
