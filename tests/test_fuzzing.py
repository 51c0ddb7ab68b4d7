"""Fuzz testing, a slice of `make fuzz`: mutated files end in named errors, in little memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.fuzz.worker import run_cases

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("kind", "count"), [("images", 100), ("models", 50), ("data", 200), ("runs", 200)]
)
def test_mutated_files_are_accepted_or_refused(kind: str, count: int) -> None:
    report = run_cases(kind, count=count)

    assert report.failures == []
    assert report.cases == count
    assert report.refused > count / 10


def test_coverage_guided_inputs_are_accepted_or_refused() -> None:
    pytest.importorskip("atheris", reason="needs atheris: pip install -e '.[tools]'")
    command = [sys.executable, "-m", "tests.tools.coverage_fuzz", "runs", "--seconds", "1"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "stat::number_of_executed_units" in done.stderr
