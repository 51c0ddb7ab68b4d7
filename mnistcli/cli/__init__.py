"""The command line: each command turns its options into calls of the core and prints the result.

Lazy imports keep the startup time short: modules that load Keras, scikit-learn or matplotlib are
imported in the body of a command, so that help, shell completion and usage errors do not load them.

Subpackages:

- `commands` contains a module per command
- `training`, `sweep` and `prediction` execute `train`, `sweep` and `predict`
- `seeds` trains and evaluates with ``--seeds``

What all commands share:

- `command_classes` defines the classes of commands, `examples` the examples at the end of the
  help, `completion` the completion scripts of shells
- `options`, `setting_options`, `option_conflicts` and `cluster` define options of several commands
- `dataset_loading` loads datasets; `interface_notes` prints notes about external models
- `metrics_table` prints the result of `train` and `evaluate`, `run_table` that of `runs` and
  `compare`
- `streams`, `progress` and `spinner` print; `escaping` escapes control characters
- `errors` and `hints` turn errors into lines and commands to type
"""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistcli.cli.command_classes import Command, CommandGroup
from mnistcli.cli.examples import EXAMPLES, FIRST_STEPS
from mnistcli.cli.streams import print_line

if TYPE_CHECKING:
    app: typer.Typer
    """The program with all commands."""

_COMMANDS = {
    "train": "Train a model.",
    "sweep": "Search for the best settings of train.",
    "evaluate": "Measure the accuracy of a model.",
    "predict": "Predict the digits in images.",
    "draw": "Draw digits in a browser and see the predictions.",
    "plot": "Draw figures of a model: history, confusion matrix and more.",
    "runs": "List the runs: settings, accuracy, training time.",
    "compare": "Compare runs: accuracy, curves, a paired test.",
    "export": "Convert a model for other runtimes.",
    "recipes": "List the recipes of train: settings, accuracy, training time.",
    "doctor": "Check what works on this machine, and how to fix the rest.",
}

_LISTING_OPTIONS = {"--help", "-h", "--version", "-V"}


def build_app(command: str | None = None) -> typer.Typer:
    """Build the program.

    Args:
        command: The first argument of the command line. If it is a command, only this one is
            imported, which saves a tenth of the time of a prediction; for the list of commands and
            the version, none is. Any other text or None builds all commands.
    """
    app = typer.Typer(
        cls=CommandGroup,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=FIRST_STEPS,
    )
    for name in [command] if command in _COMMANDS else _COMMANDS:
        if command in _LISTING_OPTIONS:
            function = _listed
        else:
            function = getattr(import_module(f"mnistcli.cli.commands.{name}"), name)
        app.command(name, cls=Command, short_help=_COMMANDS[name], epilog=EXAMPLES[name])(function)
    app.callback(invoke_without_command=True)(mnistcli)
    return app


def _listed() -> None:
    """Stand for a command in the list of commands; it does not run."""


def __getattr__(name: str) -> Any:
    if name == "app":
        return build_app()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def mnistcli(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    """Train, understand and use a handwritten-digit classifier."""
    if show_version:
        from importlib.metadata import version  # a third of the startup time, for one option

        print_line(f"mnistcli {version('mnistcli')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        context.get_help()
        raise typer.Exit
