"""Fault injection: one file operation in a directory fails, as on a full or broken disk."""

import builtins
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class _Faults:
    """Counts the operations that change files in a directory, and fails one of them."""

    def __init__(self, folder: Path, number: int, error: int) -> None:
        self.count = 0
        self._folder = str(folder.resolve())
        self._number = number
        self._error = error

    def step(self, path: str | Path) -> None:
        if not str(Path(path).absolute()).startswith(self._folder):
            return
        self.count += 1
        if self.count == self._number:
            raise OSError(self._error, os.strerror(self._error))


@contextmanager
def failing(folder: Path, number: int, error: int) -> Iterator[_Faults]:
    """Make one operation fail: an open for writing, a write, an fsync or a rename.

    Args:
        folder: The directory.
        number: Number of the operation, counted from 1.
        error: The error number, such as `errno.ENOSPC`.
    """
    faults = _Faults(folder, number, error)
    real_open, real_fsync, real_replace = io.open, os.fsync, Path.replace

    class FaultyFile(io.FileIO):
        def write(self, data: Any) -> int:
            faults.step(str(self.name))
            return super().write(data)

    def open_(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if isinstance(file, int) or not set(mode) & set("wxa+"):
            return real_open(file, mode, *arguments, **options)
        faults.step(file)
        raw = FaultyFile(file, mode.replace("b", ""), opener=options.get("opener"))
        if "+" in mode:
            return io.BufferedRandom(raw)
        return io.BufferedWriter(raw)

    def fsync(descriptor: int) -> None:
        faults.step(Path(f"/proc/self/fd/{descriptor}").readlink())
        real_fsync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        faults.step(path)
        return real_replace(path, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "open", open_)
        patch.setattr(builtins, "open", open_)
        patch.setattr(os, "fsync", fsync)
        patch.setattr(Path, "replace", replace)
        yield faults
