"""How well pictures are read: a floor for each condition, and what must not change an answer."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mnistcli import datasets
from mnistcli.inference.classifier import Predictor
from mnistcli.inference.ensemble import load_classifier
from mnistcli.model_store import find_model
from mnistcli.preprocessing import find_digits, open_image
from tests.support.strokes import draw_digit
from tests.tools.corruptions import CORRUPTIONS, corrupt
from tests.tools.robustness import error_rate_of_arrays, error_rate_of_images

Ink = NDArray[np.float64]  # how much of each pixel is ink, 0 to 1
Paint = Callable[[Ink, np.random.Generator], Image.Image]
Sample = tuple[Ink, str]
SIDE = 140


@pytest.fixture(scope="module")
def classifier() -> Predictor:
    return load_classifier(find_model("pretrained").files)


@pytest.fixture(params=["drawn", "mnist"])
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def samples(source: str, request: pytest.FixtureRequest) -> list[Sample]:
    """Digits as ink, 140 x 140: ten drawn ones, or twenty of MNIST's test digits."""
    if source == "drawn":
        return _strokes()
    return _mnist(request.getfixturevalue("mnist_dir"))


@cache
def _strokes() -> list[Sample]:
    chance = np.random.default_rng(0)
    return [
        (_ink(draw_digit(digit, width=width, turn=chance.uniform(-0.15, 0.15))), str(digit))
        for digit, width in zip(range(10), [0.08, 0.16, 0.12, 0.16, 0.08] * 2, strict=True)
    ]


@cache
def _mnist(folder: Path) -> list[Sample]:
    test = datasets.load("mnist", data_dir=folder).test
    chosen = np.concatenate([np.flatnonzero(test.labels == digit)[:2] for digit in range(10)])
    return [
        (_ink(Image.fromarray(255 - test.images[index])), str(test.labels[index]))
        for index in chosen
    ]


def _ink(picture: Image.Image) -> Ink:
    larger = picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return 1 - np.asarray(larger, np.float64) / 255


def read(classifier: Predictor, picture: Image.Image, *, single: bool = False) -> str:
    digits = find_digits(picture, single=single, score=classifier.predict)
    if not digits:
        return ""
    answers = classifier.predict(np.stack([digit.image for digit in digits]))
    return "".join(map(str, answers.argmax(axis=1)))


