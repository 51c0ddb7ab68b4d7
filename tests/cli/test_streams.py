"""Output streams: what goes where; names with an escape sequence cannot control the terminal."""

from pathlib import Path

import pytest

from mnistcli.cli import streams

ODD = "a[/red]\x1b[31m:smile:\n"


@pytest.fixture(autouse=True)
def _default_verbosity() -> None:
    streams.set_verbosity()


def test_results_go_to_stdout_and_all_else_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    streams.print_line("result")
    streams.print_paths(Path("a.png"), Path("b c.png"))
    streams.print_note("note")
    streams.print_model("m (classic)")
    streams.print_progress_line("epoch 1/1")
    streams.print_error("failed  on\ntwo lines", "mnistcli train")

    captured = capsys.readouterr()
    assert captured.out == "result\na.png\nb c.png\n"
    assert captured.err == (
        "note\nmodel: m (classic)\nepoch 1/1\n"
        "error: failed on two lines\nhint: mnistcli train\n"
    )  # fmt: skip


def test_quiet_leaves_results_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    streams.set_verbosity(quiet=True)

    streams.print_note("note")
    streams.print_model("m")
    streams.print_progress_line("epoch 1/1")
    streams.print_figure(Path("a.png"), as_json=True)
    streams.print_line("result")
    streams.print_error("failed")

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("result\n", "error: failed\n")


def test_json_is_readable_and_on_one_line_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    streams.print_json({"name": "é", "n": 1})
    streams.print_json({"name": "é", "n": 1}, indent=None)

    assert capsys.readouterr().out == '{\n  "name": "é",\n  "n": 1\n}\n{"name": "é", "n": 1}\n'


def test_names_cannot_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    streams.print_note(f"note {ODD}")
    streams.print_model(ODD)
    streams.print_error(f"no such file: {ODD!r}", f"mnistcli {ODD}")
    streams.print_error(f"raw {ODD}!")
    streams.print_paths(Path(ODD))

    captured = capsys.readouterr()
    escaped = r"a[/red]\x1b[31m:smile:\n"
    assert captured.err.splitlines() == [
        f"note {escaped}",
        f"model: {escaped}",
        f"error: no such file: '{escaped}'",
        f"hint: mnistcli {escaped}",
        r"error: raw a[/red]\x1b[31m:smile: !",
    ]
    assert captured.out == f"'{escaped}'\n"


def test_a_long_line_is_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    streams.print_error("x" * 300, "y" * 300)

    assert capsys.readouterr().err == f"error: {'x' * 300}\nhint: {'y' * 300}\n"


def test_nothing_is_animated_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert not streams.is_animated()
