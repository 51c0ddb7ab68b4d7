"""JSON files of a run: written, read, and refused if damaged."""

from pathlib import Path

import pytest

from mnistcli.errors import RunError
from mnistcli.runs.json_files import read_json, write_json


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    assert read_json(tmp_path / "config.json") is None


def test_a_file_in_a_directory_that_cannot_be_searched(tmp_path: Path) -> None:
    """The name is too long for any file system, as it may be in a damaged path."""
    with pytest.raises(RunError, match=r"cannot read .*: file name too long"):
        read_json(tmp_path / ("x" * 300))


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    content = {"a": 1, "name": "\udcff ü", "list": [None, 0.5]}
    write_json(tmp_path / "a.json", content)

    assert read_json(tmp_path / "a.json") == content
