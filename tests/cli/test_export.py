"""The `export` command."""

import json
from pathlib import Path

from tests.support.command_line import failure, succeed


def test_the_packaged_model_is_exported_and_compared() -> None:
    result = succeed(
        "export", "pretrained", "--dataset", "digits", "--output", "a.tflite", "--json"
    )

    values = json.loads(result.stdout)
    assert (values["path"], values["images"], values["agreement"]) == ("a.tflite", 360, 1)
    assert values["size"] == Path("a.tflite").stat().st_size


def test_an_ensemble_and_an_unknown_format_are_refused() -> None:
    _, ensemble = failure("export", "pretrained", "pretrained")
    _, unknown = failure("export", "pretrained", "--format", "onnx")

    assert ensemble[0] == "error: cannot export an ensemble: export its models one by one"
    assert "format" in unknown[0]
    assert "saved_model" in unknown[0]
