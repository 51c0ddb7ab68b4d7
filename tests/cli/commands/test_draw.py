"""The `draw` command: what it prints, how it ends, and its errors."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mnistcli import extras
from mnistcli.cli.commands import draw
from mnistcli.system.signals import INTERRUPTED
from tests.support.command_line import fail, succeed

needs_extra = pytest.mark.skipif(
    importlib.util.find_spec("uvicorn") is None, reason="needs the extra draw"
)


@needs_extra
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_it_prints_the_address_and_ctrl_c_ends_it() -> None:
    # A background job of a shell ignores Ctrl-C, and so would its child.
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.argv = ['mnistcli', 'draw', 'pretrained', '--port', '0']\n"
        "from mnistcli.__main__ import main\n"
        "main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            _, messages = process.communicate(timeout=30)
        finally:
            process.kill()

    assert process.returncode == INTERRUPTED
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", url)
    model, *rest = messages.splitlines()
    assert model.startswith("model: pretrained")
    assert rest in (["interrupted"], ["press Ctrl-C to stop", "interrupted"])


@needs_extra
def test_a_port_in_use_is_an_error_with_a_free_one_in_the_hint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, lines = fail("draw", "pretrained", "--port", port)

    assert code == 1
    assert lines == [
        f"error: port {port} is in use",
        "hint: mnistcli draw pretrained --port 0",
    ]


@needs_extra
def test_corrections_must_be_a_folder() -> None:
    Path("mine").write_text("a file")

    code, lines = fail("draw", "pretrained", "--corrections", "mine")

    assert (code, lines[0]) == (1, "error: not a directory: 'mine'")


def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)

    assert fail("draw") == (
        1,
        [
            "error: the drawing page requires the packages starlette and uvicorn",
            "hint: pip install 'mnistcli[draw]'",
        ],
    )


@pytest.mark.parametrize(
    ("terminal", "display", "opens"), [(True, ":0", True), (True, "", False), (False, ":0", False)]
)
def test_the_browser_opens_only_on_a_terminal_with_a_display(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, display: str, opens: bool
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: terminal, raising=False)

    assert draw._has_display() is opens


def test_the_command_to_type_is_quoted() -> None:
    command = draw._training_command(Path("my digits"), "runs/a")

    assert command == "mnistcli train --dataset 'my digits' --from runs/a"


def test_a_page_is_exported_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)

    result = succeed("draw", "pretrained", "--export", "page.html")

    assert re.fullmatch(r"file       page\.html\nsize       1,6\d\d\.\d kB\n", result.stdout)
    assert Path("page.html").stat().st_size < 3_000_000
    assert fail("draw", "pretrained", "--export", "page.html") == (
        1,
        [
            "error: already exists: 'page.html'",
            "hint: mnistcli draw pretrained --export FILE.html",
        ],
    )


def test_a_page_needs_a_name_that_ends_in_html() -> None:
    assert fail("draw", "pretrained", "--export", "page") == (
        2,
        [
            "error: --export must be a file name that ends in .html, not 'page'",
            "hint: mnistcli draw pretrained --export page.html",
        ],
    )


def test_an_ensemble_is_not_exported() -> None:
    code, lines = fail("draw", "pretrained", "pretrained", "--export", "page.html")

    assert (code, lines[0]) == (1, "error: cannot export an ensemble")


def test_a_folder_that_does_not_exist_is_an_error_of_the_export() -> None:
    code, lines = fail("draw", "pretrained", "--export", "nowhere/page.html")

    assert (code, lines[0].split(":")[:2]) == (1, ["error", " cannot write 'nowhere/page.html'"])
