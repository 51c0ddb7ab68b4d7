"""Checks of the machine: Python, directories, processors, text encoding and terminal."""

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from mnistcli.diagnosis.checks import FAILED, NOTE, OK, Check
from mnistcli.errors import MnistCliError, os_reason
from mnistcli.files.user_directories import CACHE_VARIABLE, CONFIG_VARIABLE, cache_dir, config_dir
from mnistcli.model_lookup import MODEL_VARIABLE, PRETRAINED, find_model
from mnistcli.system.processors import count_usable_processors

_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
# A download of MNIST takes 55 MB, a run with its models 10 MB.
_LOW_SPACE = 200e6


def check_python() -> Check:
    """Report the version of Python; pip has checked its bounds."""
    detail = f"{platform.python_version()} in {sys.prefix}, {platform.platform()}"
    return Check("Python", OK, detail)


def check_default_model() -> Check:
    """Check which model the commands use by default."""
    try:
        model = find_model()
    except MnistCliError as error:
        return Check("model", FAILED, error.message, f"unset {MODEL_VARIABLE}")
    if model.skipped:
        return Check("model", NOTE, model.description, f"export {MODEL_VARIABLE}={PRETRAINED}")
    return Check("model", OK, model.description)


def check_cache() -> Check:
    """Check that the cache for MNIST and converted models is writable."""
    return _check_directory("cache", cache_dir, f"export {CACHE_VARIABLE}=DIR", NOTE)


def check_config_dir() -> Check:
    """Check that the directory of the signing key is writable; without it, starts are slower."""
    return _check_directory("configuration", config_dir, f"export {CONFIG_VARIABLE}=DIR", NOTE)


def check_working_directory() -> Check:
    """Check that training can write its runs into the working directory."""
    fix = "mnistcli train --run-dir DIR"
    return _check_directory("working directory", Path.cwd, fix, NOTE)


def check_temporary_directory() -> Check:
    """Check that there is a temporary directory, through which models are loaded."""
    find = _find_temporary_directory
    return _check_directory("temporary files", find, "export TMPDIR=DIR", FAILED)


def check_processors() -> Check:
    """Check how many processors and threads TensorFlow uses."""
    usable = count_usable_processors()
    variables = [f"{name}={os.environ[name]}" for name in _THREAD_VARIABLES if name in os.environ]
    detail = ", ".join([f"{usable} of {os.cpu_count()}", *variables])
    limit = _read_cpu_limit()
    if limit is None or limit >= usable:
        return Check("processors", OK, detail)
    fix = f"export TF_NUM_INTRAOP_THREADS={max(1, round(limit))}"
    return Check("processors", NOTE, f"{detail}; the container is limited to {limit:g}", fix)


def check_bytecode() -> Check:
    """Check that Python keeps bytecode in `__pycache__`; else, each start compiles the package."""
    folder = Path(__file__).parents[1]
    compiled = Path(importlib.util.cache_from_source(str(folder / "__init__.py")))
    if compiled.exists():
        return Check("bytecode", OK, "compiled files of the package are kept")
    fix = f"{sys.executable} -m compileall -q {folder}"
    return Check("bytecode", NOTE, "none: each start compiles the package again", fix)


def check_encoding() -> Check:
    """Check that all file names can be printed."""
    encodings = {str(sys.stdout.encoding).lower(), sys.getfilesystemencoding().lower()}
    detail = " and ".join(sorted(encodings))
    if encodings == {"utf-8"}:
        return Check("text encoding", OK, detail)
    detail += ": other characters in names are escaped"
    return Check("text encoding", NOTE, detail, "export PYTHONUTF8=1")


def check_terminal() -> Check:
    """Check for a terminal, on which progress and colors are shown."""
    if not sys.stderr.isatty():
        return Check("terminal", OK, "none: lines instead of progress bars")
    size = shutil.get_terminal_size()
    colors = "no colors" if os.environ.get("NO_COLOR") else "colors"
    term = os.environ.get("TERM", "unknown")
    return Check("terminal", OK, f"{size.columns} x {size.lines}, {term}, {colors}")


HOST_CHECKS: tuple[Callable[[], Check], ...] = (
    check_default_model,
    check_cache,
    check_config_dir,
    check_temporary_directory,
    check_working_directory,
    check_processors,
    check_bytecode,
    check_encoding,
    check_terminal,
)
"""The checks that need no library, in the order in which they are shown."""


def _check_directory(name: str, find: Callable[[], Path], fix: str, failure_status: str) -> Check:
    """Check that a directory is writable, and its free disk space.

    Args:
        name: Name of the check.
        find: Returns the directory, which may not exist yet. It may raise OSError.
        fix: The command to type if it is not writable.
        failure_status: The status if it is not writable.
    """
    directory = None
    try:
        directory = find()
        # A file in the directory itself, or where it would be created.
        existing = next(path for path in (directory, *directory.parents) if path.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
        free = shutil.disk_usage(existing).free
    except OSError as error:
        location = "" if directory is None else f" to {directory}"
        return Check(
            name, failure_status, f"cannot write{location}: {os_reason(error, str(error))}", fix
        )
    space = f"{free / 1e9:,.1f} GB free"
    if free < _LOW_SPACE:
        return Check(name, NOTE, f"{directory} is almost full: {space}", fix)
    return Check(name, OK, f"{directory} is writable, {space}")


def _find_temporary_directory() -> Path:
    return Path(tempfile.gettempdir())


def _read_cpu_limit() -> float | None:
    """Return the CPU quota of a container, such as Docker's, in processors; None if not limited."""
    try:
        quota, period = _CPU_LIMIT.read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # not a container, or "max"
        return None
