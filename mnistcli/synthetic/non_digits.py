"""Pictures in the form of MNIST that are no digits: a network learns from them to be unsure.

Trained on digits alone, a network answers whatever it sees, and is sure of it. Shown such pictures
in training, with a tenth for each digit as the answer, it becomes unsure about others as well
(Hendrycks et al., "Deep anomaly detection with outlier exposure", ICLR 2019).

Nothing in here is what somebody writes for a digit: no bar that may be a 1, no ring, no L or Z.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from string import ascii_letters

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage
from sklearn.datasets import load_sample_images

from mnistcli.datasets.dataset import Dataset
from mnistcli.preprocessing.digit import SIDE
from mnistcli.preprocessing.normalization import to_mnist_format
from mnistcli.synthetic.pen import Stroke, arc, draw

Chance = np.random.Generator
Picture = NDArray[np.uint8]
Kind = Callable[[Dataset, Chance], Picture]

# Left out is what some hand writes for a digit: O Q D U a e u (0), I J i j l r T t (1), Z z (2),
# B (3, 8), Y y h (4), S s $ (5), G b (6), ? > (7), & (8), g q (9), L in between.
_LETTERS = "AACCEEFFHHKKMMNPRVWXfkmnpvwx"
_SIGNS = "%@#€<*ΔΞΠΨЖШЫ"
_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif"),
    *("DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBolIta"),
    *("cmr10", "cmmi10", "cmss10", "cmb10", "cmtt10"),
)
_TRIES = 100
_FONT_SIZE = 40


def non_digits(dataset: Dataset, count: int, *, seed: int) -> Picture:
    """Return pictures that are no digits, in the form of MNIST.

    Letters, marks, doodles, plots and textures, and what digits become when they are cut, turned,
    crowded or put together wrongly; every kind in the same share, whatever the count.

    Args:
        dataset: Digits to spoil, some of each.
        count: How many pictures.
        seed: Decides all there is to decide.

    Returns:
        uint8 (count, 28, 28); none is empty.
    """
    chance = np.random.default_rng(seed)
    kinds = [kind for kind, share in _SHARES.items() for _ in range(share)]
    turns = chance.permutation(count) % len(kinds)
    pictures = np.zeros((count, SIDE, SIDE), np.uint8)
    for picture, turn in zip(pictures, turns, strict=True):
        while picture.max() < 128:  # a texture may come out blank
            picture[:] = kinds[turn](dataset, chance)
    return pictures


def _a_digit(digits: Dataset, chance: Chance, wanted: Sequence[int]) -> Picture:
    """One image of one of the wanted digits, or of any where there are hardly any of them."""
    for _ in range(_TRIES):
        number = int(chance.integers(len(digits)))
        if digits.labels[number] in wanted:
            break
    image: Picture = digits.images[number]
    return image


def _halves(digits: Dataset, chance: Chance) -> Picture:
    """What is left of a cut: of these digits the left half, which reads as nothing."""
    image = _a_digit(digits, chance, (3, 5))
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    slope, away = chance.uniform(-0.5, 0.5), chance.uniform(-3, 0)
    half = np.where(columns + slope * rows < away, image, 0)
    return _formed(half)


def _crowds(digits: Dataset, chance: Chance) -> Picture:
    """Two or three digits side by side, close enough to touch, in the place of one."""
    images = [
        _a_digit(digits, chance, (0, 2, 3, 4, 5, 6, 7, 8, 9)) for _ in range(chance.integers(2, 4))
    ]
    wide = np.zeros((SIDE + 4, 3 * SIDE), np.uint8)
    right = 0
    for image in images:
        ink = image[:, image.any(axis=0)]
        left = max(0, right - int(chance.integers(0, 4)))
        top = int(chance.integers(0, 5))
        place = wide[top : top + SIDE, left : left + ink.shape[1]]
        np.maximum(place, ink, out=place)
        right = left + ink.shape[1]
    return _formed(wide)


def _tangles(digits: Dataset, chance: Chance) -> Picture:
    """Three digits one over the other, two of them on their sides."""
    tangle = _a_digit(digits, chance, (2, 3, 4, 5, 7, 8))
    for _ in range(2):
        other = np.rot90(_a_digit(digits, chance, (2, 3, 4, 5, 7, 8)), chance.choice([1, 3]))
        tangle = np.maximum(tangle, np.roll(other, chance.integers(-5, 6, 2), (0, 1)))
    return _formed(tangle)


def _shuffled(digits: Dataset, chance: Chance) -> Picture:
    """A digit cut in four, its quarters in other places."""
    image = _a_digit(digits, chance, (2, 3, 4, 5, 7, 9))
    first, second = image[4:14, 4:14], image[4:14, 14:24]
    third, fourth = image[14:24, 4:14], image[14:24, 14:24]
    return _formed(np.block([[third, first], [fourth, second]]))


def _mirrored(digits: Dataset, chance: Chance) -> Picture:
    """A mirrored 3. Others will not do: a mirrored 2 is a 5, and much on its side is a 7 or 1."""
    return _a_digit(digits, chance, (3,))[:, ::-1]


def _marks(_: Dataset, chance: Chance) -> Picture:
    """Punctuation, signs, boxes."""
    marks = _MARKS[chance.integers(len(_MARKS))]
    mirror = chance.choice([-1, 1])
    return draw([np.asarray(stroke) * (mirror, 1) for stroke in marks], chance)


def _blots(_: Dataset, chance: Chance) -> Picture:
    """Dots and commas as they are when they fill the box: thicker than any pen."""
    points = chance.uniform(0, 1, (3, 2)) * (1, chance.uniform(0.1, 0.4))
    return draw([points], chance, width=(0.35, 0.7))


def _rules(_: Dataset, chance: Chance) -> Picture:
    """Parallel lines and grids."""
    level = [
        [(0, y), (1, y)] for y in np.linspace(0, chance.uniform(0.4, 1), chance.integers(2, 6))
    ]
    upright = [[(x, 0), (x, 1)] for x in np.linspace(0, 1, chance.integers(3, 6))]
    strokes: list[Stroke] = [*level, *upright]
    if (which := chance.random()) < 0.6:
        strokes = [*level] if which < 0.3 else [*upright]
    return draw(strokes, chance, width=(0.07, 0.11))


def _letters(_: Dataset, chance: Chance) -> Picture:
    """Printed letters that are no digit in any hand: full, hollow, slanted, in a box."""
    name = str(chance.choice(_FONTS))
    known = _LETTERS + _SIGNS if name.startswith("DejaVu") else _LETTERS
    letter = str(chance.choice(list(known)))
    width = int(chance.integers(0, 4)) * int(chance.random() < 0.5)
    canvas = Image.new("L", (80, 72))
    pen = ImageDraw.Draw(canvas)
    font = _font(name)
    pen.text((20, 8), letter, fill=255, font=font, stroke_width=width)
    if width > 1 and chance.random() < 0.3:
        pen.text((20, 8), letter, fill=0, font=font)
    wide, high = canvas.size
    corners = np.array([(0, 0), (0, high), (wide, high), (wide, 0)]) + chance.normal(0, 6, (4, 2))
    corners[[0, 3], 0] += chance.uniform(-16, 16)
    shape, points = Image.Transform.QUAD, corners.ravel().tolist()
    canvas = canvas.transform(canvas.size, shape, points, Image.Resampling.BILINEAR)
    blurred = canvas.filter(ImageFilter.BoxBlur(max(0, chance.uniform(-2, 4))))
    ink = np.asarray(blurred, dtype=np.float32)
    ink /= ink.max()
    if chance.random() < 0.15:
        ink = 1 - ink[_with_room(ink, int(chance.integers(2, 8)))]
    return to_mnist_format(ink)


def _words(_: Dataset, chance: Chance) -> Picture:
    """Lines of print, as they are when they fill the box of one digit."""
    canvas = Image.new("L", (200, 90))
    pen, font = ImageDraw.Draw(canvas), _font(str(chance.choice(_FONTS)))
    for line in range(chance.integers(1, 3)):
        letters = chance.choice(list(ascii_letters), int(chance.integers(3, 7)))
        pen.text((4, 4 + 36 * line), "".join(letters), fill=255, font=font)
    return to_mnist_format(np.asarray(canvas, dtype=np.float32) / np.float32(255))


def _written(_: Dataset, chance: Chance) -> Picture:
    """The same letters, written."""
    return draw(_CAPITALS[chance.integers(len(_CAPITALS))], chance)


def _pieces(digits: Dataset, chance: Chance) -> Picture:
    """What is left of other kinds where they are cut upright, but for slivers that may be a 1."""
    kinds = (_letters, _written, _scenes, _rainbows, _faces, _scribbles)
    picture = kinds[chance.integers(len(kinds))](digits, chance)
    columns = np.flatnonzero(picture.max(axis=0) > 128)
    cut = int(chance.integers(columns[0] + 5, columns[-1] - 3)) if np.ptp(columns) > 10 else 0
    piece = picture[:, cut:] if chance.random() < 0.5 else picture[:, :cut]
    rows, columns = (np.flatnonzero(piece.max(axis=axis, initial=0) > 128) for axis in (1, 0))
    if not rows.size or np.ptp(columns) < 0.6 * np.ptp(rows):
        return picture
    return _formed(piece)


def _scenes(_: Dataset, chance: Chance) -> Picture:
    """Several shapes put together: doodles of things."""
    return draw([_shape(chance) for _ in range(chance.integers(3, 7))], chance, width=(0.07, 0.13))


def _shape(chance: Chance) -> NDArray[np.float64]:
    x, y = chance.uniform(0, 1, 2)
    wide, tall = chance.uniform(0.1, 0.5, 2)
    kind = chance.integers(4)
    if kind == 0:
        return arc((x, y), (wide, tall), 0, 360)
    if kind == 1:
        return arc((x, y), (wide, tall), *(chance.uniform(0, 180) + np.array([0, 180])))
    if kind == 2:
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
        box: NDArray[np.float64] = corners * (wide, tall) + (x, y)
        return box
    return chance.uniform(0, 1, (int(chance.integers(2, 5)), 2))


def _rainbows(_: Dataset, chance: Chance) -> Picture:
    """Wide arches and parts of them, alone or one inside the other."""
    height, lean = chance.uniform(0.35, 0.95), chance.uniform(-20, 20)
    start, end = ((180, 360), (180, 290), (250, 360))[chance.integers(3)]
    sizes = np.linspace(1, chance.uniform(0.4, 0.8), int(chance.integers(1, 5)))
    arches = [arc((0, 0), (size, size * height), start + lean, end + lean) for size in sizes]
    if chance.random() < 0.3:
        arches = [*arches, np.array([arches[0][0], arches[0][-1]])]
    if chance.random() < 0.3:
        arches = [np.asarray(stroke) * (1, -1) for stroke in arches]
    return draw(arches, chance, width=(0.08, 0.16))


def _faces(_: Dataset, chance: Chance) -> Picture:
    """A head with eyes, a mouth and perhaps ears; wheels under a box are close to it."""
    head: list[Stroke] = [arc((0, 0), (1, chance.uniform(0.7, 1.1)), 0, 360)]
    for x, y in chance.uniform(-0.5, 0.5, (int(chance.integers(2, 5)), 2)):
        head.append(arc((x, y), (0.12, 0.1), 0, chance.choice([180, 360])))
    if chance.random() < 0.6:
        tip = chance.uniform(1.1, 1.6)
        head += [[(side * 0.9, -0.4), (side * 0.7, -tip), (side * 0.2, -0.9)] for side in (-1, 1)]
    return draw(head, chance, width=(0.07, 0.11))


def _scribbles(_: Dataset, chance: Chance) -> Picture:
    """A pen that goes to and fro, round and round, or about."""
    time = np.linspace(0, 1, 90)
    beats = chance.uniform(3, 6)
    swing = 2 * np.pi * beats * time
    kind = chance.integers(4)
    if kind == 0:  # waves and zigzags
        sharp = chance.uniform(-0.5, 0.5)
        points = np.column_stack([time * chance.uniform(1, 4), np.sin(swing + sharp * time)])
    elif kind == 1:  # coils
        step = chance.uniform(1, 5)
        points = np.column_stack([time * step + 0.5 * np.cos(swing), np.sin(swing)])
    elif kind == 2:  # spirals
        points = np.column_stack([time * np.cos(swing), time * np.sin(swing)])
    else:  # tangled lines
        waves = chance.normal(0, 1, (2, 2, 5)) / 2
        angles = 2 * np.pi * time[:, None] * np.arange(2, 7)
        points = np.column_stack(
            [np.sin(angles) @ wave[0] + np.cos(angles) @ wave[1] for wave in waves]
        )
    return draw([points], chance, width=(0.07, 0.11))


def _stars(_: Dataset, chance: Chance) -> Picture:
    """Stars and asterisks."""
    tips = int(chance.integers(5, 9))
    inner = chance.uniform(0, 0.6)
    angles = np.linspace(0, 2 * np.pi, 2 * tips + 1)
    lengths = np.where(np.arange(2 * tips + 1) % 2, inner, 1)
    star = np.column_stack([np.sin(angles) * lengths, -np.cos(angles) * lengths])
    return draw([star], chance, width=(0.08, 0.13))


def _plots(_: Dataset, chance: Chance) -> Picture:
    """Two axes with curves or bars between them."""
    height = chance.uniform(0.6, 1)
    strokes: list[Stroke] = [[(0, 0), (0, height), (1, height)]]
    if chance.random() < 0.4:
        strokes = [[(0, 0), (0, height), (1, height), (1, 0), (0, 0)]]
    places = np.linspace(0.15, 0.85, int(chance.integers(3, 7)))
    values = chance.uniform(0.1, 0.9, len(places)) * height
    if chance.random() < 0.5:
        strokes += [[(x, height), (x, y)] for x, y in zip(places, values, strict=True)]
    else:
        strokes += [np.column_stack([places, np.sort(values)[:: chance.choice([-1, 1])]])]
    return draw(strokes, chance, width=(0.07, 0.11))


def _textures(_: Dataset, chance: Chance) -> Picture:
    """Noise, fine or coarse, and gradients; grey, or in two levels."""
    grain = ndimage.gaussian_filter(chance.normal(0, 1, (SIDE, SIDE)), chance.uniform(0.3, 4))
    grain /= grain.std()
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    grain += chance.uniform(-3, 3) * rows + chance.uniform(-3, 3) * columns
    return _grey_or_levels(grain, chance)


def _photographs(_: Dataset, chance: Chance) -> Picture:
    """Pieces of scikit-learn's two photographs; grey, or in two levels."""
    photograph = _photograph(int(chance.integers(2)))
    side = int(chance.integers(SIDE, 200))
    left, top = (int(chance.integers(size - side)) for size in photograph.size)
    piece = photograph.resize((SIDE, SIDE), box=(left, top, left + side, top + side))
    return _grey_or_levels(np.asarray(piece, dtype=np.float64), chance)


