"""What the package and the README promise."""

import doctest
import os
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

import mnistcli

TOP = Path(mnistcli.__file__).parent.parent
README = (TOP / "README.md").read_text(encoding="utf-8")
# A block of the README that begins with a command line whose last word is --help.
HELP_BLOCK = re.compile(
    r"```\w*\n\$ mnistcli (?P<arguments>[^\n]*--help)\n(?P<output>.*?)```", re.DOTALL
)


def test_the_docstring_of_the_package_works() -> None:
    results = doctest.testmod(mnistcli)

    assert results.attempted >= 10
    assert results.failed == 0


@pytest.mark.parametrize(
    "block", list(HELP_BLOCK.finditer(README)), ids=lambda block: block["arguments"]
)
def test_help_in_the_readme_is_the_live_help(block: re.Match[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mnistcli", *block["arguments"].split()],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )

    live = [line.rstrip() for line in done.stdout.strip().splitlines()]
    assert [line.rstrip() for line in block["output"].strip().splitlines()] == live


def test_the_readme_shows_the_help_of_every_command() -> None:
    shown = {block["arguments"] for block in HELP_BLOCK.finditer(README)}

    commands = ("train", "evaluate", "predict", "plot")
    assert shown == {"--help", *(f"{command} --help" for command in commands)}


def test_pictures_in_the_readme_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)

    assert pictures
    assert all((TOP / picture).is_file() for picture in pictures)


def test_every_dependency_has_bounds() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    listed = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    assert [entry for entry in listed if not re.search(r">=\d.*,<\d", entry)] == []
