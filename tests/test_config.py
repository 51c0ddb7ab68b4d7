import math
from dataclasses import replace

import pytest

from mnistcli.config import ARCHITECTURES, LEARNING_RATES, TrainConfig
from mnistcli.errors import ConfigError
from mnistcli.recipes import RECIPES, resolve


def test_every_recipe_carries_its_own_name() -> None:
    assert {name: config.recipe for name, config in RECIPES.items()} == {
        name: name for name in RECIPES
    }


def test_default_recipe_is_the_default_config() -> None:
    assert resolve() == TrainConfig() == RECIPES["classic"]


def test_overrides_replace_single_fields_and_none_leaves_them() -> None:
    config = resolve("deep", epochs=3, batch_size=None, augment=False)

    assert config == replace(RECIPES["deep"], epochs=3, augment=False)


def test_a_new_optimizer_brings_its_usual_rate() -> None:
    assert resolve(optimizer="sgd").learning_rate == LEARNING_RATES["sgd"]


def test_a_rate_that_is_given_is_kept_with_a_new_optimizer() -> None:
    assert resolve(optimizer="sgd", learning_rate=0.5).learning_rate == 0.5


def test_naming_the_recipes_own_optimizer_keeps_its_rate() -> None:
    assert resolve("sgd", optimizer="sgd") == RECIPES["sgd"]


def test_a_model_to_start_from_is_tuned() -> None:
    assert resolve(start="runs/a") == replace(RECIPES["tune"], start="runs/a")
    assert resolve("classic", start="runs/a") == TrainConfig(start="runs/a")


def test_a_network_cannot_be_fresh_and_started_from() -> None:
    with pytest.raises(ConfigError, match="--arch names a fresh network, and this one") as caught:
        resolve("tune", arch="deep")

    assert caught.value.hint == "mnistcli train --from MODEL"


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        ({"ensemble": 0}, "--ensemble must be at least 1, not 0", "mnistcli train --ensemble 5"),
        ({"weight_decay": -1}, "--weight-decay must be at least 0, not -1", "mnistcli train --weight-decay 0.004"),
        ({"non_digits": 11}, "--non-digits must be between 0 and 10, not 11", "mnistcli train --non-digits 0.3"),
        (
            {"loss": "sparse", "non_digits": 0.5},
            "--non-digits needs one-hot labels, and --loss is sparse",
            "mnistcli train --non-digits 0.5 --loss categorical",
        ),
        ({"epochs": 0}, "--epochs must be at least 1, not 0", "mnistcli train --epochs 10"),
        ({"batch_size": 0}, "--batch-size must be at least 1, not 0", "mnistcli train --batch-size 128"),
        ({"learning_rate": -1}, "--learning-rate must be above 0, not -1", "mnistcli train --learning-rate 0.001"),
        ({"learning_rate": math.nan}, "--learning-rate must be above 0, not nan", "mnistcli train --learning-rate 0.001"),
        ({"dropout": 1}, "--dropout must be at least 0 and below 1, not 1", "mnistcli train --dropout 0.5"),
        ({"validation_split": 1}, "--validation-split must be at least 0 and below 1, not 1", "mnistcli train --validation-split 0.1"),
        ({"limit": 0}, "--limit must be at least 1, not 0", "mnistcli train --limit 1000"),
        ({"early_stopping": -1}, "--early-stopping must be at least 0 (0 turns it off), not -1", "mnistcli train --early-stopping 3"),
        ({"seed": -1}, "--seed must be between 0 and 4294967295, not -1", "mnistcli train --seed 0"),
        ({"optimizer": "sdg"}, "unknown optimizer 'sdg'; did you mean 'sgd'?", "mnistcli train --optimizer sgd"),
        ({"arch": "vgg"}, f"unknown arch 'vgg': choose from {', '.join(ARCHITECTURES)}", "mnistcli train --arch simple"),
        ({"device": "GPU"}, "unknown device 'GPU'; did you mean 'gpu'?", "mnistcli train --device gpu"),
        (
            {"loss": "sparse", "label_smoothing": 0.1},
            "--label-smoothing needs one-hot labels, and --loss is sparse",
            "mnistcli train --label-smoothing 0.1 --loss categorical",
        ),
        (
            {"schedule": "one-cycle", "reduce_lr": 2},
            "--reduce-lr changes the rate, and so does --schedule one-cycle",
            "mnistcli train --reduce-lr 2 --schedule constant",
        ),
        (
            {"validation_split": 0, "early_stopping": 3},
            "--early-stopping needs validation data, and --validation-split is 0",
            "mnistcli train --early-stopping 3 --validation-split 0.1",
        ),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be(override: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(**override)

    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.exit_code == 2


def test_an_unknown_recipe_names_the_close_one() -> None:
    with pytest.raises(
        ConfigError, match="unknown recipe 'clasic'; did you mean 'classic'"
    ) as caught:
        resolve("clasic")

    assert caught.value.hint == "mnistcli train --recipe classic"


def test_as_dict_makes_the_same_config_again() -> None:
    config = RECIPES["deep"]

    assert TrainConfig(**config.as_dict()) == config
