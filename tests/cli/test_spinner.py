"""The spinner: shown on a terminal only."""

import io

import pytest

from mnistcli.cli import streams
from mnistcli.cli.spinner import show_spinner


@pytest.fixture(autouse=True)
def _default_verbosity() -> None:
    streams.set_verbosity()


def test_a_terminal_shows_the_activity(terminal: io.StringIO) -> None:
    with show_spinner("Starting"):
        pass

    assert "Starting ..." in terminal.getvalue()


def test_other_streams_show_nothing(terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "isatty", lambda: False)

    with show_spinner("Drawing"):
        pass

    assert terminal.getvalue() == ""


@pytest.mark.parametrize("options", [{"quiet": True}, {"verbose": True}])
def test_quiet_and_verbose_turn_the_spinner_off(
    terminal: io.StringIO, options: dict[str, bool]
) -> None:
    streams.set_verbosity(**options)

    with show_spinner("Drawing"):
        pass

    assert terminal.getvalue() == ""
