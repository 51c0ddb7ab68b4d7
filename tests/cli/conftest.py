"""Fixtures of the command tests: a model to use, and an image."""

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from mnistcli.cli import progress, spinner, streams
from mnistcli.cli.training import training_progress
from tests.support.strokes import draw_digit


@pytest.fixture
def model(trained_run: Path, tmp_path: Path) -> Path:
    """A copy of the trained run that a test may write into; it is the default model."""
    return Path(shutil.copytree(trained_run, tmp_path / "runs" / "trained"))


@pytest.fixture
def image() -> Path:
    draw_digit(7).save("seven.png")
    return Path("seven.png")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A stderr that is taken for a terminal 80 columns wide."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    for name, value in (("TERM", "xterm"), ("COLUMNS", "80"), ("LINES", "24")):
        monkeypatch.setenv(name, value)
    console = Console(file=stream, force_terminal=True, width=80)
    for module in (progress, spinner, streams, training_progress):
        monkeypatch.setattr(module, "err", console)
    return stream
