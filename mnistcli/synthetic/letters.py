"""Synthetic letters as non-digits: printed, handwritten and in lines of text."""

from functools import cache
from pathlib import Path
from string import ascii_letters

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage

from mnistcli.preprocessing.normalization import to_mnist_format
from mnistcli.synthetic.pen import Stroke, arc, draw_strokes

# The alphabet without letters that look like a digit in some handwriting: O Q D U a e u (0),
# I J i j l r T t (1), Z z (2), B (3, 8), Y y h (4), S s $ (5), G b (6), ? > (7), & (8), g q (9),
# and L, which looks like several.
_LETTERS = "AACCEEFFHHKKMMNPRVWXfkmnpvwx"
_SIGNS_AND_LETTERS = "%@#€<*ΔΞΠΨЖШЫ"  # in the DejaVu fonts only
_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif"),
    *("DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBolIta"),
    *("cmr10", "cmmi10", "cmss10", "cmb10", "cmtt10"),
)
_FONT_SIZE = 40  # pixels
_LETTER_CANVAS = (80, 72)  # pixels: width, height
_TEXT_CANVAS = (200, 90)
_LINE_HEIGHT = 36

# Handwritten A C E F H K M N P R V W, in a box one unit high; y grows downwards.
_HANDWRITTEN_LETTERS: tuple[list[Stroke], ...] = (
    [[(0, 1), (0.45, 0), (0.9, 1)], [(0.2, 0.6), (0.7, 0.6)]],
    [arc((0.5, 0.5), (0.5, 0.5), 320, 40)],
    [[(0.6, 0), (0, 0), (0, 1), (0.6, 1)], [(0, 0.5), (0.5, 0.5)]],
    [[(0.6, 0), (0, 0), (0, 1)], [(0, 0.45), (0.5, 0.45)]],
    [[(0, 0), (0, 1)], [(0.7, 0), (0.7, 1)], [(0, 0.5), (0.7, 0.5)]],
    [[(0, 0), (0, 1)], [(0.6, 0), (0, 0.55), (0.65, 1)]],
    [[(0, 1), (0.1, 0), (0.45, 0.7), (0.8, 0), (0.9, 1)]],
    [[(0, 1), (0, 0), (0.7, 1), (0.7, 0)]],
    [[(0, 1), (0, 0)], [(0, 0), (0.55, 0.1), (0.55, 0.45), (0, 0.55)]],
    [[(0, 1), (0, 0)], [(0, 0), (0.55, 0.1), (0.55, 0.4), (0, 0.5), (0.6, 1)]],
    [[(0, 0), (0.45, 1), (0.9, 0)]],
    [[(0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0)]],
)  # fmt: skip


def render_letter(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Render a printed letter or sign: solid or hollow, in perspective, some inverted.

    Args:
        rng: The random number generator.
    """
    font_name = str(rng.choice(_FONTS))
    characters = _LETTERS + _SIGNS_AND_LETTERS if font_name.startswith("DejaVu") else _LETTERS
    return render_character(str(rng.choice(list(characters))), font_name, rng)


def render_character(character: str, font_name: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Render a printed character: solid or hollow, in perspective, some inverted.

    Args:
        character: The character.
        font_name: Name of a font of matplotlib.
        rng: The random number generator.

    Returns:
        uint8 (28, 28) in MNIST format.
    """
    outline_width = int(rng.integers(0, 4)) * int(rng.random() < 0.5)
    canvas = Image.new("L", _LETTER_CANVAS)
    pen = ImageDraw.Draw(canvas)
    font = load_font(font_name)
    pen.text((20, 8), character, fill=255, font=font, stroke_width=outline_width)
    if outline_width > 1 and rng.random() < 0.3:  # hollow
        pen.text((20, 8), character, fill=0, font=font)
    warped = _warp_perspective(canvas, rng)
    blurred = warped.filter(ImageFilter.BoxBlur(max(0, rng.uniform(-2, 4))))
    coverage = np.asarray(blurred, dtype=np.float32)
    coverage /= coverage.max()
    if rng.random() < 0.15:  # a dark letter in a light box
        coverage = 1 - _crop_with_margin(coverage, int(rng.integers(2, 8)))
    return to_mnist_format(coverage)


def render_text(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Render one or two lines of printed letters, scaled to the size of one digit.

    Args:
        rng: The random number generator.
    """
    canvas = Image.new("L", _TEXT_CANVAS)
    pen, font = ImageDraw.Draw(canvas), load_font(str(rng.choice(_FONTS)))
    for line in range(rng.integers(1, 3)):
        letters = rng.choice(list(ascii_letters), int(rng.integers(3, 7)))
        pen.text((4, 4 + _LINE_HEIGHT * line), "".join(letters), fill=255, font=font)
    return to_mnist_format(np.asarray(canvas, dtype=np.float32) / np.float32(255))


def draw_letter(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a handwritten capital letter.

    Args:
        rng: The random number generator.
    """
    return draw_strokes(_HANDWRITTEN_LETTERS[rng.integers(len(_HANDWRITTEN_LETTERS))], rng)


def _warp_perspective(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Move the four corners at random, and shear."""
    width, height = image.size
    corners = np.array([(0, 0), (0, height), (width, height), (width, 0)]) + rng.normal(
        0, 6, (4, 2)
    )
    corners[[0, 3], 0] += rng.uniform(-16, 16)
    return image.transform(
        image.size, Image.Transform.QUAD, corners.ravel().tolist(), Image.Resampling.BILINEAR
    )


def _crop_with_margin(coverage: NDArray[np.float32], margin: int) -> NDArray[np.float32]:
    """Crop to the bounding box of the foreground, with a margin in pixels on every side."""
    rows, columns = ndimage.find_objects((coverage > 0.5).astype(np.int8))[0]
    return coverage[
        max(rows.start - margin, 0) : rows.stop + margin,
        max(columns.start - margin, 0) : columns.stop + margin,
    ]


@cache
def load_font(name: str, size: int = _FONT_SIZE) -> ImageFont.FreeTypeFont:
    """Load a font of matplotlib, with a size in pixels."""
    path = Path(mpl.get_data_path(), "fonts", "ttf", f"{name}.ttf")
    return ImageFont.truetype(path, size)
