"""Checks of the installed packages: required ones and extras, with their versions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from shlex import quote

from mnistcli.diagnosis.checks import FAILED, NOTE, OK, Check
from mnistcli.extras import install_command
from mnistcli.system.environment import installed_version

_DISTRIBUTION = "mnistcli"
# `dev` and `tools` are for contributors; `gpu` has a check of its own.
_HIDDEN_EXTRAS = frozenset({"dev", "gpu", "tools"})


@dataclass(frozen=True)
class Requirement:
    """A package that mnistcli needs.

    Attributes:
        name: Name of the package.
        bounds: Its version constraint, such as ``>=2.4,<3``.
        extra: The extra that needs it; empty for mnistcli itself.
        installed: The version that is installed; empty if there is none.
    """

    name: str
    bounds: str
    extra: str
    installed: str

    @property
    def text(self) -> str:
        """The requirement in pip's syntax."""
        return quote(f"{self.name}{self.bounds}")

    @property
    def is_met(self) -> bool:
        """Whether the package is installed, in a version within the bounds."""
        if not self.installed or not self.bounds:
            return bool(self.installed)
        try:
            from packaging.specifiers import SpecifierSet
        except ImportError:  # it comes with Keras: the check of TensorFlow fails as well
            return True
        return SpecifierSet(self.bounds).contains(self.installed, prereleases=True)


def read_requirements() -> list[Requirement]:
    """Return what the installed mnistcli needs; nothing if it runs without being installed."""
    try:
        lines = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    return [requirement for line in lines for requirement in _parse(line)]


def check_packages(requirements: Sequence[Requirement]) -> Check:
    """Check that the required packages are installed, in versions within their bounds."""
    required = [package for package in requirements if not package.extra]
    if not required:
        return Check("packages", NOTE, "mnistcli is not installed as a package", "pip install .")
    wrong = [package for package in required if not package.is_met]
    if not wrong:
        return Check("packages", OK, f"all {len(required)} required packages are installed")
    found = ", ".join(
        f"{package.name} {package.installed} is not {package.bounds}"
        if package.installed
        else f"no {package.name}"
        for package in wrong
    )
    status = NOTE if all(package.installed for package in wrong) else FAILED
    return Check(
        "packages", status, found, f"pip install {' '.join(package.text for package in wrong)}"
    )


def check_extras(requirements: Sequence[Requirement]) -> Iterator[Check]:
    """Check for each extra whether its packages are installed."""
    extras = dict.fromkeys(package.extra for package in requirements if package.extra)
    for extra in extras:
        if extra in _HIDDEN_EXTRAS:
            continue
        packages = [package for package in requirements if package.extra == extra]
        missing = [package.name for package in packages if not package.is_met]
        if missing:
            detail = f"not installed: {', '.join(missing)}"
            yield Check(f"extra {extra}", NOTE, detail, install_command(extra))
        else:
            versions = ", ".join(f"{package.name} {package.installed}" for package in packages)
            yield Check(f"extra {extra}", OK, versions)


def requirement_text(requirements: Sequence[Requirement], name: str) -> str:
    """Return the requirement of a package in pip's syntax, or its name."""
    return next((package.text for package in requirements if package.name == name), name)


def _parse(line: str) -> Iterator[Requirement]:
    """Parse a line of the metadata (PEP 508), such as ``pyarrow<27,>=26; extra == 'data'``."""
    requirement, _, marker = line.partition(";")
    match = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?\s*\(?([^()]*?)\)?\s*", requirement)
    if match is None:
        return
    extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", marker)
    yield Requirement(match[1], match[2], extra[1] if extra else "", installed_version(match[1]))
