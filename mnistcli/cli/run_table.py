"""Table of runs on stdout: accuracy, loss, time, recipe and changed settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from mnistcli.cli.escaping import quote_name
from mnistcli.cli.hints import quote_argument
from mnistcli.cli.setting_options import option_text
from mnistcli.cli.streams import out, print_line
from mnistcli.formatting import percent

if TYPE_CHECKING:
    from mnistcli.run_summaries import RunSummary

_GAP = "  "
_HEADER = ("run", "accuracy", "loss", "seconds", "recipe and changed settings")
# Minimum width of the last column; if the terminal width leaves less, the settings are below their
# run.
_MIN_WIDTH = 20
_INDENT = 4


class NamedSummary(NamedTuple):
    """A run, and the name that the table shows for it."""

    name: str
    summary: "RunSummary"


def print_runs(runs: Sequence[NamedSummary], *, numbered: bool = False) -> None:
    """Print a table of runs: one line per run, or more on a terminal that is too narrow.

    Args:
        runs: One row each, in this order.
        numbered: Whether to number them from 1.
    """
    table: list[tuple[str, ...]] = [_HEADER[:-1], *map(_cells, runs)]
    texts = [_HEADER[-1].split(), *(_settings(run.summary) for run in runs)]
    if numbered:
        table = [(str(number or ""), *row) for number, row in enumerate(table)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    indent = sum(widths) + len(_GAP) * len(widths)
    is_below = out.is_terminal and out.width - indent < _MIN_WIDTH
    indent = _INDENT if is_below else indent
    # Without a terminal, a run has one line, for grep and the like.
    last_width = out.width - indent if out.is_terminal else None
    for row, text in zip(table, texts, strict=True):
        lines = _wrap(text, last_width)
        cells = [set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)]
        print_line(_GAP.join([*cells, "" if is_below else lines.pop(0)]).rstrip())
        for line in lines:
            print_line(" " * indent + line)


def _cells(run: NamedSummary) -> tuple[str, str, str, str]:
    summary = run.summary
    return (
        quote_name(run.name),
        "-" if summary.accuracy is None else percent(summary.accuracy),
        "-" if summary.loss is None else f"{summary.loss:.4f}",
        "-" if summary.seconds is None else f"{summary.seconds:.1f}",
    )


def _settings(summary: "RunSummary") -> list[str]:
    """Return the recipe, the changed settings as options, and remarks such as ``unfinished``."""
    changes = [option_text(name, value) for name, value in summary.changes.items()]
    remarks = [summary.progress, "no better than chance" if summary.is_at_chance else ""]
    remark = ", ".join(filter(None, remarks))
    return [
        quote_argument(summary.config.recipe),
        *changes,
        *(f"({remark})".split() if remark else ()),
    ]


def _wrap(words: Sequence[str], width: int | None) -> list[str]:
    """Join words to lines that fit (word wrap); a longer word has a line of its own."""
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} {word}"
        if width is None or cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
