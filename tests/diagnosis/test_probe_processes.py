"""Child processes of the probes: answers, errors, crashes and timeouts."""

import sys

import pytest

from mnistcli.diagnosis import probe_processes
from mnistcli.diagnosis.probe_processes import ProbeResult, run_probes


def run(monkeypatch: pytest.MonkeyPatch, code: str) -> ProbeResult:
    """Return the result of a probe that runs some code instead."""
    monkeypatch.setattr(probe_processes, "_command", lambda _: [sys.executable, "-ISc", code])
    with run_probes(["x"]) as started:
        return started.result("x")


def test_the_last_line_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; print('hello\\n{\"gpus\": []}'); sys.stderr.write('a\\nb\\n')"

    assert run(monkeypatch, code) == ({"gpus": []}, "", ["a", "b"])


def test_an_error_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "print('{\"error\": \"ImportError: x\"}')") == (
        {}, "ImportError: x", [],
    )  # fmt: skip


def test_a_crash_is_named_by_its_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, "import os; os.kill(os.getpid(), 4)")

    assert result.error == "the process was killed by SIGILL"


def test_the_error_of_a_process_without_an_answer_is_its_last_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run(monkeypatch, "import nothing_like_this").error == (
        "ModuleNotFoundError: No module named 'nothing_like_this'"
    )


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_processes, "_TIMEOUT", 0.05)
    monkeypatch.setattr(
        probe_processes,
        "_command",
        lambda _: [sys.executable, "-ISc", "import time; time.sleep(60)"],
    )

    with run_probes(["x"]) as started:
        result = started.result("x")
        process = started._processes["x"]

    assert result.error == "no answer within 0.05 seconds"
    assert process.returncode is not None


def test_the_real_command_finds_the_package() -> None:
    with run_probes(["no-such-probe"]) as started:
        assert started.result("no-such-probe").error == "KeyError: 'no-such-probe'"
