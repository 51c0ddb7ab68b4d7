"""Options of the settings: each field of `TrainConfig` is an option of `train`."""

import inspect
from typing import Annotated, get_args, get_origin

import pytest
from typer.testing import CliRunner, Result

from mnistcli import training
from mnistcli.cli import app
from mnistcli.cli.commands.train import train
from mnistcli.cli.setting_options import setting_option
from mnistcli.config import SETTINGS, TrainConfig
from mnistcli.config_validation import metadata_of

VALUES = {
    "--arch": "Deep",
    "--optimizer": "AdamW",
    "--lr": 0.5,
    "--schedule": "constant",
    "--beta-1": 0.25,
    "--beta-2": 0.75,
    "--weight-decay": 0.125,
    "--loss": "categorical",
    "--label-smoothing": 0.0625,
    "-e": 3,
    "--batch-size": 9,
    "--dropout": 0.375,
    "--validation-split": 0.5,
    "--non-digits": 0.1,
    "--rare-styles": 0.2,
    "--early-stopping": 4,
    "--reduce-lr": 5,
    "--limit": 600,
    "--ensemble": 2,
    "--seed": 6,
    "--device": "CPU",
}
FIELDS = {"--lr": "learning_rate", "-e": "epochs"}


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="mnistcli")


@pytest.fixture
def configs(monkeypatch: pytest.MonkeyPatch) -> list[TrainConfig]:
    """The configs that reach the training, which is interrupted immediately."""
    seen: list[TrainConfig] = []

    def interrupt(config: TrainConfig, *_: object, **__: object) -> None:
        seen.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupt)
    return seen


def test_every_setting_is_an_option_of_train() -> None:
    options = {name for name, one in SETTINGS.items() if not metadata_of(one).recorded}

    assert options <= set(inspect.signature(train).parameters)


def test_every_option_reaches_the_config(configs: list[TrainConfig]) -> None:
    flat = [part for pair in VALUES.items() for part in pair]

    invoke("train", "--dataset", "digits", *flat, "--augment", "--distort")

    (config,) = configs
    expected = {
        FIELDS.get(option, option.removeprefix("--").replace("-", "_")): value
        for option, value in VALUES.items()
    }
    given = {name: value for name, value in config.as_dict().items() if name in expected}
    assert given == expected | {"arch": "deep", "optimizer": "adamw", "device": "cpu"}
    assert (config.augment, config.distort, config.dataset) == (True, True, "digits")
    assert set(SETTINGS) == {
        *(*expected, "augment", "distort", "dataset", "recipe", "base_model"),
        "arch_sha256",  # training records it
    }


def test_a_switch_can_be_turned_off(configs: list[TrainConfig]) -> None:
    invoke("train", "--dataset", "digits", "--recipe", "Robust", "--no-distort")

    (config,) = configs
    assert (config.recipe, config.augment, config.distort) == ("robust", True, False)


def test_the_help_shows_the_default_of_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    text = invoke("train", "--help").stdout

    lines = {
        name: next(line for line in text.splitlines() if line.startswith(f"│ --{name}"))
        for name in ("epochs", "learning-rate", "augment", "limit", "dropout", "arch", "from")
    }
    assert "Default: 10." in lines["epochs"]
    assert "-e" in lines["epochs"]
    assert "Default: 0.001; with --optimizer sgd, 0.1." in lines["learning-rate"]
    assert "--lr" in lines["learning-rate"]
    assert "Default: off." in lines["augment"]
    assert "Default: all." in lines["limit"]
    assert "At least 0 and below 1. Default: 0.5." in lines["dropout"]
    assert (
        "simple, classic, deep, fast, accurate, wide, record; or FILE.py:FUNCTION" in lines["arch"]
    )
    assert "Default: a new model." in lines["from"]


@pytest.mark.parametrize("name", SETTINGS)
def test_an_option_has_the_help_of_its_field(name: str) -> None:
    option = setting_option(SETTINGS[name])

    assert option.help.endswith(".")
    assert " Default: " in option.help
    assert "{" not in option.help


def test_choices_are_completed() -> None:
    option = setting_option(SETTINGS["optimizer"])

    assert option.autocompletion() == ["sgd", "adam", "adamw", "rmsprop"]
    assert setting_option(SETTINGS["epochs"]).autocompletion is None


def test_every_annotation_of_train_can_be_read_by_typer() -> None:
    parameters = inspect.signature(train).parameters.values()

    assert all(get_origin(one.annotation) is Annotated for one in parameters)
    assert {get_args(one.annotation)[0] for one in parameters if one.name == "epochs"} == {
        int | None
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--optimizer", "sgd", "--weight-decay", 0.1), "--weight-decay has no effect with"),
        (("--beta-1", 5), "--beta-1 must be at least 0 and below 1, not 5.0"),
        (("--from", "pretrained", "--arch", "deep"), "--arch describes a new model"),
        (("--learning-rate", "nan"), "--learning-rate must be a finite number, not nan"),
    ],
)
def test_a_value_that_is_invalid_or_has_no_effect(
    arguments: tuple[object, ...], message: str
) -> None:
    result = invoke("train", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