def _grey_or_levels(values: NDArray[np.float64], chance: Chance) -> Picture:
    values = values * chance.choice([-1, 1])
    if chance.random() < 0.3:
        level = (values - values.min()) / max(np.ptp(values), 1e-6)
        grey: Picture = np.rint(255 * level).astype(np.uint8)
        return grey
    inked = values > np.quantile(values, chance.uniform(0.5, 0.9))
    return to_mnist_format(inked.repeat(2, axis=0).repeat(2, axis=1).astype(np.float32))


def _formed(image: Picture) -> Picture:
    """An image that has lost its place, in MNIST's form again; empty where it is too faint."""
    if image.max() < 128:
        return np.zeros((SIDE, SIDE), np.uint8)
    return to_mnist_format(image.astype(np.float32) / np.float32(255))


def _with_room(ink: NDArray[np.float32], room: int) -> tuple[slice, slice]:
    """Where the ink is, and so many pixels more on every side."""
    rows, columns = ndimage.find_objects((ink > 0.5).astype(np.int8))[0]
    return (
        slice(max(rows.start - room, 0), rows.stop + room),
        slice(max(columns.start - room, 0), columns.stop + room),
    )


@cache
def _font(name: str) -> ImageFont.FreeTypeFont:
    path = Path(mpl.get_data_path(), "fonts", "ttf", f"{name}.ttf")
    return ImageFont.truetype(path, _FONT_SIZE)


