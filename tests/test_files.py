import os
from pathlib import Path

import pytest

from mnistcli import files


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "a.bin", b"\x00\xff")
    files.write_atomically(tmp_path / "a.txt", "größer\n")

    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff"
    assert (tmp_path / "a.txt").read_bytes() == "größer\n".encode()


def test_a_file_that_exists_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a long old text")

    files.write_atomically(path, "new")

    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)

    files.write_atomically(path, "x")

    assert path.read_text() == "x"


def test_others_may_read_what_the_umask_lets_them(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        files.write_atomically(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)

    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[step], fail)

    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, "new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_is_missing_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write_atomically(tmp_path / "missing" / "a.txt", "x")


def test_sha256_is_the_standards(tmp_path: Path) -> None:
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256(b"abc") == expected


def test_the_cache_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "/somewhere/else")

    assert files.cache_dir() == Path("/somewhere/else")


def test_the_cache_is_else_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "")

    assert files.cache_dir().name in {"mnistcli", "Cache"}
    assert files.cache_dir().is_absolute()
