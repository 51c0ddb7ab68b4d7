"""The package: its docstring, its public names, a lazy import, and bounds of its dependencies."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest

import mnistcli
from mnistcli import api

TOP = Path(mnistcli.__file__).parent.parent


def test_the_examples_of_the_docstring_work_and_print_nothing_of_tensorflow() -> None:
    """The conversion to LiteRT printed "INFO:tensorflow:Assets written to"."""
    code = (
        "import doctest, logging, mnistcli\n"
        "logging.getLogger('tensorflow').setLevel('INFO')\n"
        "print(*doctest.testmod(mnistcli))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    failed, attempted = map(int, done.stdout.split())
    assert (failed, done.stderr) == (0, "")
    assert attempted >= 10


def test_the_public_names_are_those_of_the_api_and_the_version() -> None:
    assert set(mnistcli.__all__) == {*api.__all__, "__version__"}
    assert set(mnistcli.__all__) <= set(dir(mnistcli))
    assert all(getattr(mnistcli, name) is getattr(api, name) for name in api.__all__)
    assert mnistcli.__version__ == metadata.version("mnistcli")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'mnistcli' has no attribute 'predicts'"):
        getattr(mnistcli, "predicts")  # noqa: B009 - mypy knows that it does not exist


def test_the_import_loads_nothing_else() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, typing; before = set(sys.modules); import mnistcli\n"
            "print(sorted(set(sys.modules) - before))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "['mnistcli']\n"


def test_every_dependency_has_bounds() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    listed = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    others = [entry for entry in listed if not entry.startswith("mnistcli[")]
    assert [entry for entry in others if not re.search(r">=\d.*,<\d", entry)] == []
