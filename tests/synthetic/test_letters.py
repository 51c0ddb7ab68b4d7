"""Synthetic letters: printed, handwritten and in lines of text."""

import numpy as np

from mnistcli.synthetic.letters import draw_letter, render_letter, render_text


def test_printed_letters_are_light_or_dark() -> None:
    rng = np.random.default_rng(3)
    letters = np.stack([render_letter(rng) for _ in range(100)])

    coverage = (letters[:, 4:24, 4:24] > 128).mean(axis=(1, 2))
    assert 5 <= (coverage > 0.6).sum() <= 40
    assert (coverage < 0.5).sum() >= 50


def test_a_text_has_one_or_two_lines_wider_than_high() -> None:
    rng = np.random.default_rng(3)
    masks = np.stack([render_text(rng) for _ in range(30)]) > 128

    heights = masks.any(axis=2).sum(axis=1)
    assert (masks.any(axis=1).sum(axis=1) >= 18).all()
    assert np.mean(heights <= 9) > 0.2  # one line
    assert np.mean(heights >= 10) > 0.2  # two lines


def test_handwritten_letters_are_all_different() -> None:
    rng = np.random.default_rng(3)
    letters = [draw_letter(rng) for _ in range(50)]

    assert len({letter.tobytes() for letter in letters}) == 50
    assert min(letter.max() for letter in letters) == 255
