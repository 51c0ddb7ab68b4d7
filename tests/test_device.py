import os
import subprocess
import sys

import keras
import pytest

from mnistcli import device


def run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"
    }
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_keras_starts_without_a_word_and_stderr_works_meanwhile_and_afterwards() -> None:
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
        "logging.getLogger('tensorflow').warning('compiled anew')\n"
        "logging.getLogger('tensorflow').error('out of memory')\n"
    )

    assert (done.returncode, done.stdout) == (0, "")
    first, second, third = done.stderr.splitlines()
    assert (first, second) == ("meanwhile", "afterwards")
    assert third.endswith("out of memory")


def test_the_log_of_a_start_that_fails_is_shown() -> None:
    done = run(
        "import os, sys\n"
        "from mnistcli import device\n"
        "try:\n"
        "    with device.held_back_stderr():\n"
        "        os.write(2, b'cannot find the library\\n')\n"
        "        raise ImportError('broken')\n"
        "except ImportError:\n"
        "    print('caught', file=sys.stderr)\n"
    )

    assert done.stderr == "cannot find the library\ncaught\n"


@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_a_scope_to_compute_in(name: str) -> None:
    with device.select(name):
        assert float(keras.ops.sum(keras.ops.ones((2, 3)))) == 6


def test_the_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    scopes = []
    monkeypatch.setattr(device, "gpus", lambda: ["gpu:0"])
    monkeypatch.setattr(keras, "device", scopes.append)

    for name in ("auto", "gpu", "cpu"):
        device.select(name)

    assert scopes == ["gpu:0", "gpu:0", "cpu:0"]
    assert device.describe_environment("auto")["device"] == "gpu:0"


def test_the_environment_names_versions_and_command() -> None:
    environment = device.describe_environment("cpu")

    assert environment["device"] == "cpu:0"
    assert environment["packages"]["keras"] == keras.__version__
    assert "torch" not in environment["packages"] or environment["packages"]["torch"]
    assert environment["command"]
