"""Recipes (presets): named, complete training configurations with their measured accuracy.

`resolve` applies settings to a recipe and refuses those without effect, such as weight decay with
SGD. `tune` is the recipe for fine-tuning (transfer learning).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from mnistcli.config import (
    OPTIMIZERS,
    SETTINGS,
    TrainConfig,
    find_setting,
    split_custom_architecture,
)
from mnistcli.config_validation import flag, metadata_of, require_choice, validate
from mnistcli.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A named training configuration.

    Attributes:
        config: All settings.
        summary: The architecture and the training in one line.
        test_accuracy: Accuracy on the MNIST test set, mean and standard deviation over the seeds of
            ``.github/RESULTS.md``; empty if it was not measured.
        duration: Wall time of the training on two CPU cores.
    """

    config: TrainConfig
    summary: str
    test_accuracy: str = ""
    duration: str

    @property
    def changes(self) -> dict[str, Any]:
        """The settings that differ from the defaults of `TrainConfig`, keyed by name."""
        values = self.config.as_dict()
        del values["recipe"]
        return {name: value for name, value in values.items() if value != SETTINGS[name].default}

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values for JSON."""
        return {
            "recipe": self.config.recipe,
            "summary": self.summary,
            "test_accuracy": self.test_accuracy or None,
            "duration": self.duration,
            "settings": {
                name: self.config.as_dict()[name] for name in SETTINGS if name != "recipe"
            },
        }


_ACCURATE = TrainConfig(
    recipe="accurate",
    arch="accurate",
    optimizer="adamw",
    learning_rate=0.01,
    schedule="one-cycle",
    beta_1=0.8,
    beta_2=0.95,
    weight_decay=0.02,
    label_smoothing=0.05,
    epochs=36,
    dropout=0.1,
    # Only the temperature is fitted on these images; all others are worth more for training.
    validation_split=0.05,
    augment=True,
)

_RECIPES = (
    Recipe(
        config=TrainConfig(
            recipe="fast",
            arch="fast",
            learning_rate=0.01,
            schedule="one-cycle",
            beta_1=0.7,
            beta_2=0.9,
            label_smoothing=0.05,
            epochs=1,
            batch_size=256,
            dropout=0.0,
            validation_split=0.0,  # with one epoch there is nothing to choose
        ),
        summary="2 convolutions, 1 epoch",
        test_accuracy="99.11 ± 0.06 %",
        duration="3 to 9 s",
    ),
    Recipe(
        config=TrainConfig(
            recipe="sgd",
            arch="simple",
            optimizer="sgd",
            learning_rate=OPTIMIZERS["sgd"],
            dropout=0.0,
        ),
        summary="2 convolutions, SGD, 10 epochs",
        test_accuracy="98.83 ± 0.03 %",
        duration="2 min",
    ),
    Recipe(
        config=TrainConfig(),
        summary="2 convolutions, Adam, 10 epochs (default)",
        test_accuracy="99.20 ± 0.01 %",
        duration="2 to 3 min",
    ),
    Recipe(
        config=TrainConfig(
            recipe="deep",
            arch="deep",
            loss="sparse",
            epochs=8,
            dropout=0.3,
            early_stopping=3,
            reduce_lr=1,
        ),
        summary="3 convolutions, early stopping",
        test_accuracy="99.36 ± 0.08 %",
        duration="2 min",
    ),
    Recipe(
        config=_ACCURATE,
        summary="5 convolutions, augmented, 36 epochs",
        test_accuracy="99.70 ± 0.04 %",
        duration="12 min",
    ),
    Recipe(
        config=replace(_ACCURATE, recipe="robust", distort=True, non_digits=0.3, rare_styles=0.1),
        summary="accurate with distortions, non-digits and rare styles",
        test_accuracy="99.60 ± 0.02 %",
        duration="19 min",
    ),
    Recipe(
        config=replace(_ACCURATE, recipe="record", arch="record", epochs=80, dropout=0.3),
        summary="5 wide convolutions, 80 epochs (GPU)",
        test_accuracy="99.40 % (1 epoch)",
        duration="4 min/epoch",
    ),
    Recipe(
        config=TrainConfig(
            recipe="tune",
            base_model="pretrained",
            learning_rate=3e-4,  # small steps: a few images must not undo the earlier training
            epochs=40,
            batch_size=32,
            dropout=0.0,
            validation_split=0.2,
            augment=True,
            early_stopping=5,
        ),
        summary="fine-tuning of a model on a few images",
        duration="seconds",
    ),
)

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {recipe.config.recipe: recipe for recipe in _RECIPES}
)


def resolve(recipe: str | None = None, **overrides: object) -> TrainConfig:
    """Return the config of a recipe with some settings replaced.

    An optimizer other than the recipe's comes with its default learning rate, unless a rate is
    given as well.

    Args:
        recipe: A name in `RECIPES`. Defaults to ``tune`` for a base model, else ``classic``.
        overrides: Settings of `TrainConfig`; None keeps the value of the recipe.

    Raises:
        ConfigError: The recipe or a setting is unknown, a value is invalid, or a setting has no
            effect on this run.
    """
    is_tuning = overrides.get("base_model") is not None
    name = recipe or ("tune" if is_tuning else TrainConfig.recipe)
    changes = _validate(overrides)
    return _replace(RECIPES[require_choice("recipe", name, tuple(RECIPES))].config, changes)


def override(base: TrainConfig, settings: Mapping[str, object]) -> TrainConfig:
    """Return a config with some settings replaced, as `resolve` does for a recipe.

    Args:
        base: The config.
        settings: Settings of `TrainConfig`; None keeps the value of the config.

    Raises:
        ConfigError: The errors of `resolve`.
    """
    return _replace(base, _validate(settings))


def _validate(settings: Mapping[str, object]) -> dict[str, Any]:
    return {
        name: validate(find_setting(name), value)
        for name, value in settings.items()
        if value is not None
    }


def _replace(base: TrainConfig, changes: dict[str, Any]) -> TrainConfig:
    optimizer = changes.get("optimizer", base.optimizer)
    arch = changes.get("arch", base.arch)
    _check_used(
        changes,
        optimizer=optimizer,
        base_model=changes.get("base_model", base.base_model),
        arch=arch,
    )
    if optimizer != base.optimizer:
        changes.setdefault("learning_rate", OPTIMIZERS[optimizer])
        changes = _unused_defaults(optimizer) | changes
    return replace(base, **changes)


def _check_used(
    changes: Mapping[str, Any], *, optimizer: str, base_model: str | None, arch: str
) -> None:
    """Check that every setting that was given has an effect."""
    for name in changes:
        field = SETTINGS[name]
        metadata = metadata_of(field)
        if metadata.optimizers and optimizer not in metadata.optimizers:
            raise ConfigError(
                f"{flag(field)} has no effect with --optimizer {optimizer}",
                hint=f"--optimizer {metadata.optimizers[0]}",
            )
        if name == "dropout" and split_custom_architecture(arch)[0]:
            raise ConfigError(f"--dropout has no effect with --arch {arch}")
        if metadata.new_model_only and base_model is not None:
            raise ConfigError(
                f"{flag(field)} describes a new model, but this run fine-tunes {base_model!r}",
                hint=None if "base_model" in changes else "--recipe classic",
            )


def _unused_defaults(optimizer: str) -> dict[str, Any]:
    """Return defaults for the settings of other optimizers, so that no config records them."""
    return {
        name: field.default
        for name, field in SETTINGS.items()
        if (allowed := metadata_of(field).optimizers) and optimizer not in allowed
    }
