"""The signing key of the user: private, created once, and the same for all in a race condition."""

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from mnistcli.inference.signing_key import load_key


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNISTCLI_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config"


def test_a_key_is_created_only_if_it_is_wanted(folder: Path) -> None:
    assert load_key() is None
    assert not folder.exists()


def test_the_key_stays_the_same() -> None:
    key = load_key(create=True)

    assert key is not None
    assert load_key() == load_key(create=True) == key


def test_only_the_user_can_read_the_key(folder: Path) -> None:
    load_key(create=True)

    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_no_key(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "signing.key").write_bytes(content)

    assert load_key(create=True) is None


def test_a_pipe_is_no_key(folder: Path) -> None:
    folder.mkdir()
    os.mkfifo(folder / "signing.key")

    assert load_key(create=True) is None


def test_processes_that_start_together_get_the_same_key(folder: Path) -> None:
    with multiprocessing.get_context("fork").Pool(8) as pool:
        keys = pool.starmap(_create, [()] * 16, chunksize=1)

    assert len(set(keys)) == 1
    assert [path.name for path in folder.iterdir()] == ["signing.key"]


def _create() -> bytes | None:
    return load_key(create=True)
