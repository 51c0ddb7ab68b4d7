"""Output streams: results go to stdout; the model, progress, notes and errors go to stderr.

Text from outside is printed as it is: rich markup in it is not interpreted, and unprintable
characters are escaped, so that no file name can control the terminal. rich honors ``$NO_COLOR`` and
``$FORCE_COLOR``. A broken pipe is handled in `mnistcli.__main__`.
"""

import json
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from mnistcli.cli.escaping import escape, quote_name

out = Console(markup=False, highlight=False, emoji=False)
"""The console of results."""

err = Console(stderr=True, markup=False, highlight=False, emoji=False)
"""The console of everything else."""


class _Verbosity:
    """Whether notes and progress are printed."""

    quiet = False
    animated = True


def set_verbosity(*, quiet: bool = False, verbose: bool = False) -> None:
    """Set the verbosity of stderr; errors are always printed.

    Args:
        quiet: Suppress the model, progress and notes.
        verbose: Print progress without animations, which would mix with log messages.
    """
    _Verbosity.quiet = quiet
    _Verbosity.animated = not quiet and not verbose


def is_animated() -> bool:
    """Return whether spinners and progress bars are drawn: only if stderr is a terminal.

    Rich treats a stream as a terminal if ``$FORCE_COLOR`` is set, as it is in notebooks. Colors do
    no harm there; an animation would fill the output with its frames.
    """
    return _Verbosity.animated and err.file.isatty() and not err.is_dumb_terminal


def print_line(text: str) -> None:
    """Print a line of a result without wrapping it."""
    # Without rich, whose layout takes longer than the prediction of a digit.
    out.file.write(f"{text}\n")


def print_table(table: RenderableType) -> None:
    """Print a table of results."""
    out.print(table)


def print_json(content: dict[str, Any], indent: int | None = 2) -> None:
    """Print an object as JSON; without `indent`, on one line."""
    print_line(json.dumps(content, indent=indent, ensure_ascii=False))


def print_note(text: str) -> None:
    """Print a line about the progress or the input, unless notes are off."""
    if not _Verbosity.quiet:
        err.print(escape(text), soft_wrap=True, style="dim")


def print_model(description: str) -> None:
    """Print the model in use to stderr, unless notes are off."""
    if not _Verbosity.quiet:
        err.print(Text.assemble(("model: ", "bold"), escape(description)), soft_wrap=True)


def print_progress_line(text: str) -> None:
    """Print the line of an epoch to stderr, unless progress is off."""
    if not _Verbosity.quiet:
        err.print(escape(text), soft_wrap=True)


def print_error(message: str, hint: str | None = None) -> None:
    """Print an error on one line, and the hint on another."""
    line = escape(" ".join(message.split()))
    err.print(Text.assemble(("error: ", "bold red"), line), soft_wrap=True)
    if hint is not None:
        err.print(Text.assemble(("hint: ", "bold"), escape(hint)), soft_wrap=True)


def print_paths(*paths: Path) -> None:
    """Print the paths of files that were written, as results."""
    for path in paths:
        print_line(quote_name(path))


def print_figure(path: Path, *, as_json: bool = False) -> None:
    """Print the path of a report's figure; to stderr if stdout is JSON."""
    if as_json:
        print_note(f"figure: {path}")
    else:
        print_line(f"\nfigure  {quote_name(path)}")
