"""Atomic writes: a file is the old one or the complete new one.

Fault injection: at each operation of a write, the operation fails or the process is killed.
"""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mnistcli.files import atomic
from tests.support.faults import failing

ROOT = Path(__file__).parents[2]


def test_a_file_has_the_content_that_was_written(tmp_path: Path) -> None:
    atomic.write_atomically(tmp_path / "a.bin", b"\x00\xff")
    atomic.write_atomically(tmp_path / "a.txt", "größer\n")

    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff"
    assert (tmp_path / "a.txt").read_bytes() == "größer\n".encode()


def test_a_file_name_in_a_text_need_not_be_utf_8(tmp_path: Path) -> None:
    """It used to raise a UnicodeEncodeError."""
    atomic.write_atomically(tmp_path / "a.txt", os.fsdecode(b"runs/\xff"))

    assert (tmp_path / "a.txt").read_bytes() == b"runs/\xff"


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a long old text")

    atomic.write_atomically(path, "new")

    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_name_may_have_the_maximum_length(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)

    atomic.write_atomically(path, "x")

    assert path.read_text() == "x"


def test_the_umask_decides_who_may_read_a_file(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        atomic.write_atomically(tmp_path / "a.txt", "x")
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
        atomic.write_atomically(path, "new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic.write_atomically(tmp_path / "missing" / "a.txt", "x")


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

    atomic.write_atomically(path, "x")

    assert flushed == [(False, False), (True, True)]


def test_a_directory_that_cannot_be_flushed_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)

    atomic.write_atomically(tmp_path / "a.txt", "x")

    assert (tmp_path / "a.txt").read_bytes() == b"x"


def test_a_complete_file_replaces_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")

    with atomic.replace_atomically(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
        assert (tmp_path / "a.txt").read_text() == "old"

    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "x"


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("old", [True, False])
def test_any_operation_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, error: int, old: bool
) -> None:
    path = tmp_path / "a.bin"
    if old:
        path.write_bytes(b"old")

    for number in range(1, 20):
        with failing(tmp_path, number, error) as faults:
            try:
                atomic.write_atomically(path, b"x" * 100_000)
            except OSError as failure:
                code = failure.errno
            else:
                break
        assert code == error
        assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"] * old
    # Open, write, open to flush, flush and rename; a directory that cannot be flushed is not an error.
    assert (number, faults.count) == (6, 6)
    assert path.read_bytes() == b"x" * 100_000


def test_a_file_larger_than_the_limit_leaves_the_old_one(tmp_path: Path) -> None:
    """The system's own failure, in the middle of a write."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    code = (
        "import resource, signal\n"
        "from pathlib import Path\n"
        "from mnistcli.files import atomic\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"atomic.write_atomically(Path({str(path)!r}), b'x' * 2000)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "File too large" in done.stderr
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_a_process_that_is_killed_at_any_operation_leaves_an_old_or_a_new_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from mnistcli.files import atomic\n"
        "number, path = int(sys.argv[1]), Path(sys.argv[2])\n"
        "calls = []\n"
        "def stop(*_):\n"
        "    calls.append(1)\n"
        "    if len(calls) == number:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.settrace(lambda *_: stop)\n"
        "atomic.write_atomically(path, b'new')\n"
    )
    killed = 0
    for number in range(1, 400, 9):
        command = [sys.executable, "-c", program, str(number), str(path)]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        assert path.read_bytes() in {b"old", b"new"}
        if code == 0:
            break
        assert code == -signal.SIGKILL
        killed += 1

    assert killed > 5
    assert path.read_bytes() == b"new"
    # The last process has removed what the killed ones left.
    assert list(tmp_path.iterdir()) == [path]


def test_temporary_files_of_dead_processes_of_this_host_are_removed(tmp_path: Path) -> None:
    own = atomic.temporary_name()
    with subprocess.Popen(["true"]) as process:
        pass
    dead = own.replace(f"-{os.getpid()}-", f"-{process.pid}-")
    host = own.split("-")[1]
    other_host = dead.replace(host, "00000000")
    (tmp_path / f"{dead}-dir").mkdir()
    (tmp_path / f"{dead}-dir" / "file").touch()
    for name in (own, f"{dead}.tmp", f"{dead}.tmp.keras", other_host, ".mnistcli-x", "a.tmp"):
        (tmp_path / name).touch()

    atomic.remove_stale_temporaries(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {own, other_host, ".mnistcli-x", "a.tmp"}


def test_the_first_write_into_a_directory_removes_what_dead_processes_left(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    dead = atomic.temporary_name().replace(f"-{os.getpid()}-", f"-{process.pid}-")
    (tmp_path / f"{dead}.tmp").touch()

    atomic.write_atomically(tmp_path / "a.txt", "x")

    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_temporary_directory_is_deleted_with_those_of_dead_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen(["true"]) as process:
        pass
    dead = atomic.temporary_name().replace(f"-{os.getpid()}-", f"-{process.pid}-")
    (tmp_path / f"{dead}abc").mkdir()

    with atomic.temporary_directory() as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert not folder.exists()


def test_a_missing_directory_without_temporary_files_is_not_an_error(tmp_path: Path) -> None:
    atomic.remove_stale_temporaries(tmp_path / "missing")
