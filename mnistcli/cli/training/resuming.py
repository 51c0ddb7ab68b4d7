"""Resuming an interrupted run: the settings of ``train --resume``, and the command to type."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mnistcli.cli.hints import quote_argument
from mnistcli.config import SETTINGS, TrainConfig, split_custom_architecture
from mnistcli.config_validation import flag
from mnistcli.errors import ConfigError, RunError, os_reason
from mnistcli.runs.directories import RUNS_DIR
from mnistcli.runs.run import Run


def find_resumable_run(path: Path) -> Run:
    """Return a run that can be resumed.

    Args:
        path: A run directory, or the name of a run under ``runs/``.

    Raises:
        RunError: The path is not a run directory, the run cannot be read, or the run is finished.
    """
    try:
        if len(path.parts) == 1 and not path.exists() and (RUNS_DIR / path).is_dir():
            path = RUNS_DIR / path
        run = Run(path)
        run.require_resumable()
    except OSError as error:
        raise RunError(f"cannot resume {str(path)!r}: {os_reason(error)}") from error
    return run


def resumed_config(run: Run, options: Mapping[str, object]) -> TrainConfig:
    """Return the config of a run that is resumed.

    Args:
        run: The run.
        options: The options of ``train``, keyed by parameter; None if not given.

    Raises:
        ConfigError: An option other than ``--epochs`` was given, or ``--arch`` is missing for a run
            with a custom architecture: the config of a stranger's run must not choose the code.
        RunError: The config of the run is missing or damaged.
    """
    config = run.read_config()
    arch = options.get("arch")
    is_custom = bool(split_custom_architecture(config.arch)[0])
    if is_custom and arch is None:
        raise ConfigError(
            "the run uses a custom architecture: name its file with --arch to execute it",
            hint=resume_command(run, None, config),
        )
    for name, value in options.items():
        if value is not None and name != "epochs" and not (is_custom and name == "arch"):
            option = flag(SETTINGS[name]) if name in SETTINGS else f"--{name.replace('_', '-')}"
            raise ConfigError(
                f"{option} cannot be combined with --resume: the run keeps its own settings",
                hint=f"mnistcli train --resume {quote_argument(str(run.path))}",
            )
    if is_custom:
        config = replace(config, arch=str(arch))
    epochs = options.get("epochs")
    return replace(config, epochs=epochs) if isinstance(epochs, int) else config


def resume_command(
    run: Run, data_dir: Path | None, config: TrainConfig, *, tensorboard: bool = False
) -> str:
    """Return the command that resumes a run.

    Args:
        run: The run.
        data_dir: The option ``--data-dir`` of the training.
        config: The config of the run.
        tensorboard: The option ``--tensorboard``.
    """
    command = f"mnistcli train --resume {quote_argument(str(run.path))}"
    if split_custom_architecture(config.arch)[0]:
        command += f" --arch {quote_argument(config.arch)}"
    if tensorboard:
        command += " --tensorboard"
    return command if data_dir is None else f"{command} --data-dir {quote_argument(str(data_dir))}"
