"""Resuming: the run and the settings of ``train --resume``, and the command to type."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mnistcli.cli.hints import quote_argument
from mnistcli.config import SETTINGS, TrainConfig
from mnistcli.errors import ConfigError, RunError
from mnistcli.runs import RUNS_DIR, Run
from mnistcli.settings import flag


def find_run(path: Path) -> Run:
    """Return a run that can be resumed.

    Args:
        path: A run directory, or the name of a run under ``runs/``.

    Raises:
        RunError: It is not a run directory, cannot be read, or the run is finished.
    """
    try:
        if len(path.parts) == 1 and not path.exists() and (RUNS_DIR / path).is_dir():
            path = RUNS_DIR / path
        run = Run(path)
        run.require_resumable()
    except OSError as error:
        raise RunError(f"cannot resume {str(path)!r}: {error.strerror}") from error
    return run


def resumed_config(run: Run, options: Mapping[str, object]) -> TrainConfig:
    """Return the config of a run that is resumed.

    Args:
        run: The run.
        options: The options of ``train`` by the names of their parameters; None if not given.

    Raises:
        ConfigError: An option other than ``--epochs`` was given.
        RunError: The config of the run is missing or damaged.
    """
    for name, value in options.items():
        if value is not None and name != "epochs":
            option = flag(SETTINGS[name]) if name in SETTINGS else f"--{name.replace('_', '-')}"
            raise ConfigError(
                f"{option} cannot be combined with --resume: the run keeps its own settings",
                hint=f"mnistcli train --resume {quote_argument(str(run.path))}",
            )
    config = run.read_config()
    epochs = options.get("epochs")
    return replace(config, epochs=epochs) if isinstance(epochs, int) else config


def resume_command(run: Run, data_dir: Path | None) -> str:
    """Return the command that resumes a run.

    Args:
        run: The run.
        data_dir: The option ``--data-dir`` of the training.
    """
    command = f"mnistcli train --resume {quote_argument(str(run.path))}"
    return command if data_dir is None else f"{command} --data-dir {quote_argument(str(data_dir))}"
