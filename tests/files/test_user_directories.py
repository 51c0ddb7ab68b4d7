"""The user's directories: the cache and its variables."""

from pathlib import Path

import pytest

from mnistcli.files.user_directories import cache_dir, keras_mnist_file


def test_the_variable_sets_the_cache_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "/somewhere/else")

    assert cache_dir() == Path("/somewhere/else")


def test_the_cache_directory_is_that_of_the_operating_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "")

    assert cache_dir().name in {"mnistcli", "Cache"}
    assert cache_dir().is_absolute()


def test_the_cache_of_keras_is_that_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", "/somewhere/else")
    assert keras_mnist_file() == Path("/somewhere/else/datasets/mnist.npz")

    monkeypatch.delenv("KERAS_HOME")
    assert keras_mnist_file() == Path.home() / ".keras" / "datasets" / "mnist.npz"
