"""A fresh Python process, with a redirection of its streams."""

import os
import subprocess
import sys


def run_python(code: str, *, redirection: str = "") -> subprocess.CompletedProcess[str]:
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
