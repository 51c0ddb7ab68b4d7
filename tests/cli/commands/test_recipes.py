"""The `recipes` command: its table and its JSON."""

import json

import pytest
from typer.testing import CliRunner, Result

from mnistcli.cli import app
from mnistcli.recipes import RECIPES


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), prog_name="mnistcli")


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    result = invoke("recipes")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert max(map(len, lines)) <= columns
    for name, recipe in RECIPES.items():
        (row,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert recipe.duration in row
        assert recipe.test_accuracy in row
    assert "\x1b" not in result.stdout


def test_the_table_lists_the_settings_as_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")

    lines = [line.split() for line in invoke("recipes").stdout.splitlines()]

    options = {line[0]: line[1:] for line in lines if len(line) > 1 and line[1].startswith("--")}
    assert options["sgd"] == [
        "--arch", "simple", "--optimizer", "sgd", "--learning-rate", "0.1", "--dropout", "0",
    ]  # fmt: skip
    assert "--augment" in options["robust"]
    assert options["tune"][:2] == ["--from", "pretrained"]
    assert set(options) == set(RECIPES) - {"classic"}


def test_one_recipe_is_shown_with_all_settings() -> None:
    result = invoke("recipes", "Accurate")

    pairs = dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if line[:2] == "--")
    assert pairs["--epochs"] == "36  (default: 10)"
    assert pairs["--batch-size"] == "128"
    assert pairs["--augment"] == "on  (default: off)"
    assert pairs["--from"] == "-"
    assert "test accuracy       99.70 ± 0.04 %" in result.stdout


def test_json_holds_all_recipes() -> None:
    printed = json.loads(invoke("recipes", "--json").stdout)

    assert printed == {"recipes": [recipe.as_dict() for recipe in RECIPES.values()]}


def test_the_json_of_one_recipe_has_its_settings() -> None:
    printed = json.loads(invoke("recipes", "tune", "--json").stdout)

    assert (printed["recipe"], printed["test_accuracy"]) == ("tune", None)
    assert printed["settings"]["base_model"] == "pretrained"


def test_an_unknown_recipe_is_refused() -> None:
    result = invoke("recipes", "clasic")

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "error: unknown recipe 'clasic'; did you mean 'classic'?",
        "hint: mnistcli recipes",
    ]
