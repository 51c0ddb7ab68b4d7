"""The `export` command: the exported file, its agreement with the model, and refused models."""

import json
from pathlib import Path

import keras
import pytest

from mnistcli.inference import export as exporting
from mnistcli.inference import interface_detection
from tests.support.command_line import fail, succeed
from tests.support.external_models import build_external


def test_a_model_is_exported_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network stands in for the packaged one, which takes seconds to convert."""
    monkeypatch.setattr(interface_detection, "load_model", lambda model_ref: build_external())

    result = succeed(
        "export", "pretrained", "--dataset", "digits", "--output", "a.tflite", "--json"
    )

    values = json.loads(result.stdout)
    assert (values["path"], values["images"], values["agreement"]) == ("a.tflite", 360, 1)
    assert values["size"] == Path("a.tflite").stat().st_size


def test_the_figures_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    def export(model: keras.Model, file_format: str, path: Path, *images: object) -> object:
        return exporting.ExportResult(path, 416_000, 1000, 0.998, 0.25, 0.125)

    monkeypatch.setattr(interface_detection, "load_model", lambda model_ref: build_external())
    monkeypatch.setattr(exporting, "export", export)

    result = succeed("export", "pretrained", "--dataset", "digits", "--format", "int8")

    assert result.stdout.splitlines() == [
        "file       pretrained_int8.tflite",
        "size       416.0 kB",
        "agreement  99.80 % of 1,000 predictions; probabilities differ by up to 0.2",
        "speed      0.12 ms per image",
    ]


def test_an_ensemble_and_an_unknown_format_are_refused() -> None:
    _, ensemble = fail("export", "pretrained", "pretrained")
    _, unknown = fail("export", "pretrained", "--format", "torch")

    assert ensemble[0] == "error: cannot export an ensemble: export its models one by one"
    assert "format" in unknown[0]
    assert "saved_model" in unknown[0]
