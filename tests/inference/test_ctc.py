"""CTC beam search, compared with brute force: sums over all paths (alignments)."""

import itertools
import math

import numpy as np
import pytest

from mnistcli.inference.ctc import LineOutput, align, beam_search

_BLANK = 10


def random_frames(columns: int, *, seed: int, concentration: float = 0.2) -> LineOutput:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(11, concentration), columns)
    return LineOutput(probabilities[:, :10], probabilities[:, 10])


def sums_over_paths(frames: LineOutput) -> dict[str, float]:
    """Return the probability of each text: the sum over all its paths."""
    probabilities = np.column_stack([frames.digits, frames.blank])
    totals: dict[str, float] = {}
    for path in itertools.product(range(11), repeat=len(probabilities)):
        symbols = [symbol for symbol, _ in itertools.groupby(path) if symbol != _BLANK]
        text = "".join(map(str, symbols))
        product = math.prod(probabilities[range(len(path)), path].tolist())
        totals[text] = totals.get(text, 0.0) + product
    return totals


@pytest.mark.parametrize("seed", range(3))
def test_the_search_finds_the_most_likely_texts(seed: int) -> None:
    frames = random_frames(4, seed=seed)
    totals = sums_over_paths(frames)

    found = beam_search(frames)

    best = max(totals, key=lambda text: totals[text])
    assert max(found, key=lambda text: found[text]) == best
    assert found[best] == pytest.approx(math.log(totals[best]), abs=0.01)


def test_equal_digits_need_a_blank_between_them() -> None:
    digits = np.full((3, 10), 1e-6)
    digits[[0, 2], 7] = 1 - 1e-5
    frames = LineOutput(digits, np.array([1e-6, 0.9, 1e-6]))
    assert max(beam_search(frames).items(), key=lambda item: item[1])[0] == "77"

    frames.digits[1, 7], frames.blank[1] = 0.9, 1e-6
    assert max(beam_search(frames).items(), key=lambda item: item[1])[0] == "7"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_length_of_a_text_can_be_given(length: int) -> None:
    frames = random_frames(4, seed=1)
    totals = {text: p for text, p in sums_over_paths(frames).items() if len(text) == length}

    found = beam_search(frames, range(length, length + 1))

    assert {len(text) for text in found} == {length}
    best = max(found, key=lambda text: found[text])
    assert totals[best] >= 0.9 * max(totals.values())


def test_a_long_line_does_not_vanish_in_rounding() -> None:
    frames = random_frames(2000, seed=2, concentration=5)

    found = beam_search(frames)

    assert all(np.isfinite(value) and value < -700 for value in found.values())


@pytest.mark.parametrize("seed", range(3))
def test_an_alignment_has_the_probability_of_each_replaced_digit(seed: int) -> None:
    frames = random_frames(4, seed=seed)
    totals = sums_over_paths(frames)
    text = max((text for text in totals if len(text) > 1), key=lambda text: totals[text])

    alignment = align(frames, text)

    for position, digit in itertools.product(range(len(text)), range(10)):
        other = text[:position] + str(digit) + text[position + 1 :]
        expected = totals.get(other, 0.0) / totals[text]
        assert alignment.replacement_ratios[position, digit] == pytest.approx(expected, abs=1e-9)
    assert alignment.log_probability == pytest.approx(math.log(totals[text]))


def test_an_alignment_has_the_column_of_each_digit() -> None:
    digits = np.full((9, 10), 1e-4)
    digits[2, 3] = digits[6, 3] = digits[7, 8] = 0.99
    frames = LineOutput(digits, 1 - digits.sum(axis=1))

    assert align(frames, "338").columns == pytest.approx([2, 6, 7], abs=0.1)


def test_a_text_without_a_path_has_no_probability() -> None:
    alignment = align(random_frames(2, seed=0), "777")

    assert alignment.log_probability < -700
    assert np.isfinite(alignment.replacement_ratios).all()
