"""A slice of `make fuzz`: mutated files end in named errors, quickly and in little memory."""

import pytest

from tests.tools.fuzz.worker import run_cases


@pytest.mark.parametrize(
    ("kind", "count"), [("images", 400), ("models", 200), ("data", 800), ("runs", 800)]
)
def test_mutated_files_are_accepted_or_refused(kind: str, count: int) -> None:
    report = run_cases(kind, count=count)

    assert report.failures == []
    assert report.cases == count
    assert report.refused > count / 10
