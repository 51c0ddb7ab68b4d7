"""Accuracy of the packaged model under photo conditions, and invariance to how an image is stored.

These are regression tests of the robustness: each condition has a minimum accuracy, measured once
and held since. Encoding, orientation, size, contrast and margins must not change a prediction at
all.
"""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mnistcli import datasets
from mnistcli.image_io import open_image
from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.inference.line_recognizer import load_line_recognizer
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.preprocessing import Digit, find_digits
from tests.support.strokes import draw_digit
from tests.tools.corruptions import CORRUPTIONS, corrupt
from tests.tools.rendered_pages import count_right_lines, held_out_digits, render_page
from tests.tools.robustness import error_rate_of_arrays, error_rate_of_images

Coverage = NDArray[np.float64]  # ink coverage of each pixel, 0 to 1
Condition = Callable[[Coverage, np.random.Generator], Image.Image]
Sample = tuple[Coverage, str]
SIDE = 140


@pytest.fixture(scope="module")
def classifier() -> DigitClassifier:
    return load_classifier(find_model("pretrained").files)


@pytest.fixture(params=["drawn", "mnist"])
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def samples(source: str, request: pytest.FixtureRequest) -> list[Sample]:
    """Ink coverage of digits, 140 x 140: ten drawn ones, or twenty test digits of MNIST."""
    if source == "drawn":
        return _draw_samples()
    return _load_samples(request.getfixturevalue("mnist_dir"))


@cache
def _draw_samples() -> list[Sample]:
    rng = np.random.default_rng(0)
    return [
        (_to_coverage(draw_digit(digit, width=width, turn=rng.uniform(-0.15, 0.15))), str(digit))
        for digit, width in zip(range(10), [0.08, 0.16, 0.12, 0.16, 0.08] * 2, strict=True)
    ]


@cache
def _load_samples(folder: Path) -> list[Sample]:
    test = datasets.load("mnist", data_dir=folder).test
    chosen = np.concatenate([np.flatnonzero(test.labels == digit)[:2] for digit in range(10)])
    return [
        (_to_coverage(Image.fromarray(255 - test.images[index])), str(test.labels[index]))
        for index in chosen
    ]


def _to_coverage(image: Image.Image) -> Coverage:
    larger = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return 1 - np.asarray(larger, np.float64) / 255


def _predict(classifier: DigitClassifier, image: Image.Image, *, single: bool = False) -> str:
    digits = _find(classifier, image, single=single)
    probabilities = [
        classifier.predict(digit.image)[0] if digit.probabilities is None else digit.probabilities
        for digit in digits
    ]
    return "".join(str(values.argmax()) for values in probabilities)


def _find(classifier: DigitClassifier, image: Image.Image, *, single: bool = False) -> list[Digit]:
    read = load_line_recognizer().read
    return find_digits(image, single=single, classify=classifier.predict, recognize_line=read)


def _count_correct(predicted: list[str], labels: list[str]) -> int:
    return sum(text == label for text, label in zip(predicted, labels, strict=True))


def _to_image(values: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _make_paper(coverage: Coverage, color: tuple[int, int, int]) -> Image.Image:
    height, width = coverage.shape
    return Image.new("RGB", (width, height), color)


def _add_ink(image: Image.Image, coverage: Coverage, color: tuple[int, int, int]) -> Image.Image:
    image.paste(color, (0, 0), _to_image(255 * coverage))
    return image


def _save(image: Image.Image, format_: str, **options: object) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, format_, **options)
    file.seek(0)
    return file


# Conditions: each renders ink coverage as an image.


