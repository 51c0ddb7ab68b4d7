"""The commands. Each translates its flags into one call of the core and prints what comes back.

Whatever needs Keras, scikit-learn or matplotlib is imported inside a command's body: help, shell
completion and usage errors answer without them.
"""

from typing import Annotated

import typer

from mnistcli.cli.errors import Commands
from mnistcli.cli.evaluate import evaluate
from mnistcli.cli.plot import plot
from mnistcli.cli.predict import predict
from mnistcli.cli.recipes import recipes
from mnistcli.cli.streams import print_line
from mnistcli.cli.train import train

app = typer.Typer(
    cls=Commands,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train)
app.command("evaluate")(evaluate)
app.command("predict")(predict)
app.command("plot")(plot)
app.command("recipes")(recipes)


@app.callback(invoke_without_command=True)
def mnistcli(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
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
