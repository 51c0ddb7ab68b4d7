"""Fixtures of the command tests: a model to use, and an image."""

import shutil
from pathlib import Path

import pytest

from tests.support.strokes import draw_digit


@pytest.fixture
def model(trained_run: Path, tmp_path: Path) -> Path:
    """A copy of the trained run that a test may write into; it is the default model."""
    return Path(shutil.copytree(trained_run, tmp_path / "runs" / "trained"))


@pytest.fixture
def image() -> Path:
    draw_digit(7).save("seven.png")
    return Path("seven.png")
