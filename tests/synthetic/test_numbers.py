"""Synthetic numbers: line images with their text."""

from itertools import islice

import numpy as np
import pytest

from mnistcli.datasets.dataset import Dataset
from mnistcli.line_format import MARKS
from mnistcli.synthetic.number_texts import random_text
from mnistcli.synthetic.numbers import WIDTHS, NumberGenerator, NumberImage
from tests.support.strokes import make_digits


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """Twenty images; their labels need not be correct."""
    images = make_digits(20, seed=0).images
    return Dataset(images, np.arange(20) % 10)


@pytest.fixture(scope="module")
def numbers(digits: Dataset) -> list[NumberImage]:
    return list(islice(NumberGenerator(digits, seed=0), 150))


def test_numbers_are_32_pixels_high(numbers: list[NumberImage]) -> None:
    assert {number.pixels.shape[0] for number in numbers} == {32}
    assert {number.pixels.shape[1] for number in numbers} <= set(WIDTHS)
    assert all(number.pixels.dtype == np.uint8 for number in numbers)


def test_a_text_is_visible(numbers: list[NumberImage]) -> None:
    peaks = [number.pixels.max() for number in numbers if any(map(str.isdigit, number.text))]

    assert np.mean(np.array(peaks) > 150) > 0.95


def test_a_longer_text_is_wider(numbers: list[NumberImage]) -> None:
    widths = [(len(number.text), number.pixels.shape[1]) for number in numbers]

    assert np.corrcoef(np.array(widths).T)[0, 1] > 0.6


def test_a_number_has_a_column_of_the_network_for_each_symbol(numbers: list[NumberImage]) -> None:
    for number in numbers:
        repeats = sum(a == b for a, b in zip(number.text, number.text[1:], strict=False))
        assert len(number.text) + repeats <= number.pixels.shape[1] // 4


def test_the_seed_determines_the_numbers(digits: Dataset) -> None:
    first, again, other = (
        list(islice(NumberGenerator(digits, seed=seed), 5)) for seed in (7, 7, 8)
    )

    assert [number.text for number in first] == [number.text for number in again]
    pairs = zip(first, again, strict=True)
    assert all(np.array_equal(one.pixels, two.pixels) for one, two in pairs)
    assert [number.text for number in first] != [number.text for number in other]


def test_texts_have_digits_and_marks_of_all_kinds() -> None:
    rng = np.random.default_rng(0)
    texts = [random_text(rng) for _ in range(3000)]

    assert set("".join(texts)) == set("0123456789" + MARKS)
    counts = [sum(map(str.isdigit, text)) for text in texts]
    assert (min(counts), max(counts)) == (0, 9)
    assert 0.15 < np.mean([text.rstrip(MARKS).endswith("00") for text in texts]) < 0.35
