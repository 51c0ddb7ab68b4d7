"""The command line: each command turns its options into one call of the core and prints the result.

Modules that load Keras, scikit-learn or matplotlib are imported in the body of a command, so that
help, shell completion and usage errors do not load them.

A module per command: `train`, `sweep`, `evaluate`, `predict`, `draw`, `plot`, `runs`, `compare`,
`export`, `recipes` and `doctor`. Their helpers:

- `train`: `training_run` and `seed_training` execute it; `training_progress` and `epoch_table` show
  the progress; `resuming`, `config_file` and `tensorboard` are its options, `setting_options` those
  of the settings
- `sweep`: `sweep_options` checks the options, `sweep_table` shows the trials, and `sweep_output`
  the results
- `evaluate`: `seed_evaluation` evaluates several seeds; `metrics_table`, also of `train`, prints
  one result, `seed_table` one of each seed
- `predict`: `predict_arguments` parses the options, `prediction_run` executes it and
  `prediction_sources` counts the images; `prediction_table`, `prediction_csv`,
  `prediction_figures` and `forms` show the predictions; `output_file` and `output_layout` write
  and continue `--output`; `review` copies uncertain images
- `runs` and `compare`: `run_table`

What all commands share:

- `commands` has the classes of commands, `examples` those at the end of the help
- `options`, `option_conflicts` and `cluster` have options of several commands
- `dataset_loading` loads datasets; `interface_notes` prints notes about external models
- `streams`, `progress` and `spinner` print; `escaping` escapes control characters
- `errors` and `hints` turn errors into lines and commands to type
"""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistcli.cli.commands import Command, CommandGroup
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


def build_app(command: str | None = None) -> typer.Typer:
    """Build the program.

    Args:
        command: The name of the command that will run. Only this one is imported, which saves a
            tenth of the time of a prediction. Any other text or None builds all commands.
    """
    app = typer.Typer(
        cls=CommandGroup,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=FIRST_STEPS,
    )
    for name in [command] if command in _COMMANDS else _COMMANDS:
        function = getattr(import_module(f"mnistcli.cli.{name}"), name)
        app.command(name, cls=Command, short_help=_COMMANDS[name], epilog=EXAMPLES[name])(function)
    app.callback(invoke_without_command=True)(mnistcli)
    return app


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
        from importlib.metadata import version  # a third of the start, for one option

        print_line(f"mnistcli {version('mnistcli')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        context.get_help()
        raise typer.Exit
