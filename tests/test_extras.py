"""Checks of the packages of extras."""

import pytest

from mnistcli.errors import DataError
from mnistcli.extras import require_packages


def test_the_packages_that_are_missing_are_named_with_the_command_that_installs_them() -> None:
    with pytest.raises(DataError) as caught:
        require_packages("re", "no_a", extra="data", needed_by="it", error=DataError)
    assert caught.value.message == "it requires the package no-a"
    assert caught.value.hint == "pip install 'mnistcli[data]'"

    with pytest.raises(DataError, match="it requires the packages no-a and no-b"):
        require_packages("no_a", "no_b", extra="data", needed_by="it", error=DataError)


def test_installed_packages_are_accepted_without_an_import() -> None:
    require_packages("this", extra="data", needed_by="it")  # its import prints a poem
