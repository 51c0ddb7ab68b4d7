"""The settings of a training run: `TrainConfig`, defaults, checks and backward compatibility."""

import math
from dataclasses import replace
from typing import Any

import pytest

from mnistcli.config import (
    ARCHITECTURE_NAMES,
    SETTINGS,
    TrainConfig,
    find_setting,
    split_custom_architecture,
)
from mnistcli.config_validation import metadata_of
from mnistcli.errors import ConfigError
from mnistcli.recipes import RECIPES


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        ({"ensemble": 0}, "--ensemble must be at least 1, not 0", "--ensemble 5"),
        ({"weight_decay": -1}, "--weight-decay must be at least 0, not -1", "--weight-decay 0.004"),
        ({"non_digits": 11}, "--non-digits must be at least 0 and at most 10, not 11", "--non-digits 0.3"),
        ({"beta_1": 5}, "--beta-1 must be at least 0 and below 1, not 5", "--beta-1 0.9"),
        ({"beta_2": 1}, "--beta-2 must be at least 0 and below 1, not 1", "--beta-2 0.999"),
        ({"epochs": 0}, "--epochs must be at least 1, not 0", "--epochs 10"),
        ({"epochs": 1.5}, "--epochs must be a whole number, not 1.5", "--epochs 10"),
        ({"batch_size": 0}, "--batch-size must be at least 1, not 0", "--batch-size 128"),
        ({"learning_rate": -1}, "--learning-rate must be above 0, not -1", "--learning-rate 0.001"),
        ({"learning_rate": math.nan}, "--learning-rate must be a finite number, not nan", "--learning-rate 0.001"),
        ({"dropout": 1}, "--dropout must be at least 0 and below 1, not 1", "--dropout 0.5"),
        ({"validation_split": 1}, "--validation-split must be at least 0 and below 1, not 1", "--validation-split 0.1"),
        ({"augment": "yes"}, "--augment must be true or false, not 'yes'", "--augment"),
        ({"limit": 0}, "--limit must be at least 1, not 0", "--limit 1000"),
        ({"early_stopping": -1}, "--early-stopping must be at least 0, not -1", "--early-stopping 3"),
        ({"seed": -1}, "--seed must be at least 0 and at most 4294967295, not -1", "--seed 0"),
        ({"optimizer": "sdg"}, "unknown optimizer 'sdg'; did you mean 'sgd'?", "--optimizer sgd"),
        ({"arch": "vgg"}, f"unknown arch 'vgg': choose from {', '.join(ARCHITECTURE_NAMES)}", "--arch simple"),
        ({"arch": 5}, "--arch must be text, not 5", "--arch classic"),
        ({"dataset": ""}, "--dataset must not be empty", "--dataset mnist"),
        ({"base_model": ""}, "--from must not be empty", None),
        ({"loss": "sparse", "label_smoothing": 0.1}, "--label-smoothing requires --loss categorical", "--loss categorical"),
        ({"loss": "sparse", "non_digits": 0.5}, "--non-digits requires --loss categorical", "--loss categorical"),
        (
            {"schedule": "one-cycle", "reduce_lr": 2},
            "--reduce-lr cannot be combined with --schedule one-cycle",
            "--schedule constant",
        ),
        (
            {"validation_split": 0, "early_stopping": 3},
            "--early-stopping requires validation images, but --validation-split is 0",
            "--validation-split 0.1",
        ),
    ],
)  # fmt: skip
def test_an_invalid_value_is_a_usage_error(
    override: dict[str, Any], message: str, hint: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainConfig(**override)

    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.exit_code == 2


def test_choices_are_case_insensitive() -> None:
    config = TrainConfig(arch="Deep", optimizer="AdamW", device="CPU")

    assert (config.arch, config.optimizer, config.device) == ("deep", "adamw", "cpu")


@pytest.mark.parametrize(
    ("arch", "parts"),
    [
        ("Net.py:Build", ("Net.py", "Build")),
        ("a:b/net.py:build", ("a:b/net.py", "build")),
        ("net.py", ("net.py", "")),
        ("net.py:", ("net.py", "")),
        ("classic", ("", "")),
    ],
)
def test_an_architecture_in_a_file_keeps_its_name(arch: str, parts: tuple[str, str]) -> None:
    assert TrainConfig(arch=arch).arch == arch
    assert split_custom_architecture(arch) == parts


@pytest.mark.parametrize("arch", ["net.txt:build", ".py", "net.py:build()", "net.py:a.b"])
def test_any_other_name_is_no_architecture(arch: str) -> None:
    with pytest.raises(ConfigError, match="unknown arch"):
        TrainConfig(arch=arch)


def test_every_setting_has_a_help_text_and_a_valid_default() -> None:
    for field in SETTINGS.values():
        assert metadata_of(field).help_text.endswith(".")
    defaults = {name: field.default for name, field in SETTINGS.items()}
    assert TrainConfig.from_dict(defaults) == TrainConfig()


def test_choices_are_named_in_the_help_text() -> None:
    metadata = [metadata_of(field) for field in SETTINGS.values()]

    assert all(("{choices}" in one.help_text) == bool(one.choices) for one in metadata)


def test_as_dict_makes_the_same_config_again() -> None:
    config = RECIPES["deep"].config

    assert TrainConfig.from_dict(config.as_dict()) == config


def test_missing_settings_have_their_defaults() -> None:
    assert TrainConfig.from_dict({"epochs": 3}) == replace(TrainConfig(), epochs=3)


def test_the_former_name_of_a_setting_is_read() -> None:
    config = TrainConfig.from_dict({"european": 0.05})

    assert config == TrainConfig(rare_styles=0.05)
    assert "european" not in config.as_dict()
    with pytest.raises(ConfigError, match="--rare-styles must be at least 0"):
        TrainConfig.from_dict({"european": -1})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("epoch", "unknown setting 'epoch'; did you mean 'epochs'?"),
        ("speed", "unknown setting 'speed'; did you mean 'seed'?"),
        ("xyz", "unknown setting 'xyz'"),
    ],
)
def test_an_unknown_setting_is_named(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainConfig.from_dict({"epochs": 3, name: 1})

    assert caught.value.message == message
    with pytest.raises(ConfigError):
        find_setting(name)


def test_a_one_cycle_schedule_keeps_the_last_epoch() -> None:
    assert TrainConfig(schedule="one-cycle").keeps_last
    assert TrainConfig(validation_split=0).keeps_last
    assert not TrainConfig().keeps_last
