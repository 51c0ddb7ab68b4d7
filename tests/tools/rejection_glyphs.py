"""Non-digits of fonts other than the training's: letters and numerals of scripts, and signs.

The Noto fonts are not part of the project (``apt-get install fonts-noto-core``). Glyphs that look
like 0 to 9 are left out, by eye, regardless of what a model predicts. The distortions use code
other than that of `mnistcli.synthetic`. The training has none of the scripts. It has Lao, whose
letters and numerals are similar to those of Thai.
"""

import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFont

Ink = NDArray[np.float32]
"""Coverage of each pixel with ink, float32 0..1, shape (h, w), with a margin."""

Kind = Callable[[np.random.Generator], Ink]
"""Draws one non-digit."""

_FOLDER = Path("/usr/share/fonts/truetype/noto")
_STYLES = ("Sans{}-Regular", "Sans{}-Bold", "Serif{}-Regular", "Serif{}-Bold")
_SIZE = 96  # pixels
_CANVAS = (420, 300)

# Script: first and last code point, and the letters left out.
_SCRIPTS = {
    "Devanagari": (0x905, 0x939, "इईउऊङटठडढदरह"),
    "Bengali": (0x985, 0x9B9, "ইএঐওঔঙটঠডঢতঌ"),
    "Tamil": (0xB85, 0xBB9, "டபா"),
    "Telugu": (0xC05, 0xC39, "గరఎఏఒఓఠదడఢ"),
    "Thai": (0xE01, 0xE2E, "ขฃงจดตบรธอวนปล"),
    "Khmer": (0x1780, 0x17B3, "រវឧឱ"),
    "Ethiopic": (0x1208, 0x1357, "ረሩሪራሬርሮሯነኑኒናኔንኖኗገጉጊጋጌግጎዐዑዒዓዔዕዖፀፁፂፃፄፅፆቶተፐየ"),
}
_NUMERALS = {
    "Devanagari": "६",
    "Tamil": "௧௨௩௪௫௬௭௯",
    "Thai": "๓๔๕๗๘",
    "Khmer": "២៣៤៥៧៨៩",
    "Telugu": "౬౯",
    "Ethiopic": "፩፪፫፭፮፯፰፱፲",
}
NEW_CATEGORIES = (
    *(f"letters: {script}" for script in _SCRIPTS),
    *("letters similar to a digit", "numerals of these scripts"),
)
"""Names of the kinds that need fonts and whose characters are not in the training material."""

CATEGORIES = (
    *NEW_CATEGORIES,
    *("Latin letters, other font", "currency signs, other font", "operators, other font"),
)
"""Names of all kinds that need fonts."""

_CURRENCY = "€£¥₩₽₹₪₦₱₺"  # without $ and ¢
_OPERATORS = "+×÷±=≈√∑∏∞%#@*«≡∀∈"  # noqa: RUF001
_LATIN = "ACEFHKMNPRVWXkmnpvwx"  # as in `mnistcli.synthetic.letters`


def font_kinds() -> dict[str, Kind]:
    """Return the kinds, keyed by name; those whose fonts are missing are skipped."""
    kinds: dict[str, Kind] = {}
    for script in _SCRIPTS:
        if fonts := _fonts(script):
            kinds[f"letters: {script}"] = partial(_draw, fonts, letters_of(script))
    similar = {script: left_out for script, (*_, left_out) in _SCRIPTS.items() if _fonts(script)}
    numerals = {script: text for script, text in _NUMERALS.items() if _fonts(script)}
    if similar:
        kinds["letters similar to a digit"] = partial(_draw_of_scripts, similar)
        kinds["numerals of these scripts"] = partial(_draw_of_scripts, numerals)
    if latin := _fonts(""):
        kinds["Latin letters, other font"] = partial(_draw, latin, _LATIN)
        kinds["currency signs, other font"] = partial(_draw, latin, _CURRENCY)
    if math := tuple(_FOLDER.glob("NotoSansMath-Regular.ttf")):
        kinds["operators, other font"] = partial(_draw, math, _OPERATORS)
    return kinds


def letters_of(script: str) -> str:
    """Return the letters of a script without those that look like a digit."""
    first, last, left_out = _SCRIPTS[script]
    letters = (chr(code) for code in range(first, last + 1))
    return "".join(
        letter
        for letter in letters
        if unicodedata.category(letter) == "Lo" and letter not in left_out
    )


def vary(ink: Ink, rng: np.random.Generator) -> Ink:
    """Vary like handwriting: stroke width, elastic distortion, rotation and shear."""
    side = int(rng.integers(1, 6))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    ink = np.asarray((cv2.dilate if rng.random() < 0.6 else cv2.erode)(ink, kernel), np.float32)
    height, width = ink.shape
    coarse = rng.normal(0, rng.uniform(0, 3), (2, 5, 5)).astype(np.float32)
    field = [cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) for part in coarse]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    ink = np.asarray(cv2.remap(ink, columns + field[0], rows + field[1], cv2.INTER_LINEAR))
    turn, shear = np.radians(rng.uniform(-8, 8)), rng.uniform(-0.2, 0.2)
    matrix = np.array([[np.cos(turn), np.sin(turn) + shear], [-np.sin(turn), np.cos(turn)]])
    center = np.array([width / 2, height / 2])
    affine = np.column_stack([matrix, center - matrix @ center])
    return np.asarray(cv2.warpAffine(ink, affine, (width, height)), np.float32)


def _fonts(script: str) -> tuple[Path, ...]:
    paths = (_FOLDER / f"Noto{style.format(script)}.ttf" for style in _STYLES)
    return tuple(path for path in paths if path.exists())


def _draw_of_scripts(characters: dict[str, str], rng: np.random.Generator) -> Ink:
    script = str(rng.choice(list(characters)))
    return _draw(_fonts(script), characters[script], rng)


def _draw(fonts: tuple[Path, ...], characters: str, rng: np.random.Generator) -> Ink:
    """Draw a character; one that a font lacks (an empty box) is replaced by another."""
    while True:
        font = ImageFont.truetype(fonts[rng.integers(len(fonts))], _SIZE)
        mask = font.getmask(str(rng.choice(list(characters))))
        if mask.getbbox() and bytes(mask) != bytes(font.getmask("\uffff")):
            break
    canvas = Image.new("L", _CANVAS)
    canvas.im.paste(255, (100, 80, 100 + mask.size[0], 80 + mask.size[1]), mask)
    return vary(np.asarray(canvas, np.float32) / np.float32(255), rng)
