"""What all pictures share: a sheet measured in inches, colours, sizes, and the way to a file."""

import io
import math
import shlex
from functools import cache
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from numpy.typing import ArrayLike

from mnistcli.errors import RunError
from mnistcli.files import write_atomically

# Okabe and Ito's colours, which stay apart in every common kind of colour blindness.
BLUE = "#0072B2"
ORANGE = "#E69F00"
RED = "#D55E00"
INK = "#222222"
GREY = "#666666"
PALE = "#C8C8C8"

# Font sizes in points.
TITLE = 15
TEXT = 11
SMALL = 9

DPI = 150
MARGIN = 0.35
# Where the content starts below a title and a subtitle, in inches from the upper edge.
TOP = 1.05
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


def new_sheet(width: float, height: float, title: str, subtitle: str = "") -> tuple[Figure, Axes]:
    """Return a figure under a title, and axes that cover it with (0, 0) in the upper left corner.

    Args:
        width: Width in inches, the unit of the axes.
        height: Height in inches, downwards.
        title: What the picture shows, as one finding.
        subtitle: How to read it.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_autoscale_on(False)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    write_title(figure, title, subtitle)
    return figure, axes


def write_title(figure: Figure, title: str, subtitle: str = "") -> None:
    """Write a title, and a subtitle below it, into the upper left corner of a figure."""
    width, height = figure.get_size_inches()
    for text, top, size, color, weight in (
        (title, 0.3, TITLE, INK, "bold"),
        (subtitle, 0.63, TEXT, GREY, "normal"),
    ):
        figure.text(
            MARGIN / width,
            1 - top / height,
            text,
            size=size,
            color=color,
            weight=weight,
            va="top",
            parse_math=False,
        )


def draw_image(
    axes: Axes,
    image: ArrayLike,
    place: tuple[float, float, float, float],
    *,
    cmap: str = "gray",
    limits: tuple[float, float] = (0, 255),
) -> None:
    """Draw an image on a sheet, its pixels sharp.

    Args:
        axes: The sheet.
        image: Grey values (h, w), or colours (h, w, 3 or 4).
        place: Left edge, upper edge, width and height in inches.
        cmap: Colour map for grey values.
        limits: Grey values at the two ends of the colour map.
    """
    left, top, width, height = place
    low, high = limits
    axes.imshow(
        image,
        extent=(left, left + width, top + height, top),
        aspect="auto",
        cmap=cmap,
        vmin=low,
        vmax=high,
        interpolation="nearest",
    )


def columns_for(count: int, width: float) -> int:
    """Return how many columns to put `count` tiles into.

    Args:
        count: The number of tiles, at least 1.
        width: The columns wanted for each row, were there no gaps: 1 gives a square.

    Returns:
        The number of columns that is close to that and leaves few gaps in the last row.
    """
    wanted = math.sqrt(width * count)
    return min(
        range(1, count + 1), key=lambda columns: -count % columns + 2 * abs(columns - wanted)
    )


def percent(share: float, digits: int = 1) -> str:
    """Return a share of 1 as percent; only 1 itself gives 100 % and only 0 gives 0 %."""
    step = 10.0**-digits
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    if share * 100 < step / 2:
        return f"<{step:.{digits}f} %"
    if share * 100 >= 100 - step / 2:
        return f">{100 - step:.{digits}f} %"
    return f"{share * 100:.{digits}f} %"


def plain(text: str, longest: int = 40) -> str:
    """Return text from outside as it can be drawn: known characters only, shortened in the middle.

    Args:
        text: Any text, such as a file name.
        longest: Characters to keep, at most.
    """
    known = _characters()
    drawn = "".join(
        character if character.isprintable() and ord(character) in known else UNKNOWN
        for character in text
    )
    if len(drawn) <= longest:
        return drawn
    tail = longest // 3
    return f"{drawn[: longest - tail - 1]}\N{HORIZONTAL ELLIPSIS}{drawn[-tail:]}"


@cache
def _characters() -> frozenset[int]:
    """Return the characters that matplotlib's own font has; drawing another one is a warning."""
    normal, bold = (
        get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight))).get_charmap()
        for weight in ("normal", "bold")
    )
    return frozenset(normal.keys() & bold.keys())


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, all of it or nothing; the same figure gives the same bytes.

    Args:
        figure: The figure.
        path: The file. Its directory is made where there is none.

    Returns:
        The file.

    Raises:
        RunError: The file cannot be written.
    """
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, stream.getvalue())
    except OSError as error:
        raise RunError(
            f"cannot write {str(path)!r}: {error.strerror}",
            hint=f"ls -ld {shlex.quote(str(path.parent))}",
        ) from error
    return path
