"""The classes of the commands: the group `mnistcli` and its subcommands, on top of Typer's."""

import copy
import inspect
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from mnistcli.cli.completion import complete_for
from mnistcli.cli.errors import run_and_report
from mnistcli.cli.hints import CommandLine, running_command
from mnistcli.errors import ConfigError
from mnistcli.suggestions import find_similar


class Command(TyperCommand):
    """A subcommand. Its help shows no types, and no option takes an empty value."""

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, **extra)
        if self.help:  # Typer keeps the line ends of all paragraphs but the first
            paragraphs = inspect.cleandoc(self.help).split("\n\n")
            self.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters; arguments show no type in the help."""
        return _without_types(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the parts of the usage line; Typer leaves out that an argument can be repeated."""
        pieces = super().collect_usage_pieces(ctx)
        if any(
            isinstance(parameter, TyperArgument) and parameter.nargs == -1
            for parameter in self.params
        ):
            pieces[-1] += "..."
        return pieces

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments.

        Raises:
            ConfigError: The value of an option is an empty string, as from an unset variable.
        """
        if not ctx.resilient_parsing:  # as it is during completion
            _require_values(self, args)
        return super().parse_args(ctx, args)


class CommandGroup(TyperGroup):
    """The program. An expected failure ends in one line and a hint; a bug shows its traceback."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> NoReturn:
        """Run a command line and exit."""
        extra["standalone_mode"] = False
        arguments = sys.argv[1:] if args is None else list(args)
        run = super().main
        token = running_command.set(self._command_line(arguments))
        try:
            code = run_and_report(lambda: run(args, **extra))
        finally:
            running_command.reset(token)
        sys.exit(code)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters; flags show no type in the help."""
        return _without_types(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; the completion options accept the name of a shell.

        Raises:
            ConfigError: The shell is unknown.
        """
        option, _, shell = args[0].partition("=") if args else ("", "", "")
        shells = [shell] if shell else args[1:]
        if option in {"--install-completion", "--show-completion"} and len(shells) == 1:
            complete_for(option, shells[0], ctx)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command.

        Raises:
            ConfigError: There is no such command. For a typo, a similar name is suggested.
        """
        name, *rest = args
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            match = find_similar(name, self.commands)
            if match is None:
                names = ", ".join(self.commands)
                raise ConfigError(
                    f"unknown command {name!r}: choose from {names}", hint="mnistcli --help"
                )
            command_line = self._command_line([match, *rest])
            raise ConfigError(
                f"unknown command {name!r}; did you mean {match!r}?",
                hint=command_line.as_typed() if command_line else None,
            )
        return super().resolve_command(ctx, args)

    def _command_line(self, arguments: list[str]) -> CommandLine | None:
        command = self.commands.get(arguments[0]) if arguments else None
        if not isinstance(command, TyperCommand):
            return None
        return CommandLine(arguments[0], command, tuple(arguments[1:]))


def _without_types(parameters: list[Any]) -> list[Any]:
    """Hide the types of arguments, such as ``<str>``."""
    for parameter in parameters:
        if isinstance(parameter, TyperArgument):
            parameter.type = copy.copy(parameter.type)  # one object serves all parameters of a type
            setattr(parameter.type, "get_metavar", _no_type)  # noqa: B010 - a method
    return parameters


def _no_type(*_: Any, **__: Any) -> str:
    return ""


def _require_values(command: Command, args: list[str]) -> None:
    options = (
        parameter
        for parameter in command.params
        if isinstance(parameter, TyperOption) and not parameter.is_flag
    )
    names = {name for option in options for name in option.opts}
    for previous, argument in zip(["", *args], args, strict=False):
        if argument == "--":
            return
        option = previous if argument == "" else argument.removesuffix("=")
        if option in names and (argument == "" or argument.endswith("=")):
            raise ConfigError(
                f"{option} is empty; is a shell variable not set?",
                hint=f"mnistcli {command.name} --help",
            )
