"""Quiet import of Matplotlib with a read-only home directory, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path


def import_in_new_process(code: str) -> subprocess.CompletedProcess[str]:
    """Run code where Matplotlib cannot create its cache directory."""
    Path("file").touch()
    environment = os.environ | {"MPLCONFIGDIR": str(Path("file/cache").resolve())}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def test_a_read_only_home_directory_gives_no_warning() -> None:
    assert "MPLCONFIGDIR" in import_in_new_process("import matplotlib").stderr

    done = import_in_new_process(
        "from mnistcli.plotting.quiet_import import import_matplotlib\n"
        "import_matplotlib()\n"
        "from mnistcli.plotting.style import text_width\n"
        "assert text_width('text', 11) > 0\n"
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_other_warnings_of_matplotlib_are_logged() -> None:
    done = import_in_new_process(
        "from mnistcli.plotting.quiet_import import import_matplotlib\n"
        "import_matplotlib()\n"
        "import logging\n"
        "logging.getLogger('matplotlib').warning('another warning')\n"
    )

    assert done.stderr == "another warning\n"
