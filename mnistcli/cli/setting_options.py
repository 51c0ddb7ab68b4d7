"""Command-line options of the settings (hyperparameters), one for each field of `TrainConfig`."""

import inspect
from collections.abc import Callable
from dataclasses import Field
from typing import Annotated, Any

import typer

from mnistcli.cli.hints import quote_argument
from mnistcli.config import SETTINGS
from mnistcli.config_validation import flag, metadata_of, value_type

_PANEL = "Settings (override the recipe; defaults of classic)"
_METAVARS = {int: "N", float: "X", str: "NAME"}


def with_setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting.

    Typer reads the options from the signature, by introspection. Parameters that the command
    declares itself stay as they are; the other fields of the dataclass are appended as flags and
    reach the command as keyword arguments.

    Args:
        command: A function with the parameter ``**settings``.
    """
    signature = inspect.signature(command)
    declared_by_command = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[value_type(field) | None, setting_option(field)],
        )
        for name, field in SETTINGS.items()
        if name not in signature.parameters and not metadata_of(field).recorded
    ]
    parameters = [*declared_by_command, *added]
    # `setattr` because a function type has no such attribute; Typer reads both.
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    setattr(command, "__signature__", signature.replace(parameters=parameters))  # noqa: B010 - see above
    return command


def setting_option(field: Field[Any], *, panel: str | None = _PANEL) -> Any:
    """Return the option of a setting, with help, choices, bounds and default of its field.

    Args:
        field: The field of `TrainConfig`.
        panel: Title of the help panel. None for the main panel.
    """
    metadata = metadata_of(field)
    kind = value_type(field)
    long, *short = metadata.flags or (flag(field),)
    names = [f"{long}/--no-{long.removeprefix('--')}"] if kind is bool else [long, *short]
    choices = list(metadata.choices)
    return typer.Option(
        *names,
        metavar=None if kind is bool else metadata.metavar or _METAVARS[kind],
        help=_help(field),
        autocompletion=(lambda: choices) if choices else None,
        rich_help_panel=panel,
    )


def option_text(name: str, value: object) -> str:
    """Return a setting as the option that sets it, such as ``--epochs 20``."""
    option = flag(SETTINGS[name])
    if isinstance(value, bool):
        return option if value else f"--no-{option.removeprefix('--')}"
    return f"{option} {quote_argument(value_text(value))}"


def value_text(value: object) -> str:
    """Return the value of a setting as text; ``-`` for none."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _help(field: Field[Any]) -> str:
    metadata = metadata_of(field)
    text = metadata.help_text.replace("{choices}", ", ".join(metadata.choices))
    if metadata.below is not None or metadata.at_most is not None:
        text += f" {metadata.bounds.capitalize()}."
    return f"{text} Default: {_default(field)}."


def _default(field: Field[Any]) -> str:
    text = metadata_of(field).default_text
    if text is not None:
        return text
    if isinstance(field.default, bool):
        return "on" if field.default else "off"
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
