"""The `recipes` command: list the recipes with settings, accuracy and training time."""

from typing import Annotated

import typer
from rich import box
from rich.table import Table

from mnistcli.cli.options import JsonOption
from mnistcli.cli.setting_options import option_text, value_text
from mnistcli.cli.streams import out, print_json, print_line, print_table
from mnistcli.config import SETTINGS
from mnistcli.config_validation import flag, metadata_of, require_choice
from mnistcli.errors import ConfigError
from mnistcli.recipes import RECIPES, Recipe


def recipes(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Show all settings of this recipe. Default: list all recipes.",
            autocompletion=lambda: list(RECIPES),
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the recipes of `train` with their settings, accuracy and training time."""
    if name is None:
        _print_all(as_json=as_json)
        return
    try:
        recipe = RECIPES[require_choice("recipe", name, tuple(RECIPES))]
    except ConfigError as error:
        raise ConfigError(error.message, hint="mnistcli recipes") from error
    if as_json:
        print_json(recipe.as_dict())
    else:
        _print_one(recipe)


def _print_all(*, as_json: bool) -> None:
    if as_json:
        print_json({"recipes": [recipe.as_dict() for recipe in RECIPES.values()]})
        return
    table = Table("recipe", "test accuracy", "time", "training", box=box.SIMPLE_HEAD)
    settings = Table.grid(padding=(0, 3, 0, 0))
    for name, recipe in RECIPES.items():
        table.add_row(name, _accuracy(recipe), recipe.duration, recipe.summary)
        options = " ".join(option_text(setting, value) for setting, value in recipe.changes.items())
        settings.add_row(f" {name}", options or "the defaults of mnistcli train")
    print_table(table)
    print_table(settings)
    print_line("")
    print_line("Accuracy on the MNIST test set: mean and standard deviation over the seeds.")
    print_line("Time on 2 CPU cores. All settings of a recipe: mnistcli recipes NAME")


def _print_one(recipe: Recipe) -> None:
    about = {
        "recipe": recipe.config.recipe,
        "summary": recipe.summary,
        "test accuracy": _accuracy(recipe),
        "time": f"{recipe.duration} on 2 CPU cores",
    }
    for name, text in about.items():
        print_line(f"{name:<20}{text}")
    print_line("")
    for name, value in recipe.as_dict()["settings"].items():
        if metadata_of(SETTINGS[name]).recorded:
            continue
        default = value_text(SETTINGS[name].default)
        remark = f"  (default: {default})" if name in recipe.changes else ""
        print_line(f"{flag(SETTINGS[name]):<20}{value_text(value)}{remark}")


def _accuracy(recipe: Recipe) -> str:
    text = recipe.test_accuracy or "-"
    return text.replace("±", "+-") if out.options.ascii_only else text
