"""The option ``--config`` of `train`: settings in a config file, in JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnistcli.cli.hints import quote_argument
from mnistcli.config import TrainConfig, split_custom_architecture
from mnistcli.errors import ConfigError
from mnistcli.recipes import override, resolve
from mnistcli.runs.run import read_config_file


def resolve_with_file(
    file: Path | None, recipe: str | None, settings: Mapping[str, Any]
) -> TrainConfig:
    """Return the config of a file or of a recipe, with some settings replaced.

    Args:
        file: A file such as ``best.json``; None for the recipe.
        recipe: The name of a recipe; None for the default.
        settings: The settings to replace; None keeps a value.

    Raises:
        ConfigError: A setting is invalid, there is a recipe as well as a file, or the file names a
            custom architecture: the file of a stranger must not execute arbitrary code.
        RunError: The file is missing or damaged.
    """
    if file is None:
        return resolve(recipe, **settings)
    if recipe is not None:
        raise ConfigError(
            "--recipe cannot be combined with --config, which contains all settings",
            hint=f"mnistcli train --config {quote_argument(str(file))}",
        )
    base = read_config_file(file)
    if split_custom_architecture(base.arch)[0] and settings.get("arch") is None:
        raise ConfigError(
            f"{str(file)!r} uses a custom architecture: name its file with --arch to execute it",
            hint=f"--arch {quote_argument(base.arch)}",
        )
    return override(base, settings)
