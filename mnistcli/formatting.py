"""Formatting for people: percentages, counts with their nouns, and lines of tables."""

from collections.abc import Sequence


def percent(fraction: float, decimals: int = 2) -> str:
    """Format a fraction as a percentage, such as ``98.74 %``."""
    return f"{fraction * 100:.{decimals}f} %"


def format_count(number: int, noun: str) -> str:
    """Format a count with thousands separators and its plural: ``1 step``, ``10,000 images``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def join_names(names: Sequence[str]) -> str:
    """Join names, such as ``0, 1 and 7``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def bounded_percent(fraction: float, decimals: int = 1) -> str:
    """Format a fraction as percent, without rounding to 0 % or 100 % unless it is 0 or 1."""
    step = 10.0**-decimals
    if fraction in (0, 1):
        return percent(fraction, 0)
    if fraction * 100 < step / 2:
        return f"<{step:.{decimals}f} %"
    if fraction * 100 >= 100 - step / 2:
        return f">{100 - step:.{decimals}f} %"
    return percent(fraction, decimals)


def format_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Format a line of a table, its cells left-aligned and two spaces apart.

    Args:
        cells: The cells, at most as many as there are widths.
        widths: The minimum widths of the columns.
    """
    return "  ".join(
        f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False)
    ).rstrip()
