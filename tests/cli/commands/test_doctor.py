"""The `doctor` command: text, exit code, and a JSON report without secrets of the environment."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from mnistcli.diagnosis import report
from mnistcli.diagnosis.probe_processes import ProbeProcesses, ProbeResult
from mnistcli.diagnosis.report import diagnose
from tests.support.command_line import invoke, succeed

FOUND: dict[str, dict[str, Any]] = {
    "tensorflow": {"tensorflow": "2.21.0", "keras": "3.15.1", "seconds": 5.0, "gpus": [], "cuda": False},
    "litert": {"seconds": 0.3},
    "mnist": {"path": None},
}  # fmt: skip


class FakeChildren(ProbeProcesses):
    """Probes that have found what is given, or nothing."""

    def __init__(self, broken: Sequence[str]) -> None:
        self._broken = broken

    def result(self, name: str) -> ProbeResult:
        if name in self._broken:
            return ProbeResult({}, f"ModuleNotFoundError: No module named {name!r}", [])
        return ProbeResult(dict(FOUND[name]), "", [])


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The probes that fail; none until a test adds some."""
    names: list[str] = []

    @contextmanager
    def start(_: Sequence[str]) -> Iterator[ProbeProcesses]:
        yield FakeChildren(names)

    monkeypatch.setattr(report, "run_probes", start)
    monkeypatch.setattr(report, "read_requirements", list)
    return names


def test_without_a_failed_check_the_last_line_says_that_all_works(broken: list[str]) -> None:
    result = succeed("doctor")

    lines = result.stdout.splitlines()
    assert lines[0].startswith("ok      Python             3.")
    assert "ok      TensorFlow         2.21.0 with Keras 3.15.1, starts in 5.0 s" in lines
    note = lines.index(next(line for line in lines if line.startswith("note    MNIST  ")))
    assert lines[note + 1] == "        fix: mnistcli train --recipe fast"
    assert lines[-1] == "everything required works"
    assert result.stderr == ""


def test_the_exit_code_says_that_something_required_is_broken(broken: list[str]) -> None:
    broken += ["tensorflow", "litert"]

    result = invoke("doctor")

    assert result.exit_code == 1
    assert "failed  TensorFlow         ModuleNotFoundError: No module named 'tensorflow'" in (
        result.stdout.splitlines()
    )
    assert result.stdout.endswith("\nfailed checks: 2\n")


def test_json_has_checks_versions_and_no_foreign_variables(
    broken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_password", "secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    printed = json.loads(succeed("doctor", "--json").stdout)

    assert printed["works"] is True
    (tensorflow,) = [check for check in printed["checks"] if check["name"] == "TensorFlow"]
    assert tensorflow["status"] == "ok"
    assert printed["versions"]["mnistcli"]
    assert printed["variables"]["OMP_NUM_THREADS"] == "1"
    assert "secret" not in json.dumps(printed)


def test_a_check_that_fails_itself_does_not_stop_the_others(
    broken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_model() -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr(report, "HOST_CHECKS", (check_model,))

    diagnosis = diagnose()

    assert diagnosis.checks[-1].as_dict() == {
        "name": "model", "status": "failed", "detail": "RuntimeError: bug", "fix": None,
    }  # fmt: skip
