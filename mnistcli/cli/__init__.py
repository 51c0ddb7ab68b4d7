"""The command line: each command turns its options into one call of the core and prints the result.

Modules that load Keras, scikit-learn or matplotlib are imported in the body of a command, so that
help, shell completion and usage errors do not load them.
"""

from typing import Annotated

import typer

from mnistcli.cli.commands import Command, CommandGroup
from mnistcli.cli.evaluate import evaluate
from mnistcli.cli.examples import EXAMPLES, FIRST_STEPS
from mnistcli.cli.export import export
from mnistcli.cli.plot import plot
from mnistcli.cli.predict import predict
from mnistcli.cli.recipes import recipes
from mnistcli.cli.streams import print_line
from mnistcli.cli.train import train

app = typer.Typer(
    cls=CommandGroup,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=FIRST_STEPS,
)
for _command, _summary in (
    (train, "Train a model."),
    (evaluate, "Measure the accuracy of a model."),
    (predict, "Predict the digits in images."),
    (plot, "Draw figures of a model: history, confusion matrix and more."),
    (export, "Convert a model for other runtimes."),
    (recipes, "List the recipes of train: settings, accuracy, training time."),
):
    _name = _command.__name__
    app.command(_name, cls=Command, short_help=_summary, epilog=EXAMPLES[_name])(_command)


@app.callback(invoke_without_command=True)
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