@cache
def _photograph(number: int) -> Image.Image:
    return Image.fromarray(load_sample_images().images[number]).convert("L")


# As a pen draws them in a box one unit wide; y grows downwards. None is tall and narrow.
_MARKS: tuple[list[Stroke], ...] = (
    [[(0, 0), (1, 0)]],
    [[(0, 0), (1, 0)], [(0, 0.4), (1, 0.4)]],
    [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]],
    [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
    [[(0, 0.6), (0.35, 1), (1, 0)]],
    [[(0, 0.5), (1, 0.5)], [(0.7, 0.2), (1, 0.5), (0.7, 0.8)]],
    [[(0.5, 0), (0.5, 1)], [(0.1, 0.6), (0.5, 1), (0.9, 0.6)]],
    [[(0.4, 0), (0, 0), (0, 1), (0.4, 1)]],
    [[(0, 0.5), (1, 0)]],
    [[(0, 0), (0.4, 0), (0.4, 0.02), (0, 0.02)], [(0.8, 0), (0.8, 0.02)]],
    [[(0, 0), (1.2, 0), (1.2, 1), (0, 1), (0, 0)]],
    [[(0, 0), (1.3, 0), (1.3, 1), (0, 1), (0, 0)], [(0, 0), (1.3, 1)]],
    [[(0, 0), (3, 0), (3, 3), (0, 3), (0, 0)], [(1, 1), (2, 1), (2, 2), (1, 2), (1, 1)]],
    [[(0, 0.5), (0.5, 0), (1, 0.5)]],
    [[(0, 0), (0.5, 0.8), (1, 0)]],
    [[(0, 1), (0.5, 0), (1, 1), (0, 1)]],
    [[(0, 0.5), (0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)]],
    [[(0, 0), (0, 0.01)], [(0.5, 0), (0.5, 0.01)], [(1, 0), (1, 0.01)]],
    [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 0.05)], [(0.5, 0.95), (0.5, 1)]],
)  # fmt: skip

_CAPITALS: tuple[list[Stroke], ...] = (
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

_SHARES: dict[Kind, int] = {
    _halves: 3,
    _crowds: 6,
    _tangles: 4,
    _shuffled: 4,
    _mirrored: 2,
    _marks: 10,
    _blots: 3,
    _rules: 3,
    _letters: 22,
    _words: 4,
    _written: 6,
    _pieces: 10,
    _scenes: 8,
    _rainbows: 6,
    _faces: 3,
    _scribbles: 5,
    _stars: 2,
    _plots: 3,
    _textures: 4,
    _photographs: 3,
}
"""How many in a hundred pictures are of each kind, or near to it."""
