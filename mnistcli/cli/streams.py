"""Output streams: results go to stdout; progress, notes and errors go to stderr.

Strings from outside are printed as they are: rich markup in them is not interpreted, and a string
with unprintable characters is quoted.
"""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

out = Console(markup=False, highlight=False, emoji=False)


err = Console(stderr=True, markup=False, highlight=False, emoji=False)


def print_line(text: str) -> None:
    """Print a line of a result, however long it is."""
    # Past rich, which takes longer to lay a line out than it takes to read a digit.
    out.file.write(f"{text}\n")


def print_note(text: str) -> None:
    """Print a line about what is going on."""
    err.print(text, soft_wrap=True, style="dim")


def print_error(message: str, hint: str | None = None) -> None:
    """Print what was wrong on one line, and on another what to type instead."""
    err.print(Text.assemble(("error: ", "bold red"), " ".join(message.split())), soft_wrap=True)
    if hint is not None:
        err.print(Text.assemble(("hint: ", "bold"), hint), soft_wrap=True)


def print_saved(*paths: Path, as_json: bool = False) -> None:
    """Print where pictures went: to stderr where stdout is JSON."""
    for path in paths:
        if as_json:
            print_note(f"picture: {shown(path)}")
        else:
            print_line(shown(path))


def print_picture(path: Path, *, as_json: bool = False) -> None:
    """Print where the picture of a report went."""
    if as_json:
        print_saved(path, as_json=True)
    else:
        print_line(f"\npicture  {shown(path)}")


def print_json(content: dict[str, Any], indent: int | None = 2) -> None:
    print_line(json.dumps(content, indent=indent, ensure_ascii=False))


def shown(name: str | Path) -> str:
    """Return a name as it is, or quoted where it holds what would break a line."""
    text = str(name)
    return text if text.isprintable() else repr(text)


def percent(share: float) -> str:
    return f"{share * 100:.2f} %"
