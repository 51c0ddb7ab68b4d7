"""Natural sort order of names, 2 before 10, and directory listings in it without hidden files."""

import re
from pathlib import Path


def natural_key(name: str | Path) -> tuple[tuple[int, int, str], ...]:
    """Return the key to sort names in natural order: ``2.png`` before ``10.png``."""
    pieces = re.findall(r"\d+|\D+", str(name))
    return tuple(
        (0, int(piece), piece) if piece.isascii() and piece.isdigit() else (1, 0, piece)
        for piece in pieces
    )


def list_directory(path: Path) -> list[Path]:
    """Return the paths in a directory in natural order, without hidden ones (dotfiles).

    Raises:
        OSError: The directory cannot be read.
    """
    visible = (entry for entry in path.iterdir() if not entry.name.startswith("."))
    return sorted(visible, key=lambda entry: natural_key(entry.name))


def list_subdirectories(path: Path) -> list[Path]:
    """Return the directories in a directory, as `list_directory` does."""
    return [entry for entry in list_directory(path) if entry.is_dir()]
