"""Hints as commands to type: the command that ran, with the option of the hint in place.

Shell quoting makes names with spaces and special characters safe to paste.
"""

import os
import shlex
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from typer.core import TyperArgument, TyperCommand, TyperOption

# Longer commands, such as those with many images, are abbreviated.
_MAX_COMMAND = 300
_POSITIONAL = ""


@dataclass(frozen=True)
class _ArgumentGroup:
    """Arguments that belong together: an option with its value, or a positional argument.

    Attributes:
        name: The name of the parameter; empty for a positional argument, ``--`` for the separator.
        words: The arguments as they were typed.
    """

    name: str | None
    words: tuple[str, ...]


@dataclass(frozen=True)
class CommandLine:
    """A command that runs, and its arguments.

    Attributes:
        name: The name of the command, such as ``train``.
        command: Its options and arguments.
        arguments: The arguments after the name.
    """

    name: str
    command: TyperCommand
    arguments: tuple[str, ...]

    def with_option(self, hint: str) -> str | None:
        """Return the command to type, with an option added or its value replaced.

        Args:
            hint: An option of the command, and its value if it takes one, such as ``--epochs 10``.
                ``--model X`` is the positional argument of commands that have one, and ``--from X``
                for ``train``.

        Returns:
            The command, quoted for a shell. None if the command has no such option.
        """
        option, _, value = hint.partition(" ")
        values = [_unquote(value)] if value else []
        if option == "--model" and self._has_model_argument:
            return self._join(self._replace(_POSITIONAL, tuple(values)))
        if option == "--model" and option not in self._options:
            option = "--from"
        if option not in self._options:
            return None
        name = self._options[option].name
        typed = (group.words[0].partition("=")[0] for group in self._groups() if group.name == name)
        if values:
            option = next((word for word in typed if word in self._options), option)
        return self._join(self._replace(name, (option, *values)))

    def as_typed(self) -> str:
        """Return the command with its arguments as they were typed."""
        return self._join(self._groups())

    def with_name(self, wrong: str, right: str) -> str:
        """Return the command to type, with the name of an option corrected."""
        groups = [
            _ArgumentGroup(_POSITIONAL, (right + word.removeprefix(wrong),))
            if word.partition("=")[0] == wrong
            else _ArgumentGroup(_POSITIONAL, (word,))
            for word in self.arguments
        ]
        return self._join(groups)

    @property
    def _has_model_argument(self) -> bool:
        parameters = self.command.params
        return any(
            isinstance(parameter, TyperArgument) and parameter.name == "model"
            for parameter in parameters
        )

    @property
    def _options(self) -> dict[str, TyperOption]:
        options = [
            parameter for parameter in self.command.params if isinstance(parameter, TyperOption)
        ]
        return {
            name: option for option in options for name in (*option.opts, *option.secondary_opts)
        }

    def _groups(self) -> Iterator[_ArgumentGroup]:
        """Split the arguments as the parser does."""
        options, rest = self._options, list(self.arguments)
        while rest:
            word = rest.pop(0)
            if word == "--":
                yield _ArgumentGroup(word, (word,))
                yield from (_ArgumentGroup(_POSITIONAL, (positional,)) for positional in rest)
                return
            option = options.get(word) or options.get(word.partition("=")[0])
            if option is not None:
                takes_next = not option.is_flag and word in options and rest
                yield _ArgumentGroup(option.name, (word, rest.pop(0)) if takes_next else (word,))
            elif word[:2] in options:
                yield from self._short_groups(word, rest)
            else:
                yield _ArgumentGroup(_POSITIONAL, (word,))

    def _short_groups(self, word: str, rest: list[str]) -> Iterator[_ArgumentGroup]:
        """Split short options in one argument, such as ``-qr`` and ``-oDIR``."""
        for index, letter in enumerate(word[1:], start=1):
            option = self._options.get(f"-{letter}")
            if option is None or option.is_flag:
                yield _ArgumentGroup(option.name if option else word, (f"-{letter}",))
                continue
            attached = word[index + 1 :]
            values = [attached] if attached else rest[:1]
            if not attached:
                del rest[:1]
            yield _ArgumentGroup(option.name, (f"-{letter}", *values))
            return

    def _replace(self, name: str | None, words: tuple[str, ...]) -> list[_ArgumentGroup]:
        """Return the groups with a parameter's groups replaced; new ones come before ``--``."""
        groups = list(self._groups())
        new = _ArgumentGroup(name, words)
        old = [index for index, group in enumerate(groups) if group.name == name]
        end = next((index for index, group in enumerate(groups) if group.name == "--"), len(groups))
        default = 0 if name == _POSITIONAL else end
        groups.insert(old[0] if old else default, new)
        return [group for group in groups if group.name != name or group is new]

    def _join(self, groups: Iterable[_ArgumentGroup]) -> str:
        start = f"mnistcli {self.name}"
        quoted = [(group.name, " ".join(map(quote_argument, group.words))) for group in groups]
        command = " ".join([start, *(text for _, text in quoted)])
        if len(command) <= _MAX_COMMAND:
            return command
        return " ".join([start, "...", *(text for name, text in quoted if name != _POSITIONAL)])


running_command: ContextVar[CommandLine | None] = ContextVar("running_command", default=None)
"""The command that runs; None outside the command line."""


def complete_hint(hint: str | None) -> str | None:
    """Return a hint of the core as a command to type.

    Args:
        hint: An option, such as ``--dataset digits``, or text that is printed as it is.

    Returns:
        The hint; None if there is none or if the command that runs has no such option.
    """
    command_line = running_command.get()
    if hint is None or command_line is None or not hint.startswith("-"):
        return hint
    return command_line.with_option(hint)


def quote_argument(argument: str) -> str:
    r"""Quote an argument for a shell; unprintable characters are escaped as in ``$'a\x1b'``."""
    if argument.isprintable():
        return shlex.quote(argument)
    plain = (c.isprintable() and c not in "'\\" for c in argument)
    escaped = (
        c if is_plain else "".join(f"\\x{byte:02x}" for byte in os.fsencode(c))
        for c, is_plain in zip(argument, plain, strict=True)
    )
    return f"$'{''.join(escaped)}'"


def _unquote(value: str) -> str:
    """Return the value of a hint; a hint may be quoted for a shell or not."""
    try:
        words = shlex.split(value)
    except ValueError:
        return value
    return words[0] if len(words) == 1 else value