def grey(values: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def plain(ink: Ink, chance: np.random.Generator) -> Image.Image:
    return grey(235 - 190 * ink)


def uneven_light(ink: Ink, chance: np.random.Generator) -> Image.Image:
    across = np.linspace(*chance.permutation([90, 245]), ink.shape[1])
    down = np.linspace(*chance.permutation([0.7, 1]), ink.shape[0])[:, None]
    return grey(across * down * (1 - 0.75 * ink))


def shadow(ink: Ink, chance: np.random.Generator) -> Image.Image:
    height, width = ink.shape
    y, x = np.indices(ink.shape)
    turn = chance.uniform(0, 2 * np.pi)
    away = (x - width / 2) * np.cos(turn) + (y - height / 2) * np.sin(turn)
    light = np.where(away > chance.uniform(-30, 30), 0.55, 1)
    return grey((230 - 180 * ink) * light).filter(ImageFilter.GaussianBlur(1))


def ruled(ink: Ink, chance: np.random.Generator) -> Image.Image:
    picture = paper(ink, (248, 246, 240))
    pen = ImageDraw.Draw(picture)
    for row in range(int(chance.integers(5, 30)), picture.height, 32):
        end = row + chance.integers(-3, 4)
        pen.line((0, row, picture.width, end), fill=(120, 160, 220), width=1)
    return inked(picture, ink, (25, 25, 60))


def squared(ink: Ink, chance: np.random.Generator) -> Image.Image:
    picture = paper(ink, (252, 252, 252))
    pen = ImageDraw.Draw(picture)
    for at in range(int(chance.integers(5, 25)), max(picture.size), 20):
        pen.line((0, at, picture.width, at), fill=(190, 205, 225))
        pen.line((at, 0, at, picture.height), fill=(190, 205, 225))
    return inked(picture, ink, (20, 40, 130))


def grain(ink: Ink, chance: np.random.Generator) -> Image.Image:
    return grey(210 - 150 * ink + chance.normal(0, 16, ink.shape))


def specks(ink: Ink, chance: np.random.Generator) -> Image.Image:
    picture = plain(ink, chance)
    pen = ImageDraw.Draw(picture)
    for x, y in chance.integers(5, SIDE - 5, (12, 2)).tolist():
        pen.ellipse((x - 1, y - 1, x + 1, y + 1), fill=60)
    return picture


def turned(ink: Ink, chance: np.random.Generator) -> Image.Image:
    angle = chance.choice([-9, 9])
    return plain(ink, chance).rotate(angle, Image.Resampling.BICUBIC, fillcolor=235)


def coloured(ink: Ink, chance: np.random.Generator) -> Image.Image:
    red, green, blue = chance.integers(215, 256, 3).tolist()
    colours = [(200, 30, 40), (20, 120, 60), (30, 60, 200), (120, 40, 140), (235, 130, 20)]
    return inked(paper(ink, (red, green, blue)), ink, colours[chance.integers(len(colours))])


def chalk(ink: Ink, chance: np.random.Generator) -> Image.Image:
    rough = ink * (chance.random(ink.shape) < 0.85)
    chalked = inked(paper(ink, (35, 70, 55)), rough, (225, 225, 215))
    return chalked.filter(ImageFilter.GaussianBlur(0.8))


def framed(ink: Ink, chance: np.random.Generator) -> Image.Image:
    picture = plain(ink, chance)
    inset = int(chance.integers(2, 10))
    box = (inset, inset, picture.width - 1 - inset, picture.height - 1 - inset)
    ImageDraw.Draw(picture).rectangle(box, outline=50, width=3)
    return picture


def at_the_edge(ink: Ink, chance: np.random.Generator) -> Image.Image:
    rows, columns = np.nonzero(ink > 0.3)
    left, top = columns.min(), rows.min()
    return plain(ink[top:, left:], chance)


def faint(ink: Ink, chance: np.random.Generator) -> Image.Image:
    return grey(240 - 18 * ink + chance.normal(0, 1, ink.shape))


def out_of_focus(ink: Ink, chance: np.random.Generator) -> Image.Image:
    return plain(ink, chance).filter(ImageFilter.GaussianBlur(3.5))


def coarse_jpeg(ink: Ink, chance: np.random.Generator) -> Image.Image:
    return open_image(stored(plain(ink, chance), "JPEG", quality=12))


def small(ink: Ink, chance: np.random.Generator) -> Image.Image:
    return plain(ink, chance).crop((18, 18, 122, 122)).resize((16, 16), Image.Resampling.BOX)


def tiny(ink: Ink, chance: np.random.Generator) -> Image.Image:
    rows, columns = np.nonzero(ink > 0.3)
    middle, half = (columns.min() + columns.max()) // 2, (rows.max() - rows.min()) // 2 + 2
    box = (middle - half, rows.min() - 2, middle + half, rows.max() + 3)
    return plain(ink, chance).crop(box).resize((8, 8), Image.Resampling.BOX)


def paper(ink: Ink, colour: tuple[int, int, int]) -> Image.Image:
    height, width = ink.shape
    return Image.new("RGB", (width, height), colour)


def inked(picture: Image.Image, ink: Ink, colour: tuple[int, int, int]) -> Image.Image:
    picture.paste(colour, (0, 0), grey(255 * ink))
    return picture


def stored(picture: Image.Image, kind: str, **options: object) -> io.BytesIO:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    file.seek(0)
    return file


def right(answers: list[str], wanted: list[str]) -> int:
    return sum(answer == label for answer, label in zip(answers, wanted, strict=True))


# Of ten drawn digits, and of twenty of MNIST's, so many must be read.
FLOORS: dict[Paint, dict[str, int]] = {
    plain: {"drawn": 10, "mnist": 20},
    uneven_light: {"drawn": 10, "mnist": 20},
    shadow: {"drawn": 10, "mnist": 19},
    ruled: {"drawn": 10, "mnist": 20},
    squared: {"drawn": 10, "mnist": 19},
    grain: {"drawn": 10, "mnist": 19},
    specks: {"drawn": 10, "mnist": 19},
    turned: {"drawn": 10, "mnist": 19},
    coloured: {"drawn": 10, "mnist": 19},
    chalk: {"drawn": 10, "mnist": 19},
    framed: {"drawn": 10, "mnist": 19},
    at_the_edge: {"drawn": 10, "mnist": 19},
    faint: {"drawn": 10, "mnist": 19},
    out_of_focus: {"drawn": 10, "mnist": 19},
    coarse_jpeg: {"drawn": 10, "mnist": 19},
    small: {"drawn": 10, "mnist": 19},
    tiny: {"drawn": 9, "mnist": 17},
}


@pytest.mark.parametrize("paint", FLOORS)
def test_digits_are_read(
    paint: Paint, source: str, samples: list[Sample], classifier: Predictor
) -> None:
    chance = np.random.default_rng(1)
    answers = [read(classifier, paint(ink, chance), single=True) for ink, _ in samples]
    assert right(answers, [label for _, label in samples]) >= FLOORS[paint][source], answers


def number(samples: list[Sample], chance: np.random.Generator, *, gap: int) -> Sample:
    """Four digits side by side, so many pixels apart where their ink is nearest to the sides."""
    chosen = [samples[index] for index in chance.integers(0, len(samples), 4)]
    line = np.zeros((SIDE, 0))
    for ink, _ in chosen:
        columns = np.flatnonzero((ink > 0.3).any(axis=0))
        digit = ink[:, columns[0] : columns[-1] + 1]
        width = max(line.shape[1] + gap, 0) + digit.shape[1]
        wider = np.zeros((SIDE, width))
        wider[:, : line.shape[1]] = line
        wider[:, width - digit.shape[1] :] = np.maximum(wider[:, width - digit.shape[1] :], digit)
        line = wider
    return np.pad(line, ((12, 12), (20, 20))), "".join(label for _, label in chosen)


# Of six numbers of four digits each.
NUMBER_FLOORS: dict[tuple[Paint, int], dict[str, int]] = {
    (plain, 18): {"drawn": 6, "mnist": 6},
    (plain, 0): {"drawn": 4, "mnist": 5},
    (plain, -3): {"drawn": 3, "mnist": 4},
    (uneven_light, 18): {"drawn": 5, "mnist": 5},
    (shadow, 18): {"drawn": 5, "mnist": 5},
    (ruled, 18): {"drawn": 5, "mnist": 5},
    (squared, 18): {"drawn": 5, "mnist": 5},
    (grain, 18): {"drawn": 5, "mnist": 5},
    (coloured, 18): {"drawn": 5, "mnist": 5},
    (chalk, 18): {"drawn": 5, "mnist": 5},
    (framed, 18): {"drawn": 5, "mnist": 5},
}


@pytest.mark.parametrize(("paint", "gap"), NUMBER_FLOORS)
def test_numbers_are_read(
    paint: Paint, gap: int, source: str, samples: list[Sample], classifier: Predictor
) -> None:
    chance = np.random.default_rng(2)
    numbers = [number(samples, chance, gap=gap) for _ in range(6)]
    answers = [read(classifier, paint(ink, chance)) for ink, _ in numbers]
    wanted = [label for _, label in numbers]
    assert right(answers, wanted) >= NUMBER_FLOORS[paint, gap][source], (answers, wanted)


@pytest.mark.parametrize("single", [True, False])
def test_twelve_megapixels(single: bool, classifier: Predictor) -> None:
    ink, label = _strokes()[6]
    photo = uneven_light(ink, np.random.default_rng(3)).resize((3000, 4000))
    assert read(classifier, photo, single=single) == label


ALL = "0123456789"


@cache
def page(ink: int = 30, ground: int = 240) -> Image.Image:
    """All ten digits on two lines."""
    picture = Image.new("L", (620, 280), ground)
    for digit in range(10):
        part = draw_digit(digit, size=120, width=0.13, ink=ink, paper=ground)
        picture.paste(part, (10 + digit % 5 * 120, 10 + digit // 5 * 130))
    return picture


def deep(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)


ENCODINGS: dict[str, Callable[[Image.Image], io.BytesIO]] = {
    "png": lambda picture: stored(picture, "PNG"),
    "bmp": lambda picture: stored(picture.convert("RGB"), "BMP"),
    "tiff": lambda picture: stored(picture, "TIFF", compression="tiff_lzw"),
    "webp, lossless": lambda picture: stored(picture, "WEBP", lossless=True),
    "palette": lambda picture: stored(picture.convert("P"), "PNG"),
    "gif": lambda picture: stored(picture, "GIF"),
    "16 bits": lambda picture: stored(deep(picture), "PNG"),
    "grey and alpha": lambda picture: stored(picture.convert("LA"), "PNG"),
    "colour and alpha": lambda picture: stored(picture.convert("RGBA"), "PNG"),
}
LOSSY: dict[str, Callable[[Image.Image], io.BytesIO]] = {
    "jpeg": lambda picture: stored(picture, "JPEG", quality=95),
    "webp": lambda picture: stored(picture.convert("RGB"), "WEBP", quality=90),
    "cmyk": lambda picture: stored(picture.convert("CMYK"), "JPEG", quality=95),
    "two levels": lambda picture: stored(picture.convert("1", dither=0), "PNG"),
    "ink on nothing": lambda picture: stored(bare(picture), "PNG"),
}


def bare(picture: Image.Image) -> Image.Image:
    """The ink alone, black on nothing."""
    ink = Image.new("L", picture.size, 0)
    return Image.merge("LA", [ink, picture.point(lambda value: (240 - value) * 255 // 210)])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_lossless_encoding_changes_nothing(encoding: str, classifier: Predictor) -> None:
    found = find_digits(open_image(ENCODINGS[encoding](page())), score=classifier.predict)
    expected = find_digits(page(), score=classifier.predict)
    assert [digit.box for digit in found] == [digit.box for digit in expected]
    assert all((a.image == b.image).all() for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("encoding", LOSSY)
def test_a_lossy_encoding_does_not_change_the_answer(encoding: str, classifier: Predictor) -> None:
    assert read(classifier, open_image(LOSSY[encoding](page()))) == ALL


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_held_in_any_way_does_not_change_the_answer(
    orientation: int, classifier: Predictor
) -> None:
    picture = page()
    if orientation > 1:
        picture = picture.transpose(Image.Transpose([0, 3, 1, 5, 2, 6, 4][orientation - 2]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = stored(picture, "JPEG", quality=95, exif=exif)
    assert read(classifier, open_image(file)) == ALL


@pytest.mark.parametrize("height", [28, 40, 80, 160, 320, 560])
def test_size_does_not_change_the_answer(height: int, classifier: Predictor) -> None:
    line = page().crop((0, 0, 620, 140))
    scaled = line.resize((620 * height // 140, height), Image.Resampling.BICUBIC)
    assert read(classifier, scaled) == ALL[:5]


@pytest.mark.parametrize(("ink", "ground"), [(240, 30), (255, 0), (0, 255), (120, 160), (160, 120)])
def test_polarity_and_contrast_do_not_change_the_answer(
    ink: int, ground: int, classifier: Predictor
) -> None:
    assert read(classifier, page(ink, ground)) == ALL


def test_what_is_inverted_looks_the_same_to_the_network(classifier: Predictor) -> None:
    inverted = Image.fromarray(255 - np.asarray(page()))
    found, expected = (find_digits(one, score=classifier.predict) for one in (inverted, page()))
    assert all((a.image == b.image).all() for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("margins", [(0, 0), (2, 2), (40, 300), (500, 20), (400, 400)])
def test_margins_do_not_change_the_answer(margins: tuple[int, int], classifier: Predictor) -> None:
    rows, columns = np.nonzero(np.asarray(page()) < 200)
    tight = page().crop((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    wide = Image.new("L", (tight.width + 2 * margins[0], tight.height + 2 * margins[1]), 240)
    wide.paste(tight, margins)
    assert read(classifier, wide) == ALL


def test_corrupted_digits_of_mnist_are_read(mnist_dir: Path, classifier: Predictor) -> None:
    test = datasets.load("mnist", data_dir=mnist_dir).test.limited(50)
    as_images, as_pictures = np.mean(
        [
            (
                error_rate_of_arrays(classifier, images, test.labels),
                error_rate_of_images(classifier, images, test.labels),
            )
            for images in (corrupt(name, test.images) for name in CORRUPTIONS)
        ],
        axis=0,
    )
    assert as_images < 0.05
    assert as_pictures < 0.06
