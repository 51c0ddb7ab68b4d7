"""Errors: the tree of exceptions, exit codes, reasons and `Raises` sections."""

import ast
import errno
import os
import re
from pathlib import Path

import pytest

from mnistcli import errors
from mnistcli.errors import ConfigError, DataError, DownloadError, MnistCliError, os_reason


def subclasses(base: type[MnistCliError]) -> set[type[MnistCliError]]:
    direct = set(base.__subclasses__())
    return direct.union(*(subclasses(one) for one in direct))


def test_the_tree_in_the_docstring_names_every_error() -> None:
    assert errors.__doc__ is not None
    drawn = set(re.findall(r"\w+Error", errors.__doc__))

    assert drawn == {one.__name__ for one in subclasses(MnistCliError)} | {"MnistCliError"}


def test_only_a_config_error_is_a_usage_error() -> None:
    codes = {one: one.exit_code for one in subclasses(MnistCliError)}

    assert {one for one, code in codes.items() if code == 2} == {ConfigError}
    assert set(codes.values()) == {1, 2}


def test_a_download_error_is_a_data_error() -> None:
    assert issubclass(DownloadError, DataError)


@pytest.mark.parametrize("hint", [None, "--dataset digits"])
def test_an_error_keeps_message_and_hint(hint: str | None) -> None:
    error = DataError("no images in 'x'", hint=hint)

    assert (str(error), error.message, error.hint) == ("no images in 'x'", "no images in 'x'", hint)


def test_the_reason_of_an_os_error_is_in_lower_case() -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert os_reason(error) == "no space left on device"


def test_an_os_error_without_a_reason_has_the_default() -> None:
    assert os_reason(OSError("no number")) == "input/output error"
    assert os_reason(OSError(), "cannot read") == "cannot read"


def raises_entries() -> list[tuple[str, str]]:
    """Return the entries of all `Raises` sections of the package, each with its place."""
    return [
        (f"{path.name}:{node.lineno}", entry)
        for path in Path(errors.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for section in (ast.get_docstring(node) or "").split("Raises:\n")[1:]
        for entry in re.findall(r"^    \w+: (.*)", section, re.MULTILINE)
    ]


def test_raises_entries_name_the_subject_of_their_condition() -> None:
    entries = raises_entries()
    pronoun = re.compile(r"(It|They|There (is|are) none)\b")

    assert len(entries) > 300
    assert [entry for entry in entries if pronoun.match(entry[1])] == []
