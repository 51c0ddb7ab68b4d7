"""Probes: what they find here, and how they report an error."""

import json
from pathlib import Path

import pytest

from mnistcli.diagnosis import probes
from mnistcli.diagnosis.probes import PROBES, main, probe_litert, probe_mnist, probe_tensorflow


def test_tensorflow_computes() -> None:
    found = probe_tensorflow()

    assert found["tensorflow"].startswith("2.")
    assert found["keras"].startswith("3.")
    assert isinstance(found["gpus"], list)


def test_litert_predicts() -> None:
    assert probe_litert()["seconds"] > 0


def test_mnist_would_be_downloaded() -> None:
    assert probe_mnist() == {"path": None}


def test_mnist_is_found(mnist_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_DATA_DIR", str(mnist_dir))

    assert probe_mnist() == {"path": str(mnist_dir)}


def test_an_error_is_printed_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> dict[str, object]:
        raise ImportError("libfoo.so")

    monkeypatch.setattr(probes, "PROBES", {**PROBES, "litert": fail})
    main("litert")

    assert json.loads(capsys.readouterr().out) == {"error": "ImportError: libfoo.so"}
