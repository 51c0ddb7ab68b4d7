"""JSON files of a run directory, written atomically; damaged (corrupt) ones are refused."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnistcli.errors import OTHER_MODEL, RunError, os_reason
from mnistcli.files.atomic import write_atomically


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file atomically.

    Raises:
        OSError: The file cannot be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    # File names that are not UTF-8 contain surrogates; they become JSON escapes such as \udcff.
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file, or None if the file does not exist.

    Raises:
        RunError: The file cannot be read, or contains anything else.
    """
    try:
        if not regular_file_exists(path):
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(
            f"cannot read {str(path)!r}: {os_reason(error)}", hint=OTHER_MODEL
        ) from error
    except (ValueError, RecursionError) as error:
        raise damaged_error(path) from error
    if not isinstance(content, dict):
        raise damaged_error(path)
    return content


def damaged_error(path: Path, reason: str = "") -> RunError:
    """Return the error for a file with invalid content."""
    detail = f": {reason}" if reason else ""
    return RunError(f"damaged file {str(path)!r}{detail}", hint=OTHER_MODEL)


def regular_file_exists(path: Path) -> bool:
    """Return whether a file exists, and refuse anything else: opening a FIFO would block."""
    if path.exists() and not path.is_file():
        raise OSError(0, "not a regular file")
    return path.is_file()
