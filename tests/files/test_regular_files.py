"""Regular files: directories and named pipes, which would hang, are refused."""

import os
from pathlib import Path

import pytest

from mnistcli.files.regular_files import open_regular


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")

    with open_regular(tmp_path / "file") as stream:
        assert stream.read() == b"content"


def test_a_pipe_without_a_writer_and_a_directory_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="not a regular file"):
            open_regular(path)
