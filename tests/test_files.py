import os
from pathlib import Path

import pytest

from mnistcli import files


def test_a_file_has_the_content_that_was_written(tmp_path: Path) -> None:
    files.write_atomically(tmp_path / "a.bin", b"\x00\xff")
    files.write_atomically(tmp_path / "a.txt", "größer\n")

    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff"
    assert (tmp_path / "a.txt").read_bytes() == "größer\n".encode()


def test_a_file_name_in_a_text_need_not_be_utf_8(tmp_path: Path) -> None:
    """It used to raise a UnicodeEncodeError."""
    files.write_atomically(tmp_path / "a.txt", os.fsdecode(b"runs/\xff"))

    assert (tmp_path / "a.txt").read_bytes() == b"runs/\xff"


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a long old text")

    files.write_atomically(path, "new")

    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_name_may_have_the_maximum_length(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)

    files.write_atomically(path, "x")

    assert path.read_text() == "x"


def test_the_umask_decides_who_may_read_a_file(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        files.write_atomically(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)

    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, "new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write_atomically(tmp_path / "missing" / "a.txt", "x")


def test_the_file_is_flushed_before_it_is_renamed_and_the_directory_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    flushed: list[tuple[bool, bool]] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        is_directory = os.fstat(descriptor).st_ino == tmp_path.stat().st_ino
        flushed.append((is_directory, path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)

    files.write_atomically(path, "x")

    assert flushed == [(False, False), (True, True)]


def test_a_directory_that_cannot_be_flushed_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)

    files.write_atomically(tmp_path / "a.txt", "x")

    assert (tmp_path / "a.txt").read_bytes() == b"x"


def test_a_complete_file_replaces_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")

    with files.replace_atomically(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
        assert (tmp_path / "a.txt").read_text() == "old"

    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "x"


def test_sha256_agrees_with_the_standard() -> None:
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256(b"abc") == expected


def test_the_cache_directory_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "/somewhere/else")

    assert files.cache_dir() == Path("/somewhere/else")


def test_the_cache_directory_of_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "")

    assert files.cache_dir().name in {"mnistcli", "Cache"}
    assert files.cache_dir().is_absolute()
