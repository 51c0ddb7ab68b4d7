"""Stderr capture: shown after a failure, discarded otherwise; nothing fails without stderr."""

import os
import tempfile
import threading
from pathlib import Path

import pytest

from mnistcli.system.stderr_capture import hold_back_stderr
from tests.support.fresh_process import run_python


def hold_back_and_raise(error: str) -> str:
    return (
        "import os, sys\n"
        "from mnistcli.system.stderr_capture import hold_back_stderr\n"
        "try:\n"
        "    with hold_back_stderr():\n"
        "        os.write(2, b'cannot find the library\\n')\n"
        f"        raise {error}\n"
        "except BaseException:\n"
        "    print('caught', file=sys.stderr)\n"
    )


def test_the_log_of_a_start_that_fails_is_shown() -> None:
    done = run_python(hold_back_and_raise("ImportError('broken')"))

    assert done.stderr == "cannot find the library\ncaught\n"


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit(1)"])
def test_an_interrupt_does_not_show_the_log(error: str) -> None:
    assert run_python(hold_back_and_raise(error)).stderr == "caught\n"


def test_a_log_that_starts_while_stderr_is_held_back_goes_on_afterwards() -> None:
    """A program that saved a model after a prediction saw "Logging error" with a traceback."""
    done = run_python(
        "import logging\n"
        "from mnistcli.system.stderr_capture import hold_back_stderr\n"
        "with hold_back_stderr():\n"
        "    logging.warning('first')\n"
        "logging.warning('second')\n"
    )

    assert done.stderr.splitlines()[-1] == "WARNING:root:second"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/null"])
def test_nothing_fails_without_stderr(redirection: str) -> None:
    done = run_python(
        "from mnistcli.system.stderr_capture import hold_back_stderr\nwith hold_back_stderr():\n    print('computed')\n",
        redirection=redirection,
    )

    assert (done.returncode, done.stdout) == (0, "computed\n")


def test_nothing_fails_after_a_program_has_closed_stderr() -> None:
    done = run_python(
        "import os\n"
        "from mnistcli.system.stderr_capture import hold_back_stderr\n"
        "os.close(2)\n"
        "with hold_back_stderr():\n"
        "    print('computed')\n"
    )

    assert (done.returncode, done.stdout) == (0, "computed\n")


def test_nothing_fails_without_a_temporary_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)

    with hold_back_stderr():
        computed = True
    assert computed


def test_threads_do_not_lose_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """A redirection that begins in another one and outlasts it would restore the wrong file."""
    entered = threading.Event()

    def outer() -> None:
        with hold_back_stderr():
            entered.set()
            inner.join(0.1)

    def begin_later() -> None:
        entered.wait(5)
        with hold_back_stderr():
            first.join(5)

    first, inner = threading.Thread(target=outer), threading.Thread(target=begin_later)
    inner.start()
    first.start()
    first.join()
    inner.join()
    os.write(2, b"shown\n")

    assert capfd.readouterr().err == "shown\n"


def test_the_redirection_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with hold_back_stderr():
        pass

    assert list(tmp_path.iterdir()) == []
