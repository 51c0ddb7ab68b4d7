"""The one place where a failure becomes an exit code."""

import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from mnistcli.cli.streams import print_error, print_note
from mnistcli.errors import MnistCliError

INTERRUPTED = 130


class Commands(TyperGroup):
    """Ends an expected failure in one line and a hint, and lets a bug show its traceback."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command line and exit."""
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
        except MnistCliError as error:
            print_error(error.message, error.hint)
            code = error.exit_code
        except typer.TyperException as error:
            context = getattr(error, "ctx", None)
            command = context.command_path if context else "mnistcli"
            print_error(error.format_message().rstrip("."), f"{command} --help")
            code = error.exit_code
        sys.exit(code)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C ends it without a traceback."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            print_note("interrupted")
            raise typer.Exit(INTERRUPTED) from None
