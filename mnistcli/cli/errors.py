"""Exception handler: exit codes, one line for an error, and one with a command to type.

The messages of Typer (BadParameter, UsageError) are reworded in the same form.
"""

import re
from collections.abc import Callable
from typing import Any

import typer

from mnistcli.cli.hints import complete_hint, running_command
from mnistcli.cli.streams import print_error
from mnistcli.errors import MnistCliError
from mnistcli.suggestions import find_similar
from mnistcli.system import signals


def run_and_report(run: Callable[[], Any]) -> int:
    """Run a command line; print its error, if there is one, and return the exit code.

    Args:
        run: Runs the command line and returns its exit code, or None.

    Returns:
        0 for success, 1 for a failure, 2 for a usage error, 130 after Ctrl-C. Any other exception
        is a bug and is raised, with its traceback.
    """
    try:
        code: int = run() or 0
    except MnistCliError as error:
        print_failure(error)
        return error.exit_code
    except typer.TyperException as error:
        _print_usage_error(error)
        return error.exit_code
    if code == signals.INTERRUPTED:
        signals.announce(code)
    return code


def print_failure(error: MnistCliError) -> None:
    """Print an error that a user can fix, and its hint as a command to type."""
    print_error(error.message, complete_hint(error.hint))


def _print_usage_error(error: typer.TyperException) -> None:
    context, command_line = getattr(error, "ctx", None), running_command.get()
    hint = f"mnistcli {command_line.name} --help" if command_line else "mnistcli --help"
    message = _message(error)
    # Typer exports only the base class of its usage errors: they are distinguished by attributes.
    if context is not None and hasattr(error, "possibilities"):
        names = [
            name for parameter in context.command.get_params(context) for name in parameter.opts
        ]
        wrong: str = getattr(error, "option_name", "")
        message = f"unknown option {wrong!r}"
        if right := find_similar(wrong, names):
            message += f"; did you mean {right!r}?"
            hint = command_line.with_name(wrong, right) if command_line else hint
    print_error(message, hint)


def _message(error: typer.TyperException) -> str:
    """Return the message of a usage error in the style of the other errors."""
    parameter = getattr(error, "param", None)
    if parameter is not None and hasattr(error, "param_type"):
        return f"missing {parameter.param_type_name} {_name(parameter)}"
    if parameter is not None and (expected := _expected_value(parameter, error.message)):
        return f"{_name(parameter)} must be {expected}"
    message = error.format_message().rstrip(".")
    if match := re.fullmatch(r"Option '(.+)' requires an argument", message):
        return f"{match[1]} requires a value"
    if match := re.fullmatch(r"Option '(.+)' does not take a value", message):
        return f"{match[1]} does not take a value"
    if match := re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", message, re.DOTALL):
        return f"unexpected argument: {match[1]}"
    return message


def _expected_value(parameter: Any, message: str) -> str | None:
    """Return the end of the message for a value of the wrong type or out of bounds, else None.

    Args:
        parameter: Typer's option or argument.
        message: Typer's message.
    """
    if match := re.fullmatch(r"(.*) is not a valid (int|float).*", message, re.DOTALL):
        return f"{'a whole number' if match[2] == 'int' else 'a number'}, not {match[1]}"
    if match := re.fullmatch(r"(.*) is not in the range .*", message):
        limits = {"at least": parameter.type.min, "at most": parameter.type.max}
        bounds = [f"{word} {bound:g}" for word, bound in limits.items() if bound is not None]
        return f"{' and '.join(bounds)}, not {match[1]}"
    return None


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.human_readable_name)
    return str(max(parameter.opts, key=len))
