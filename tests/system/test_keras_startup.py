"""Keras startup: no log messages, and the settings of a program that has imported Keras stay."""

import logging

from mnistcli.system.keras_startup import start_quietly
from tests.support.fresh_process import run_python


def test_keras_starts_without_log_messages_and_stderr_works_meanwhile_and_afterwards() -> None:
    done = run_python(
        "import sys, threading\n"
        "from mnistcli.system.keras_startup import start_quietly\n"
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
        start_quietly()
        assert log.level == logging.INFO
    finally:
        log.setLevel(before)
