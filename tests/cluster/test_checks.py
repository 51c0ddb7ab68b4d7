"""Checks of workers: one line for each fault."""

from typing import Any

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from mnistcli.cluster import worker
from mnistcli.cluster.checks import find_faults


class Workers:
    """A client of workers that answer with given values."""

    def __init__(self, answers: dict[str, Any], threads: int = 1) -> None:
        self.answers = answers
        self.threads = threads

    def nthreads(self) -> dict[str, int]:
        return dict.fromkeys(self.answers, self.threads)

    def run(self, function: object, *, on_error: str) -> dict[str, Any]:
        assert (function, on_error) == (worker.package_versions, "return")
        return self.answers


def faults(answers: dict[str, Any], threads: int = 1) -> list[str]:
    workers: Any = Workers(answers, threads)
    return list(find_faults(workers))


def test_equal_workers_have_no_faults() -> None:
    assert (
        faults({"tcp://a:1": worker.package_versions(), "tcp://b:1": worker.package_versions()})
        == []
    )


def test_each_fault_is_a_line() -> None:
    ours = worker.package_versions()
    missing = ModuleNotFoundError("No module named 'mnistcli'", name="mnistcli")
    assert faults(
        {
            "tcp://a:1": {**ours, "numpy": "1.0", "keras": ""},
            "tcp://b:1": missing,
            "tcp://c:1": OSError("timed out"),
            "tcp://d:1": ours,
        }
    ) == [
        f"worker tcp://a:1 has different versions: keras missing (here {ours['keras']}), numpy 1.0 "
        f"(here {ours['numpy']})",
        "worker tcp://b:1 does not have the package mnistcli",
        "worker tcp://c:1 does not answer: timed out",
    ]
    assert faults({"tcp://a:1": ours}, threads=4) == [
        "worker tcp://a:1 has 4 threads instead of one"
    ]
