"""Recipes: named settings, and their overrides."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mnistcli
from mnistcli.config import OPTIMIZERS, TrainConfig
from mnistcli.errors import ConfigError
from mnistcli.recipes import RECIPES, resolve

RESULTS = Path(mnistcli.__file__).parents[1] / ".github" / "RESULTS.md"


def test_every_recipe_carries_its_own_name() -> None:
    assert [recipe.config.recipe for recipe in RECIPES.values()] == list(RECIPES)


def test_the_default_recipe_is_the_default_config() -> None:
    assert resolve() == TrainConfig() == RECIPES["classic"].config
    assert RECIPES["classic"].changes == {}


def test_overrides_replace_settings_and_none_keeps_them() -> None:
    config = resolve("deep", epochs=3, batch_size=None, augment=False)

    assert config == replace(RECIPES["deep"].config, epochs=3, augment=False)


def test_names_are_case_insensitive() -> None:
    assert resolve("Deep") == RECIPES["deep"].config


def test_another_optimizer_has_its_default_learning_rate() -> None:
    assert resolve(optimizer="SGD").learning_rate == OPTIMIZERS["sgd"]


def test_a_given_learning_rate_is_kept_with_another_optimizer() -> None:
    assert resolve(optimizer="sgd", learning_rate=0.5).learning_rate == 0.5


def test_the_optimizer_of_the_recipe_keeps_its_learning_rate() -> None:
    assert resolve("accurate", optimizer="AdamW") == RECIPES["accurate"].config


def test_a_start_model_is_fine_tuned_with_the_recipe_tune() -> None:
    assert resolve(base_model="runs/a") == replace(RECIPES["tune"].config, base_model="runs/a")
    assert resolve("classic", base_model="runs/a") == TrainConfig(base_model="runs/a")


@pytest.mark.parametrize(
    ("recipe", "overrides", "message", "hint"),
    [
        ("clasic", {}, "unknown recipe 'clasic'; did you mean 'classic'?", "--recipe classic"),
        (None, {"epoch": 3}, "unknown setting 'epoch'; did you mean 'epochs'?", None),
        (None, {"epochs": "3"}, "--epochs must be a whole number, not '3'", "--epochs 10"),
        (
            "sgd", {"weight_decay": 0.1},
            "--weight-decay has no effect with --optimizer sgd", "--optimizer adamw",
        ),
        (
            None, {"optimizer": "SGD", "weight_decay": 0.004},
            "--weight-decay has no effect with --optimizer sgd", "--optimizer adamw",
        ),
        (
            "accurate", {"optimizer": "rmsprop", "beta_1": 0.5},
            "--beta-1 has no effect with --optimizer rmsprop", "--optimizer adam",
        ),
        (
            "tune", {"arch": "deep"},
            "--arch describes a new model, but this run fine-tunes 'pretrained'",
            "--recipe classic",
        ),
        (
            None, {"arch": "Net.py:build", "dropout": 0.5},
            "--dropout has no effect with --arch Net.py:build", None,
        ),
        (
            None, {"base_model": "a.keras", "dropout": 0.5},
            "--dropout describes a new model, but this run fine-tunes 'a.keras'", None,
        ),
    ],
)  # fmt: skip
def test_a_setting_that_is_invalid_or_has_no_effect(
    recipe: str | None, overrides: dict[str, Any], message: str, hint: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(recipe, **overrides)

    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_no_config_records_settings_of_another_optimizer() -> None:
    config = resolve("accurate", optimizer="sgd")

    assert (config.weight_decay, config.beta_1) == (TrainConfig.weight_decay, TrainConfig.beta_1)
    assert resolve("accurate", optimizer="adam").beta_1 == 0.8


def test_changes_are_the_settings_that_make_the_recipe() -> None:
    for name, recipe in RECIPES.items():
        assert TrainConfig(recipe=name, **recipe.changes) == recipe.config


def test_the_accuracies_are_those_of_the_results() -> None:
    rows = re.findall(
        r"^\| `(\w+)[^|]*\|(.*)\|$", RESULTS.read_text(encoding="utf-8"), re.MULTILINE
    )
    measured = dict(reversed(rows))  # the first row of a recipe counts

    for name, recipe in RECIPES.items():
        if recipe.test_accuracy:
            assert recipe.test_accuracy.partition(" (")[0] in measured[name]
