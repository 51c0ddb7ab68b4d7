"""Fields of `TrainConfig`: the metadata of a setting, and the validation of its value.

The limits themselves are declared in `mnistcli.config`.
"""

import dataclasses
import math
import os
import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass
from numbers import Integral, Real
from typing import Any, get_args

from mnistcli.errors import ConfigError
from mnistcli.suggestions import find_similar

_TYPE_NAMES: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
}


@dataclass(frozen=True, kw_only=True)
class SettingMetadata:
    """Metadata of a setting: help text, choices and bounds.

    Attributes:
        help_text: One or two sentences; ``{choices}`` is replaced by the choices. The command line
            adds bounds and default.
        choices: The valid values, if there is a fixed list of them.
        pattern: Regular expression of values that are valid besides the choices.
        at_least: Inclusive lower bound.
        above: Exclusive lower bound.
        at_most: Inclusive upper bound.
        below: Exclusive upper bound.
        flags: Names of the command-line option. Defaults to the name of the field.
        metavar: Placeholder for the value in the help text.
        default_text: Description of the default. Defaults to the value itself.
        example: A valid value for hints. Defaults to the default.
        optimizers: The optimizers that use the setting. Defaults to all.
        new_model_only: Whether the setting describes a new model, so that it has no effect on
            fine-tuning.
        recorded: Whether training records the value, so that no option sets it.
    """

    help_text: str
    choices: Sequence[str] = ()
    pattern: str | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    default_text: str | None = None
    example: object = None
    optimizers: tuple[str, ...] = ()
    new_model_only: bool = False
    recorded: bool = False

    @property
    def bounds(self) -> str:
        """The bounds as text, such as ``at least 0 and below 1``; empty if there are none."""
        bounds = {
            "at least": self.at_least,
            "above": self.above,
            "at most": self.at_most,
            "below": self.below,
        }
        given = {word: bound for word, bound in bounds.items() if bound is not None}
        return " and ".join(f"{word} {bound}" for word, bound in given.items())

    def must_be_choice(self, value: str) -> bool:
        """Return whether a value must be a choice, because it does not match the pattern."""
        return bool(self.choices) and not (self.pattern and re.fullmatch(self.pattern, value))

    def allows(self, value: float) -> bool:
        """Return whether a number is finite and within the bounds."""
        return (
            math.isfinite(value)
            and (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


def setting_field(default: Any, help_text: str, /, **metadata: Any) -> Any:
    """Declare a dataclass field as a setting, with everything known about it in one place.

    Args:
        default: The default value.
        help_text: The help text.
        metadata: Other attributes of `SettingMetadata`.
    """
    declared = SettingMetadata(help_text=help_text, **metadata)
    return dataclasses.field(default=default, metadata={"setting": declared})


def metadata_of(field: Field[Any]) -> SettingMetadata:
    """Return the metadata of a dataclass field that was declared with `setting_field`."""
    found: SettingMetadata = field.metadata["setting"]
    return found


def value_type(field: Field[Any]) -> type:
    """Return the type of a setting's value: int, float, bool or str, without the None."""
    types = [kind for kind in get_args(field.type) or (field.type,) if kind is not type(None)]
    kind: type = types[0]
    return kind


def flag(field: Field[Any]) -> str:
    """Return the long command-line option of a setting, such as ``--batch-size``."""
    return next(iter(metadata_of(field).flags), f"--{field.name.replace('_', '-')}")


def validate(field: Field[Any], value: object) -> object:
    """Check the type, choices and bounds of a setting's value.

    Args:
        field: The field, declared with `setting_field`.
        value: The value; an integer is accepted for a float, a choice in any case.

    Returns:
        The value as the field's own type, and a choice in its own spelling.

    Raises:
        ConfigError: The value is invalid.
    """
    if value is None and type(None) in get_args(field.type):
        return None
    metadata = metadata_of(field)
    converted = _convert(value, value_type(field))
    if converted is None:
        raise _invalid_value_error(field, _TYPE_NAMES[value_type(field)], value)
    if isinstance(converted, str) and metadata.must_be_choice(converted):
        return require_choice(field.name, converted, metadata.choices)
    if converted == "":
        raise ConfigError(f"{flag(field)} must not be empty", hint=_hint(field))
    if isinstance(converted, float) and not math.isfinite(converted):
        raise _invalid_value_error(field, "a finite number", value)
    if isinstance(converted, int | float) and not metadata.allows(converted):
        raise _invalid_value_error(field, metadata.bounds, value)
    return converted


def require_choice(name: str, value: str, choices: Sequence[str]) -> str:
    """Check that a value is one of the choices, case-insensitively.

    Args:
        name: The name of the option without dashes, such as ``optimizer``.
        value: The value.
        choices: The valid values, in lower case.

    Returns:
        The choice in its own spelling.

    Raises:
        ConfigError: The value is not one of the choices; a similar one is suggested.
    """
    if value.lower() in choices:
        return value.lower()
    similar = find_similar(value, choices)
    if similar:
        message = f"unknown {name} {value!r}; did you mean {similar!r}?"
    else:
        message = f"unknown {name} {value!r}: choose from {', '.join(choices)}"
    raise ConfigError(message, hint=f"--{name.replace('_', '-')} {similar or choices[0]}")


def _convert(value: object, kind: type) -> object:
    """Return the value as an int, float, bool or str; None if it is of another type."""
    if isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    if kind in {bool, str}:
        return value if isinstance(value, kind) else None
    if isinstance(value, bool):  # a bool is an int for Python, but not for a setting
        return None
    if kind is int:
        return int(value) if isinstance(value, Integral) else None
    return _to_float(value) if isinstance(value, Real) else None


def _to_float(value: Real) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of more than 308 digits
        return math.inf


def _invalid_value_error(field: Field[Any], expected: str, value: object) -> ConfigError:
    # `reprlib` shortens what a damaged file may contain: long or deeply nested values.
    return ConfigError(
        f"{flag(field)} must be {expected}, not {reprlib.repr(value)}", hint=_hint(field)
    )


def _hint(field: Field[Any]) -> str | None:
    example = metadata_of(field).example
    value = field.default if example is None else example
    if isinstance(value, bool):
        return flag(field)
    return None if value is None else f"{flag(field)} {value}"
