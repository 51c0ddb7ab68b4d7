"""Checks of the options of `sweep`, such as its wall-clock limit, and its directory."""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mnistcli.config import TrainConfig
from mnistcli.errors import OTHER_RUN_DIR, ConfigError, SweepError, os_reason
from mnistcli.files.locks import try_lock
from mnistcli.runs.directories import RUNS_DIR, create_unique_directory
from mnistcli.runs.run import Run


def check_options(storage: str | None, study: str | None, hours: float | None) -> None:
    """Check the options ``--storage``, ``--study`` and ``--hours``.

    Raises:
        ConfigError: There is no storage for the study, or the time is not positive.
    """
    if study is not None and storage is None:
        raise ConfigError(
            "--study requires --storage", hint="--storage postgresql+psycopg://user@host/database"
        )
    if study is not None and not study.strip():
        raise ConfigError("--study must not be empty", hint="--study NAME")
    if hours is not None and not (math.isfinite(hours) and hours > 0):
        raise ConfigError(f"--hours must be above 0, not {hours:g}", hint="--hours 2")


@contextmanager
def create_directory(config: TrainConfig, path: Path | None) -> Iterator[Path]:
    """Create the directory of a sweep, unless it exists, and lock it against other callers.

    Args:
        config: The config of the fixed settings.
        path: The directory; None for a new one under ``runs/``.

    Yields:
        The directory, which is removed at the end if it is empty.

    Raises:
        SweepError: The directory cannot be created, another caller uses it, or it belongs to a run.
    """
    with ExitStack() as cleanup:
        try:
            directory = create_unique_directory(f"{config.recipe}_sweep") if path is None else path
            directory.mkdir(parents=True, exist_ok=True)
            cleanup.callback(_remove_if_empty, directory)
            is_run = Run(directory).has_config
            has_lock = cleanup.enter_context(try_lock(directory))
        except OSError as error:
            name = str(path or RUNS_DIR)
            raise SweepError(
                f"cannot write to {name!r}: {os_reason(error)}", hint=OTHER_RUN_DIR
            ) from error
        if is_run:
            raise SweepError(f"{str(directory)!r} is a run directory", hint=OTHER_RUN_DIR)
        if not has_lock:
            raise SweepError(f"another sweep is running in {str(directory)!r}", hint=OTHER_RUN_DIR)
        yield directory


def _remove_if_empty(directory: Path) -> None:
    with suppress(OSError):  # not empty
        directory.rmdir()
