"""Synthetic non-digits: their number, their kinds and their seed."""

import signal
from collections.abc import Iterator
from functools import partial
from types import FrameType

import numpy as np
import pytest
from PIL import Image

from mnistcli.datasets import Dataset
from mnistcli.preprocessing.mnist_format_check import detect_mnist_digit
from mnistcli.synthetic import fragments, textures
from mnistcli.synthetic import non_digits as module
from mnistcli.synthetic.non_digits import (
    RENDERERS,
    RENDERERS_FROM_DIGITS,
    Renderer,
    generate_non_digits,
)
from tests.support.strokes import make_digits

DIGITS = make_digits(100, seed=0)
ALL_RENDERERS: list[Renderer] = [
    *(partial(renderer, DIGITS) for renderer in RENDERERS_FROM_DIGITS),
    *RENDERERS,
]
# These keep all 28x28 pixels of their source: they are not scaled to the box of a digit.
UNSCALED = (
    textures.render_noise,
    textures.render_pattern,
    textures.crop_photograph,
    fragments.mirror_digit,
)


def solid(level: int) -> Renderer:
    """Return a renderer whose images have one gray level."""
    return lambda _: np.full((28, 28), level, np.uint8)


@pytest.fixture
def _time_limit() -> Iterator[None]:
    """Fail a test that runs for 20 seconds: it would hang."""

    def fail(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail("the test hangs")

    previous = signal.signal(signal.SIGALRM, fail)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def test_there_are_as_many_as_requested_and_none_is_blank() -> None:
    images = generate_non_digits(DIGITS, 400, seed=1)

    assert images.dtype == np.uint8
    assert images.shape == (400, 28, 28)
    assert images.max(axis=(1, 2)).min() >= 128
    assert generate_non_digits(DIGITS, 0, seed=1).shape == (0, 28, 28)


def test_the_seed_determines_the_images() -> None:
    images = generate_non_digits(DIGITS, 150, seed=1)

    np.testing.assert_array_equal(generate_non_digits(DIGITS, 150, seed=1), images)
    assert (generate_non_digits(DIGITS, 150, seed=2) != images).any(axis=(1, 2)).mean() > 0.95


def test_nearly_all_images_are_different() -> None:
    images = generate_non_digits(DIGITS, 500, seed=1)

    assert len(np.unique(images, axis=0)) > 490


def test_each_renderer_has_its_fraction(monkeypatch: pytest.MonkeyPatch) -> None:
    frequencies = [*RENDERERS_FROM_DIGITS.values(), *RENDERERS.values()]
    marked = {solid(128 + index): frequency for index, frequency in enumerate(frequencies)}
    monkeypatch.setattr(module, "RENDERERS_FROM_DIGITS", {})
    monkeypatch.setattr(module, "RENDERERS", marked)

    images = generate_non_digits(DIGITS, 3 * sum(frequencies), seed=1)

    counts = np.bincount(images[:, 0, 0], minlength=128 + len(frequencies))[128:]
    assert list(counts) == [3 * frequency for frequency in frequencies]


@pytest.mark.parametrize(
    "renderer",
    [renderer for renderer in ALL_RENDERERS if getattr(renderer, "func", renderer) not in UNSCALED],
)
def test_drawings_have_the_size_of_digits(renderer: Renderer) -> None:
    rng = np.random.default_rng(3)

    images = [renderer(rng) for _ in range(20)]

    # The center of mass of a very asymmetric drawing cannot be in the middle.
    assert sum(detect_mnist_digit(Image.fromarray(image)) is not None for image in images) >= 8


def test_digits_of_one_label_are_enough() -> None:
    ones = make_digits(20, seed=0)
    ones = ones.take(np.flatnonzero(ones.labels == 1))

    assert (generate_non_digits(ones, 60, seed=0).max(axis=(1, 2)) >= 128).all()


@pytest.mark.usefixtures("_time_limit")
@pytest.mark.parametrize("peak", [0, 16, 127])
def test_faint_or_blank_digits_do_not_hang(peak: int) -> None:
    faint = Dataset(np.rint(DIGITS.images * (peak / 255)).astype(np.uint8), DIGITS.labels)

    images = generate_non_digits(faint, 120, seed=0)

    assert images.max(axis=(1, 2)).min() >= 128
