"""Recipes: named, complete training configurations."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from mnistcli.config import LEARNING_RATES, TrainConfig, require_choice
from mnistcli.errors import ConfigError

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
    validation_split=0.05,
    augment=True,
)


RECIPES: Mapping[str, TrainConfig] = MappingProxyType(
    {
        "sgd": TrainConfig(
            recipe="sgd",
            arch="simple",
            optimizer="sgd",
            learning_rate=LEARNING_RATES["sgd"],
            dropout=0.0,
        ),
        "classic": TrainConfig(),
        "deep": TrainConfig(
            recipe="deep",
            arch="deep",
            loss="sparse",
            epochs=8,
            dropout=0.3,
            early_stopping=3,
            reduce_lr=1,
        ),
        # No validation: with one epoch there is nothing to choose, and every image helps.
        "fast": TrainConfig(
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
            validation_split=0.0,
        ),
        # What each part brings, on validation data, is in the README. A twentieth is held out:
        # enough to fit the one temperature, and every other image helps.
        "accurate": _ACCURATE,
        "record": replace(_ACCURATE, recipe="record", arch="record", epochs=80, dropout=0.3),
        # What the model in the package is made by: as accurate, and ready for people's pictures.
        "robust": replace(_ACCURATE, recipe="robust", distort=True, non_digits=0.3, european=0.05),
        # For a few examples of one hand: small steps, and no more of them than help.
        "tune": TrainConfig(
            recipe="tune",
            start="pretrained",
            learning_rate=3e-4,
            epochs=40,
            batch_size=32,
            dropout=0.0,
            validation_split=0.2,
            augment=True,
            early_stopping=5,
        ),
    }
)


def resolve(recipe: str | None = None, **overrides: object) -> TrainConfig:
    """Return the named recipe with every override that is not None in place.

    An optimizer that replaces the recipe's own brings its own usual learning rate, unless a rate
    is given too.

    Args:
        recipe: A name in `RECIPES`. None: ``tune`` where there is a model to start from, else
            ``classic``.
        overrides: Fields of `TrainConfig`; None stands for "as the recipe has it".

    Raises:
        ConfigError: An unknown recipe, or a value that cannot be.
    """
    changes: dict[str, Any] = {
        name: value for name, value in overrides.items() if value is not None
    }
    recipe = recipe or ("tune" if "start" in changes else TrainConfig.recipe)
    require_choice("recipe", recipe, tuple(RECIPES))
    base = RECIPES[recipe]
    start = changes.get("start", base.start)
    if start is not None and "arch" in changes:
        raise ConfigError(
            f"--arch names a fresh network, and this one starts from {start!r}",
            hint="mnistcli train --from MODEL",
        )
    optimizer = changes.get("optimizer", base.optimizer)
    if optimizer != base.optimizer and optimizer in LEARNING_RATES:
        changes.setdefault("learning_rate", LEARNING_RATES[optimizer])
    return replace(base, **changes)
