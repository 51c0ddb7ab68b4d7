"""Search space: settings (hyperparameters) of a sweep, linear or log-uniform, from ``--vary``."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mnistcli.config import SETTINGS, TrainConfig, find_setting
from mnistcli.config_validation import flag, metadata_of, validate, value_type
from mnistcli.errors import ConfigError
from mnistcli.recipes import resolve

EXAMPLE = "mnistcli sweep --vary learning_rate=1e-4..1e-2:log"
_RANGE = re.compile(r"(?P<low>[^:]+?)\.\.(?P<high>[^:]+?)(?P<log>:log)?")
_BOOLS = {"true": True, "on": True, "false": False, "off": False}
_MAX_COMBINATIONS = 256
# With different images for validation, or several models, accuracies cannot be compared.
_FIXED = {
    "recipe",
    "dataset",
    "base_model",
    "arch_sha256",
    "validation_split",
    "ensemble",
    "seed",
    "device",
}


class Suggester(Protocol):
    """The part of `optuna.Trial` that chooses values."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Choose one of the values."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> Any:
        """Choose a whole number; both bounds are inclusive."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> Any:
        """Choose a number."""


@dataclass(frozen=True)
class Variation:
    """The values that one setting can have in a sweep.

    Attributes:
        name: The name of the setting.
        choices: The values; empty for a range.
        low: The lowest value of a range.
        high: The highest value of a range, inclusive.
        log: Whether a range is searched on a log scale.
    """

    name: str
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False

    @property
    def ends(self) -> tuple[Any, ...]:
        """The choices, or the ends of the range."""
        return self.choices or (self.low, self.high)

    def suggest(self, trial: Suggester) -> Any:
        """Return a value that a trial chooses."""
        if self.choices:
            return trial.suggest_categorical(self.name, self.choices)
        if value_type(SETTINGS[self.name]) is int:
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def as_dict(self) -> dict[str, Any]:
        """Return the values as plain values for JSON."""
        if self.choices:
            return {"choices": list(self.choices)}
        return {"low": self.low, "high": self.high, "log": self.log}


@dataclass(frozen=True)
class SearchSpace:
    """The settings of a sweep: those that are fixed and those that vary.

    Attributes:
        recipe: The recipe; None for the default.
        settings: The fixed settings that differ from the recipe.
        variations: The settings that vary, at least one.
    """

    recipe: str | None
    settings: Mapping[str, Any]
    variations: tuple[Variation, ...]

    @classmethod
    def parse(
        cls, recipe: str | None, settings: Mapping[str, Any], texts: Sequence[str]
    ) -> "SearchSpace":
        """Parse the settings to vary, and check that each combination can be trained.

        Args:
            recipe: The recipe; None for the default.
            settings: The fixed settings; None for the recipe's.
            texts: Variations such as ``dropout=0..0.5`` or ``optimizer=adam,sgd``.

        Raises:
            ConfigError: A variation, a setting or a combination is invalid.
        """
        if not texts:
            raise ConfigError("no setting to vary", hint=EXAMPLE)
        given = {name: value for name, value in settings.items() if value is not None}
        variations = [parse_variation(text) for text in texts]
        names = [variation.name for variation in variations]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"--vary {name} is given twice", hint=EXAMPLE)
            if name in given:
                option = flag(SETTINGS[name])
                raise ConfigError(f"{option} cannot be combined with --vary {name}", hint=EXAMPLE)
        # The optimizer decides which other settings have an effect.
        variations.sort(key=lambda variation: variation.name != "optimizer")
        space = cls(recipe, given, tuple(variations))
        if space.base.validation_split == 0:
            raise ConfigError(
                "a sweep requires validation images, but --validation-split is 0",
                hint="--validation-split 0.1",
            )
        if space.base.ensemble > 1:
            raise ConfigError("a sweep trains single models, not an ensemble", hint="--ensemble 1")
        for params in space._corners():
            space.config(params)
        return space

    @property
    def base(self) -> TrainConfig:
        """The config of the fixed settings."""
        return resolve(self.recipe, **self.settings)

    def with_absolute_names(self, dataset_name: str) -> "SearchSpace":
        """Return the search space with names that are valid in any working directory.

        Args:
            dataset_name: The name of the loaded dataset.

        Raises:
            ModelError: The base model cannot be found.
            TrainingError: The base model is an ensemble.
        """
        from mnistcli.training.training import with_absolute_names  # noqa: PLC0415 - loads Keras

        config = with_absolute_names(replace(self.base, dataset=dataset_name))
        names = {
            name: getattr(config, name)
            for name in ("dataset", "base_model", "arch")
            if name == "dataset" or name in self.settings
        }
        return replace(self, settings={**self.settings, **names})

    def suggest(self, trial: Suggester) -> dict[str, Any]:
        """Return the values of a trial; conditional settings of other optimizers are omitted."""
        params: dict[str, Any] = {}
        for variation in self.variations:
            if self._is_used(variation.name, params):
                params[variation.name] = variation.suggest(trial)
        return params

    def config(self, params: Mapping[str, Any]) -> TrainConfig:
        """Return the config of a trial.

        Raises:
            ConfigError: The settings cannot be combined.
        """
        return resolve(self.recipe, **{**self.settings, **params})

    def as_dict(self) -> dict[str, Any]:
        """Return the search space as plain values for JSON."""
        vary = {variation.name: variation.as_dict() for variation in self.variations}
        return {"settings": self.base.as_dict(), "vary": vary}

    def _is_used(self, name: str, params: Mapping[str, Any]) -> bool:
        allowed = metadata_of(SETTINGS[name]).optimizers
        optimizer = params.get("optimizer", self.settings.get("optimizer", ""))
        # Without a choice of optimizers, `resolve` refuses a setting that has no effect.
        return not allowed or "optimizer" not in params or optimizer in allowed

    def _corners(self) -> Iterator[dict[str, Any]]:
        """Yield combinations of choices and of the ends of ranges."""
        names = [variation.name for variation in self.variations]
        combinations = itertools.product(*(variation.ends for variation in self.variations))
        for values in itertools.islice(combinations, _MAX_COMBINATIONS):
            params = dict(zip(names, values, strict=True))
            yield {name: value for name, value in params.items() if self._is_used(name, params)}


def parse_variation(text: str) -> Variation:
    """Parse a variation: ``NAME=A..B``, ``NAME=A..B:log`` or ``NAME=A,B,C``.

    Raises:
        ConfigError: The text has none of these forms, the setting is unknown or cannot vary, the
            range is empty, or a value is out of bounds.
    """
    name, equals, values = text.partition("=")
    name = _setting_name(name.strip())
    if not equals or not values.strip():
        raise ConfigError(
            f"--vary must be a range or choices, such as {name}=A..B or {name}=A,B, not {text!r}",
            hint=EXAMPLE,
        )
    match = _RANGE.fullmatch(values.strip())
    if match is not None and value_type(SETTINGS[name]) in {int, float}:
        low, high = _value(name, match["low"]), _value(name, match["high"])
        if low >= high:
            raise ConfigError(f"--vary {text} is an empty range", hint=EXAMPLE)
        if match["log"] and low <= 0:
            raise ConfigError(f"--vary {text}: a logarithmic range must be above 0", hint=EXAMPLE)
        return Variation(name, low=low, high=high, log=bool(match["log"]))
    choices = tuple(dict.fromkeys(_value(name, part) for part in values.split(",")))
    if len(choices) < 2:
        raise ConfigError(f"--vary {text} has only one value, so nothing varies", hint=EXAMPLE)
    return Variation(name, choices)


def _setting_name(name: str) -> str:
    """Return the name of a setting, given as such or as an option without its dashes."""
    for known, field in SETTINGS.items():
        names = {known, *(option.lstrip("-") for option in metadata_of(field).flags)}
        if name in names or name.replace("-", "_") == known:
            if known in _FIXED:
                raise ConfigError(
                    f"{known} cannot vary: the accuracies could not be compared", hint=EXAMPLE
                )
            return known
    try:
        find_setting(name.replace("-", "_"))
    except ConfigError as error:
        raise ConfigError(error.message, hint=EXAMPLE) from error
    raise AssertionError


def _value(name: str, text: str) -> Any:
    """Return one value of a setting, checked as every config is."""
    field, text = SETTINGS[name], text.strip()
    kind = value_type(field)
    try:
        value = _BOOLS[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError) as error:
        wanted = {bool: "true or false", int: "a whole number"}.get(kind, "a number")
        raise ConfigError(f"--vary {name} must be {wanted}, not {text!r}", hint=EXAMPLE) from error
    try:
        return validate(field, value)
    except ConfigError as error:
        raise ConfigError(f"--vary {name}: {error.message}", hint=EXAMPLE) from error
