"""Checks of the machine: directories, processors, default model, bytecode."""

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from mnistcli.diagnosis import FAILED, NOTE, OK, host
from mnistcli.diagnosis.host import (
    HOST_CHECKS,
    check_bytecode,
    check_cache,
    check_default_model,
    check_encoding,
    check_processors,
    check_temporary_directory,
    check_working_directory,
)


def test_every_check_has_a_result() -> None:
    for check in HOST_CHECKS:
        assert check().detail


def test_a_cache_that_does_not_exist_can_be_created() -> None:
    check = check_cache()

    assert check.status == OK
    assert check.detail.startswith(f"{Path.cwd() / 'cache'} is writable, ")
    assert not Path("cache").exists()


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "file/cache")

    check = check_cache()

    assert (check.status, check.fix) == (NOTE, "export MNISTCLI_CACHE_DIR=DIR")
    assert check.detail.startswith("cannot write to file/cache: ")


def test_a_full_disk_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    check = check_working_directory()

    assert check.status == NOTE
    assert check.detail == f"{Path.cwd()} is almost full: 0.1 GB free"


def test_no_temporary_directory_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", fail)

    check = check_temporary_directory()
    assert (check.status, check.fix) == (FAILED, "export TMPDIR=DIR")
    assert check.detail == "cannot write: no usable temporary directory found"


def test_the_default_model_is_named() -> None:
    assert check_default_model().detail.startswith("pretrained (distilled, ")


def test_a_model_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_MODEL", "nothing")

    check = check_default_model()
    assert (check.status, check.fix) == (FAILED, "unset MNISTCLI_MODEL")


@pytest.mark.parametrize(
    ("content", "status", "fix"),
    [
        ("150000 100000\n", NOTE, "export TF_NUM_INTRAOP_THREADS=2"),
        ("50000 100000\n", NOTE, "export TF_NUM_INTRAOP_THREADS=1"),
        ("max 100000\n", OK, None),
        ("6400000 100000\n", OK, None),
    ],
)
def test_a_container_with_fewer_processors_is_a_note_with_the_threads_to_set(
    monkeypatch: pytest.MonkeyPatch, content: str, status: str, fix: str | None
) -> None:
    Path("cpu.max").write_text(content)
    monkeypatch.setattr(host, "_CPU_LIMIT", Path("cpu.max"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    check = check_processors()
    assert (check.status, check.fix) == (status, fix)


def test_missing_compiled_files_are_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "cache_from_source", lambda _: "compiled.pyc")
    assert check_bytecode().status == NOTE

    Path("compiled.pyc").touch()
    assert check_bytecode().status == OK


def test_an_encoding_without_all_characters_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")

    check = check_encoding()
    assert (check.status, check.fix) == (NOTE, "export PYTHONUTF8=1")
