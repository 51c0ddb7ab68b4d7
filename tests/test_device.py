"""Device selection, and a start of Keras without log messages."""

import logging
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import keras
import pytest

from mnistcli import device
from mnistcli.errors import DeviceError


def run(code: str, *, redirection: str = "") -> subprocess.CompletedProcess[str]:
    """Run Python code in a fresh process, with a shell redirection such as ``2>&-``."""
    environment = {
        name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"
    }
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {redirection}', sys.executable, code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_keras_starts_without_log_messages_and_stderr_works_meanwhile_and_afterwards() -> None:
    done = run(
        "import sys, threading\n"
        "from mnistcli.device import start_quietly\n"
        "beside = threading.Timer(0.5, lambda: print('meanwhile', file=sys.stderr, flush=True))\n"
        "beside.start()\n"
        "start_quietly()\n"
        "beside.join()\n"
        "print('afterwards', file=sys.stderr)\n"
        "import keras\n"
        "keras.ops.ones((2, 2))\n"
        "import logging\n"
        "logging.getLogger('tensorflow').warning('retracing')\n"
        "logging.getLogger('tensorflow').error('out of memory')\n"
    )

    assert (done.returncode, done.stdout) == (0, "")
    first, second, third = done.stderr.splitlines()
    assert (first, second) == ("meanwhile", "afterwards")
    assert third.endswith("out of memory")


def test_a_program_that_has_imported_keras_keeps_its_log_level() -> None:
    """Keras has already been imported here."""
    log = logging.getLogger("tensorflow")
    before = log.level
    log.setLevel(logging.INFO)
    try:
        device.start_quietly()
        assert log.level == logging.INFO
    finally:
        log.setLevel(before)


def hold_back_and_raise(error: str) -> str:
    return (
        "import os, sys\n"
        "from mnistcli import device\n"
        "try:\n"
        "    with device.hold_back_stderr():\n"
        "        os.write(2, b'cannot find the library\\n')\n"
        f"        raise {error}\n"
        "except BaseException:\n"
        "    print('caught', file=sys.stderr)\n"
    )


def test_the_log_of_a_start_that_fails_is_shown() -> None:
    done = run(hold_back_and_raise("ImportError('broken')"))

    assert done.stderr == "cannot find the library\ncaught\n"


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit(1)"])
def test_an_interrupt_does_not_show_the_log(error: str) -> None:
    assert run(hold_back_and_raise(error)).stderr == "caught\n"


def test_a_log_that_starts_while_stderr_is_held_back_goes_on_afterwards() -> None:
    """A program that saved a model after a prediction saw "Logging error" with a traceback."""
    done = run(
        "import logging\n"
        "from mnistcli import device\n"
        "with device.hold_back_stderr():\n"
        "    logging.warning('first')\n"
        "logging.warning('second')\n"
    )

    assert done.stderr.splitlines()[-1] == "WARNING:root:second"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/null"])
def test_nothing_fails_without_stderr(redirection: str) -> None:
    done = run(
        "from mnistcli import device\nwith device.hold_back_stderr():\n    print('computed')\n",
        redirection=redirection,
    )

    assert (done.returncode, done.stdout) == (0, "computed\n")


def test_nothing_fails_after_a_program_has_closed_stderr() -> None:
    done = run(
        "import os\n"
        "from mnistcli import device\n"
        "os.close(2)\n"
        "with device.hold_back_stderr():\n"
        "    print('computed')\n"
    )

    assert (done.returncode, done.stdout) == (0, "computed\n")


def test_nothing_fails_without_a_temporary_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)

    with device.hold_back_stderr():
        computed = True
    assert computed


def test_threads_do_not_lose_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """A redirection that begins in another one and outlasts it would restore the wrong file."""
    entered = threading.Event()

    def outer() -> None:
        with device.hold_back_stderr():
            entered.set()
            inner.join(0.1)

    def begin_later() -> None:
        entered.wait(5)
        with device.hold_back_stderr():
            first.join(5)

    first, inner = threading.Thread(target=outer), threading.Thread(target=begin_later)
    inner.start()
    first.start()
    first.join()
    inner.join()
    os.write(2, b"shown\n")

    assert capfd.readouterr().err == "shown\n"


@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_keras_computes_in_the_scope_of_a_device(name: str) -> None:
    with device.select(name):
        assert float(keras.ops.sum(keras.ops.ones((2, 3)))) == 6


def test_auto_selects_a_gpu_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    scopes: list[str] = []
    monkeypatch.setattr(device, "gpus", lambda: ["gpu:0", "gpu:1"])
    monkeypatch.setattr(keras, "device", scopes.append)

    for name in ("auto", "gpu", "all", "cpu"):
        device.select(name)

    assert scopes == ["gpu:0", "gpu:0", "gpu:0", "cpu:0"]


def test_all_means_all_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "gpus", lambda: ["gpu:0", "gpu:1"])

    assert device.find_devices("all") == ["gpu:0", "gpu:1"]
    assert device.find_devices("auto") == device.find_devices("gpu") == ["gpu:0"]


def test_without_a_gpu_auto_means_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "gpus", list)

    assert device.find_devices("auto") == ["cpu:0"]


@pytest.mark.parametrize("name", ["gpu", "all"])
def test_a_missing_gpu_is_an_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "gpus", list)

    with pytest.raises(DeviceError) as caught:
        device.select(name)

    assert caught.value.message == "no GPU found; for NVIDIA: pip install 'mnistcli[gpu]'"
    assert caught.value.hint == "--device cpu"


def test_gpus_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: [f"{kind}:0"])

    assert device.gpus() == ["gpu:0"]


def test_the_redirection_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with device.hold_back_stderr():
        pass

    assert list(tmp_path.iterdir()) == []
