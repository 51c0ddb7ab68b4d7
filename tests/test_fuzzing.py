"""A slice of `make fuzz`: mutated files end in named errors, quickly and in little memory."""

import pytest

from tests.tools.fuzz.worker import run_cases


@pytest.mark.parametrize("kind", ["images", "models", "data", "runs"])
def test_mutated_files_are_accepted_or_refused(kind: str) -> None:
    report = run_cases(kind, seconds=4)

    assert report.failures == []
    assert report.refused > 10