def plain_paper(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    return _to_image(235 - 190 * coverage)


def uneven_light(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    left, right = rng.permutation([90.0, 245.0]).tolist()
    top, bottom = rng.permutation([0.7, 1.0]).tolist()
    horizontal = np.linspace(left, right, coverage.shape[1])
    vertical = np.linspace(top, bottom, coverage.shape[0])[:, None]
    return _to_image(horizontal * vertical * (1 - 0.75 * coverage))


def shadow(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    height, width = coverage.shape
    y, x = np.indices(coverage.shape)
    angle = rng.uniform(0, 2 * np.pi)
    distance = (x - width / 2) * np.cos(angle) + (y - height / 2) * np.sin(angle)
    light = np.where(distance > rng.uniform(-30, 30), 0.55, 1)
    return _to_image((230 - 180 * coverage) * light).filter(ImageFilter.GaussianBlur(1))


def ruled_paper(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    image = _make_paper(coverage, (248, 246, 240))
    pen = ImageDraw.Draw(image)
    for row in range(int(rng.integers(5, 30)), image.height, 32):
        end = row + int(rng.integers(-3, 4))
        pen.line((0, row, image.width, end), fill=(120, 160, 220), width=1)
    return _add_ink(image, coverage, (25, 25, 60))


def squared_paper(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    image = _make_paper(coverage, (252, 252, 252))
    pen = ImageDraw.Draw(image)
    for position in range(int(rng.integers(5, 25)), max(image.size), 20):
        pen.line((0, position, image.width, position), fill=(190, 205, 225))
        pen.line((position, 0, position, image.height), fill=(190, 205, 225))
    return _add_ink(image, coverage, (20, 40, 130))


def noise(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    return _to_image(210 - 150 * coverage + rng.normal(0, 16, coverage.shape))


def specks(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    image = plain_paper(coverage, rng)
    pen = ImageDraw.Draw(image)
    for x, y in rng.integers(5, SIDE - 5, (12, 2)).tolist():
        pen.ellipse((x - 1, y - 1, x + 1, y + 1), fill=60)
    return image


def rotation(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    angle = rng.choice([-9, 9])
    return plain_paper(coverage, rng).rotate(angle, Image.Resampling.BICUBIC, fillcolor=235)


def color(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    red, green, blue = rng.integers(215, 256, 3).tolist()
    inks = [(200, 30, 40), (20, 120, 60), (30, 60, 200), (120, 40, 140), (235, 130, 20)]
    return _add_ink(
        _make_paper(coverage, (red, green, blue)), coverage, inks[rng.integers(len(inks))]
    )


def chalk(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    rough = coverage * (rng.random(coverage.shape) < 0.85)
    image = _add_ink(_make_paper(coverage, (35, 70, 55)), rough, (225, 225, 215))
    return image.filter(ImageFilter.GaussianBlur(0.8))


def frame(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    image = plain_paper(coverage, rng)
    inset = int(rng.integers(2, 10))
    box = (inset, inset, image.width - 1 - inset, image.height - 1 - inset)
    ImageDraw.Draw(image).rectangle(box, outline=50, width=3)
    return image


def touching_the_border(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    rows, columns = np.nonzero(coverage > 0.3)
    return plain_paper(coverage[rows.min() :, columns.min() :], rng)


def low_contrast(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    return _to_image(240 - 18 * coverage + rng.normal(0, 1, coverage.shape))


def blur(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    return plain_paper(coverage, rng).filter(ImageFilter.GaussianBlur(3.5))


def strong_jpeg_compression(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    return open_image(_save(plain_paper(coverage, rng), "JPEG", quality=12))


def size_of_16_pixels(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    cropped = plain_paper(coverage, rng).crop((18, 18, 122, 122))
    return cropped.resize((16, 16), Image.Resampling.BOX)


def size_of_8_pixels(coverage: Coverage, rng: np.random.Generator) -> Image.Image:
    rows, columns = np.nonzero(coverage > 0.3)
    center, half = (columns.min() + columns.max()) // 2, (rows.max() - rows.min()) // 2 + 2
    box = (center - half, rows.min() - 2, center + half, rows.max() + 3)
    return plain_paper(coverage, rng).crop(box).resize((8, 8), Image.Resampling.BOX)


# Minimum accuracy: correct predictions of ten drawn digits, and of twenty of MNIST.
MIN_CORRECT_DIGITS: dict[Condition, dict[str, int]] = {
    plain_paper: {"drawn": 10, "mnist": 20},
    uneven_light: {"drawn": 10, "mnist": 20},
    shadow: {"drawn": 10, "mnist": 19},
    ruled_paper: {"drawn": 10, "mnist": 20},
    squared_paper: {"drawn": 10, "mnist": 19},
    noise: {"drawn": 10, "mnist": 19},
    specks: {"drawn": 10, "mnist": 19},
    rotation: {"drawn": 10, "mnist": 19},
    color: {"drawn": 10, "mnist": 19},
    chalk: {"drawn": 10, "mnist": 19},
    frame: {"drawn": 10, "mnist": 19},
    touching_the_border: {"drawn": 10, "mnist": 19},
    low_contrast: {"drawn": 10, "mnist": 19},
    blur: {"drawn": 10, "mnist": 19},
    strong_jpeg_compression: {"drawn": 10, "mnist": 19},
    size_of_16_pixels: {"drawn": 10, "mnist": 19},
    size_of_8_pixels: {"drawn": 9, "mnist": 17},
}


@pytest.mark.parametrize("condition", MIN_CORRECT_DIGITS)
def test_digits_reach_the_minimum_accuracy(
    condition: Condition, source: str, samples: list[Sample], classifier: DigitClassifier
) -> None:
    rng = np.random.default_rng(1)
    predicted = [
        _predict(classifier, condition(coverage, rng), single=True) for coverage, _ in samples
    ]
    correct = _count_correct(predicted, [label for _, label in samples])
    assert correct >= MIN_CORRECT_DIGITS[condition][source], predicted


def _join_digits(samples: list[Sample], rng: np.random.Generator, *, gap: int) -> Sample:
    """Join four digits into a number, with a gap in pixels between their bounding boxes."""
    chosen = [samples[index] for index in rng.integers(0, len(samples), 4)]
    line = np.zeros((SIDE, 0))
    for coverage, _ in chosen:
        columns = np.flatnonzero((coverage > 0.3).any(axis=0))
        digit = coverage[:, columns[0] : columns[-1] + 1]
        width = max(line.shape[1] + gap, 0) + digit.shape[1]
        wider = np.zeros((SIDE, width))
        wider[:, : line.shape[1]] = line
        wider[:, width - digit.shape[1] :] = np.maximum(wider[:, width - digit.shape[1] :], digit)
        line = wider
    return np.pad(line, ((12, 12), (20, 20))), "".join(label for _, label in chosen)


# Minimum accuracy by condition and gap: correct predictions of six numbers of four digits.
MIN_CORRECT_NUMBERS: dict[tuple[Condition, int], dict[str, int]] = {
    (plain_paper, 18): {"drawn": 6, "mnist": 6},
    (plain_paper, 0): {"drawn": 4, "mnist": 5},
    (plain_paper, -3): {"drawn": 3, "mnist": 4},
    (uneven_light, 18): {"drawn": 5, "mnist": 5},
    (shadow, 18): {"drawn": 5, "mnist": 5},
    (ruled_paper, 18): {"drawn": 5, "mnist": 5},
    (squared_paper, 18): {"drawn": 5, "mnist": 5},
    (noise, 18): {"drawn": 5, "mnist": 5},
    (color, 18): {"drawn": 5, "mnist": 5},
    (chalk, 18): {"drawn": 5, "mnist": 5},
    (frame, 18): {"drawn": 5, "mnist": 5},
}


@pytest.mark.parametrize(("condition", "gap"), MIN_CORRECT_NUMBERS)
def test_numbers_reach_the_minimum_accuracy(
    condition: Condition, gap: int, source: str, samples: list[Sample], classifier: DigitClassifier
) -> None:
    rng = np.random.default_rng(2)
    numbers = [_join_digits(samples, rng, gap=gap) for _ in range(6)]
    predicted = [_predict(classifier, condition(coverage, rng)) for coverage, _ in numbers]
    labels = [label for _, label in numbers]
    minimum = MIN_CORRECT_NUMBERS[condition, gap][source]
    assert _count_correct(predicted, labels) >= minimum, (predicted, labels)


def test_lines_of_rendered_pages_reach_the_minimum_accuracy(mnist_dir: Path) -> None:
    """Three lines of touching digits on ruled paper in a shadow."""
    digits, rng = held_out_digits(mnist_dir), np.random.default_rng(0)
    pages = [render_page(digits, rng) for _ in range(8)]

    assert count_right_lines(pages) >= 21


def test_corrupted_digits_of_mnist_reach_the_minimum_accuracy(
    mnist_dir: Path, classifier: DigitClassifier
) -> None:
    test = datasets.load("mnist", data_dir=mnist_dir).test.subset(50)
    of_arrays, of_images = np.mean(
        [
            (
                error_rate_of_arrays(classifier, images, test.labels),
                error_rate_of_images(classifier, images, test.labels),
            )
            for images in (corrupt(name, test.images) for name in CORRUPTIONS)
        ],
        axis=0,
    )
    assert of_arrays < 0.05
    assert of_images < 0.06


@pytest.mark.parametrize("single", [True, False])
def test_a_photo_of_twelve_megapixels_is_read(single: bool, classifier: DigitClassifier) -> None:
    coverage, label = _draw_samples()[6]
    photo = uneven_light(coverage, np.random.default_rng(3)).resize((3000, 4000))
    assert _predict(classifier, photo, single=single) == label


ALL_DIGITS = "0123456789"


@cache
def _draw_page(ink: int = 30, paper: int = 240) -> Image.Image:
    """Draw all ten digits on two lines."""
    page = Image.new("L", (620, 280), paper)
    for digit in range(10):
        image = draw_digit(digit, size=120, width=0.13, ink=ink, paper=paper)
        page.paste(image, (10 + digit % 5 * 120, 10 + digit // 5 * 130))
    return page


def _to_16_bits(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)


def _remove_paper(image: Image.Image) -> Image.Image:
    """Keep the ink alone, black on a transparent background."""
    black = Image.new("L", image.size, 0)
    return Image.merge("LA", [black, image.point(lambda value: (240 - value) * 255 // 210)])


LOSSLESS: dict[str, Callable[[Image.Image], io.BytesIO]] = {
    "png": lambda image: _save(image, "PNG"),
    "bmp": lambda image: _save(image.convert("RGB"), "BMP"),
    "tiff": lambda image: _save(image, "TIFF", compression="tiff_lzw"),
    "webp": lambda image: _save(image, "WEBP", lossless=True),
    "palette": lambda image: _save(image.convert("P"), "PNG"),
    "gif": lambda image: _save(image, "GIF"),
    "16 bits": lambda image: _save(_to_16_bits(image), "PNG"),
    "grayscale and alpha": lambda image: _save(image.convert("LA"), "PNG"),
    "color and alpha": lambda image: _save(image.convert("RGBA"), "PNG"),
}
LOSSY: dict[str, Callable[[Image.Image], io.BytesIO]] = {
    "jpeg": lambda image: _save(image, "JPEG", quality=95),
    "webp": lambda image: _save(image.convert("RGB"), "WEBP", quality=90),
    "cmyk": lambda image: _save(image.convert("CMYK"), "JPEG", quality=95),
    "1 bit": lambda image: _save(image.convert("1", dither=Image.Dither.NONE), "PNG"),
    "transparent": lambda image: _save(_remove_paper(image), "PNG"),
}


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_a_lossless_encoding_does_not_change_the_digits(
    encoding: str, classifier: DigitClassifier
) -> None:
    file = LOSSLESS[encoding](_draw_page())
    found, expected = (_find(classifier, image) for image in (open_image(file), _draw_page()))
    assert [digit.box for digit in found] == [digit.box for digit in expected]
    assert all((a.image == b.image).all() for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("encoding", LOSSY)
def test_a_lossy_encoding_does_not_change_the_prediction(
    encoding: str, classifier: DigitClassifier
) -> None:
    assert _predict(classifier, open_image(LOSSY[encoding](_draw_page()))) == ALL_DIGITS


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_does_not_change_the_prediction(
    orientation: int, classifier: DigitClassifier
) -> None:
    image = _draw_page()
    if orientation > 1:
        image = image.transpose(Image.Transpose([0, 3, 1, 5, 2, 6, 4][orientation - 2]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = _save(image, "JPEG", quality=95, exif=exif)
    assert _predict(classifier, open_image(file)) == ALL_DIGITS


@pytest.mark.parametrize("height", [28, 40, 80, 160, 320, 560])
def test_the_size_does_not_change_the_prediction(height: int, classifier: DigitClassifier) -> None:
    line = _draw_page().crop((0, 0, 620, 140))
    scaled = line.resize((620 * height // 140, height), Image.Resampling.BICUBIC)
    assert _predict(classifier, scaled) == ALL_DIGITS[:5]


@pytest.mark.parametrize(("ink", "paper"), [(240, 30), (255, 0), (0, 255), (120, 160), (160, 120)])
def test_polarity_and_contrast_do_not_change_the_prediction(
    ink: int, paper: int, classifier: DigitClassifier
) -> None:
    assert _predict(classifier, _draw_page(ink, paper)) == ALL_DIGITS


def test_an_inverted_image_has_the_same_digits(classifier: DigitClassifier) -> None:
    inverted = Image.fromarray(255 - np.asarray(_draw_page()))
    found, expected = (_find(classifier, image) for image in (inverted, _draw_page()))
    assert all((a.image == b.image).all() for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("margins", [(0, 0), (2, 2), (40, 300), (500, 20), (400, 400)])
def test_margins_do_not_change_the_prediction(
    margins: tuple[int, int], classifier: DigitClassifier
) -> None:
    rows, columns = np.nonzero(np.asarray(_draw_page()) < 200)
    tight = _draw_page().crop((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    wide = Image.new("L", (tight.width + 2 * margins[0], tight.height + 2 * margins[1]), 240)
    wide.paste(tight, margins)
    assert _predict(classifier, wide) == ALL_DIGITS
