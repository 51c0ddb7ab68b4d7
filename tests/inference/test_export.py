"""Exported files compute what the model computes, and a file that disagrees does not remain."""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from mnistcli import extras
from mnistcli.errors import ModelError, OutputError
from mnistcli.file_formats import EXPORT_FORMATS
from mnistcli.inference import export as exporting
from mnistcli.inference.litert_conversion import to_litert
from mnistcli.inference.reference_digits import ReferenceDigits, load_reference_digits
from tests.support.external_models import build_external


@pytest.fixture(scope="module")
def digits() -> ReferenceDigits:
    return next(iter(load_reference_digits()))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build_external()


needs_onnx = pytest.mark.skipif(
    find_spec("tf2onnx") is None or find_spec("onnxruntime") is None,
    reason="needs tf2onnx and onnxruntime: pip install 'mnistcli[export]'",
)


@pytest.mark.parametrize(
    "file_format", [*EXPORT_FORMATS[:-1], pytest.param(EXPORT_FORMATS[-1], marks=needs_onnx)]
)
def test_an_exported_file_agrees_with_the_model(
    file_format: str, model: keras.Model, digits: ReferenceDigits
) -> None:
    path = exporting.default_output("runs/a.keras", file_format)

    result = exporting.export(model, file_format, path, digits.images[:100], digits.images[100:150])

    assert path.exists()
    assert (result.images, result.agreement >= 0.99) == (100, True)
    assert result.size > 5000
    assert [file.name for file in Path().iterdir() if file.name.startswith(".")] == []


def test_an_exported_litert_file_has_labels(model: keras.Model, digits: ReferenceDigits) -> None:
    exporting.export(model, "litert", Path("a.tflite"), digits.images[:9], digits.images[:9])

    with zipfile.ZipFile("a.tflite") as archive:
        assert archive.read("labels.txt").split() == [b"%d" % digit for digit in range(10)]
        assert b'"pixel_range"' in archive.read("metadata.json")


def test_without_the_extra_the_error_names_the_packages(
    model: keras.Model, digits: ReferenceDigits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)

    with pytest.raises(ModelError, match="the packages onnx and onnxruntime and tf2") as caught:
        exporting.export(model, "onnx", Path("a.onnx"), digits.images[:9], digits.images[:9])
    assert caught.value.hint == "pip install 'mnistcli[export]'"


def test_a_layer_that_onnx_cannot_compute_leaves_no_file(
    model: keras.Model, digits: ReferenceDigits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: keras.Model, path: Path) -> None:
        path.write_bytes(b"half")
        raise ValueError("unknown operation")

    monkeypatch.setattr(extras, "find_spec", lambda name: object())
    monkeypatch.setattr(exporting, "write_onnx", fail)

    with pytest.raises(ModelError, match="ONNX cannot compute a layer"):
        exporting.export(model, "onnx", Path("a.onnx"), digits.images[:9], digits.images[:9])
    assert list(Path().iterdir()) == []


def test_an_existing_file_is_not_replaced(model: keras.Model, digits: ReferenceDigits) -> None:
    Path("a.tflite").write_text("mine")

    with pytest.raises(OutputError, match="already exists"):
        exporting.export(model, "litert", Path("a.tflite"), digits.images, digits.images)
    assert Path("a.tflite").read_text() == "mine"


def test_a_file_that_disagrees_is_deleted(
    model: keras.Model, digits: ReferenceDigits, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    content = to_litert(other)
    monkeypatch.setattr(exporting, "to_litert", lambda _: content)

    with pytest.raises(ModelError, match="disagrees with the model and is deleted"):
        exporting.export(model, "litert", Path("a.tflite"), digits.images[:50], digits.images[:1])
    assert list(Path().glob("*.tflite")) == []


def test_a_saved_model_that_disagrees_is_deleted(
    model: keras.Model, digits: ReferenceDigits, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loaded:
        @staticmethod
        def serve(batch: np.ndarray) -> tf.Tensor:
            return tf.zeros((len(batch), 10))

    monkeypatch.setattr(tf.saved_model, "load", lambda _: Loaded)

    with pytest.raises(ModelError, match="disagrees with the model"):
        exporting.export(model, "saved_model", Path("a"), digits.images[:50], digits.images[:1])
    assert not Path("a").exists()
