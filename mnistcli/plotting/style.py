"""Plot style: a colorblind-safe palette, font sizes, resolution, title and footer, and files."""

import io
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from mnistcli.errors import OutputError, os_reason
from mnistcli.files.atomic import write_atomically

# The colorblind-safe palette of Okabe and Ito: with all common kinds of color blindness, its colors
# can be told apart.
BLUE = "#0072B2"
VERMILION = "#D55E00"
ORANGE = "#E69F00"
GREEN = "#009E73"
# The color of text.
BLACK = "#222222"
GRAY = "#666666"
LIGHT_GRAY = "#C8C8C8"

# Font sizes in points.
_TITLE = 15
TEXT = 11
SMALL = 9

DPI = 150  # dots per inch: the resolution of all figures
# Lengths are in inches.
MARGIN = 0.35
# Distance from the upper edge to the content, with a title and a subtitle between.
TOP = 1.05
FOOTER_HEIGHT = 0.32

# Reproducible metadata: versions and times would make two files of one figure differ.
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_FONT = "DejaVu Sans"
# Hinting makes drawn text up to 9 % wider than its outlines.
_HINTING = 1.09
# Fraction of the footer that the name of the dataset may take.
_DATASET_FRACTION = 0.35


class Footer(NamedTuple):
    """The source of a figure, for its footer.

    Attributes:
        model: Name of the model.
        images: Number of images, such as ``24 of 10,000 images``; empty if it is unknown.
        dataset: Name of the dataset; empty for images that do not come from a dataset.
    """

    model: str
    images: str
    dataset: str = ""


def new_figure(
    width: float, height: float, title: str, subtitle: str, footer: Footer
) -> tuple[Figure, Axes]:
    """Create a figure with a title and a footer, and axes that cover it.

    Args:
        width: Width in inches, the unit of the axes.
        height: Height without the footer in inches. The axes' origin is the upper left corner.
        title: The result that the figure shows.
        subtitle: Instructions for reading the figure.
        footer: The source of the figure.
    """
    height += FOOTER_HEIGHT
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_autoscale_on(False)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    write_title(figure, title, subtitle)
    write_footer(figure, footer)
    return figure, axes


def write_title(figure: Figure, title: str, subtitle: str) -> None:
    """Write a title, and a subtitle below it, in the upper left corner of a figure."""
    _, height = figure.get_size_inches()
    _write(figure, title, height - 0.3, _TITLE, color=BLACK, bold=True)
    _write(figure, subtitle, height - 0.63, TEXT, color=GRAY)


def write_footer(figure: Figure, footer: Footer) -> None:
    """Write the model, the dataset and the number of images along the lower edge of a figure."""
    width = figure.get_size_inches()[0] - 2 * MARGIN
    dataset = fit_text(footer.dataset, _DATASET_FRACTION * width, SMALL)
    parts = [f"dataset: {dataset}" if dataset else "", footer.images]
    rest = "".join(f"  \N{MIDDLE DOT}  {part}" for part in parts if part)
    label = "model: "
    model = fit_text(footer.model, width - text_width(label + rest, SMALL), SMALL)
    _write(figure, label + model + rest, MARGIN / 2 + SMALL / 72, SMALL, color=GRAY)


def _write(
    figure: Figure, text: str, top: float, size: float, *, color: str, bold: bool = False
) -> None:
    """Write a line of text at the left margin, its top `top` inches above the lower edge."""
    width, height = figure.get_size_inches()
    figure.text(
        MARGIN / width,
        top / height,
        fit_text(text, width - 2 * MARGIN, size, bold=bold),
        size=size,
        color=color,
        weight="bold" if bold else "normal",
        va="top",
        parse_math=False,
    )


def fit_text(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Shorten text in the middle to fit a width; unprintable characters are replaced.

    Args:
        text: Any text, such as a file name.
        width: Maximum width in inches.
        size: Font size in points.
        bold: Whether the text is bold.
    """
    printable = to_printable(text)
    if text_width(printable, size, bold=bold) <= width:
        return printable
    fits, too_long = 0, len(printable)
    while fits + 1 < too_long:
        middle = (fits + too_long) // 2
        if text_width(_shorten(printable, middle), size, bold=bold) <= width:
            fits = middle
        else:
            too_long = middle
    return _shorten(printable, fits)


def _shorten(text: str, length: int) -> str:
    """Cut out the middle of a string: `length` characters remain."""
    tail = length // 2
    return f"{text[: length - tail]}{_ELLIPSIS}{text[len(text) - tail :]}"


def to_printable(text: str) -> str:
    """Replace characters without a glyph in the font; Matplotlib would warn about them."""
    known = _known_characters()
    return "".join(
        character if character.isprintable() and ord(character) in known else _UNKNOWN
        for character in text
    )


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Measure text: its maximum width in inches.

    Args:
        text: Printable text.
        size: Font size in points.
        bold: Whether the text is bold.
    """
    font = FontProperties(family=_FONT, size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return _HINTING * float(width) / 72


@cache
def _known_characters() -> frozenset[int]:
    """Return the code points that the font has in both weights."""
    normal, bold = (
        get_font(findfont(FontProperties(family=_FONT, weight=weight))).get_charmap()
        for weight in ("normal", "bold")
    )
    return frozenset(normal.keys() & bold.keys())


def style_axes(axes: Axes) -> None:
    """Draw the left and lower edge of axes and their ticks in gray, behind the data."""
    axes.tick_params(labelsize=SMALL, labelcolor=GRAY, color=LIGHT_GRAY, length=3)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(LIGHT_GRAY)


def save_figure(figure: Figure, path: Path, *, hint: str | None = None) -> Path:
    """Save a figure as PNG, SVG or PDF, atomically; the same figure gives the same bytes.

    Args:
        figure: The figure.
        path: The file; its suffix is the format: ``.svg``, ``.pdf``, or PNG for any other. Its
            directory is created if it does not exist.
        hint: The hint of the error.

    Returns:
        The file.

    Raises:
        OutputError: The file cannot be written.
    """
    stream = io.BytesIO()
    suffix = path.suffix.removeprefix(".").lower()
    file_format = suffix if suffix in _METADATA else "png"
    with rc_context({"svg.hashsalt": "mnistcli"}):  # otherwise, the ids in an SVG file are random
        figure.savefig(stream, format=file_format, dpi=DPI, metadata=_METADATA[file_format])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, stream.getvalue())
    except OSError as error:
        raise OutputError(f"cannot write {str(path)!r}: {os_reason(error)}", hint=hint) from error
    return path
