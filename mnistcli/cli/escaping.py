"""Escaping of control characters in names that come from files and other people.

Sanitized names cannot inject an ANSI escape sequence into the terminal.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnistcli.files.object_stores import FileName


def escape(text: str) -> str:
    """Escape control characters, so that no ANSI escape sequence reaches the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def quote_name(name: "str | FileName") -> str:
    """Return a name as it is, or quoted if it has unprintable characters."""
    text = str(name)
    return text if text.isprintable() else repr(text)
