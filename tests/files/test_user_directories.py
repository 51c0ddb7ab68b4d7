from pathlib import Path

import pytest

from mnistcli.files.user_directories import cache_dir


def test_the_cache_directory_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "/somewhere/else")

    assert cache_dir() == Path("/somewhere/else")


def test_the_cache_directory_of_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "")

    assert cache_dir().name in {"mnistcli", "Cache"}
    assert cache_dir().is_absolute()
