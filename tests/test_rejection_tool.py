"""The tool that measures the rejection of non-digits."""

from pathlib import Path

import numpy as np
import pytest

from mnistcli.model_lookup import find_model
from mnistcli.synthetic import glyph_tables
from tests.support.strokes import make_digits
from tests.tools import rejection, rejection_glyphs
from tests.tools.rejection_drawings import drawn_kinds

DIGITS = make_digits(60, seed=0)


def test_unseen_letters_are_not_in_the_training_material() -> None:
    seen = set(glyph_tables.LETTERS + glyph_tables.COMMON_LETTERS + glyph_tables.NUMERALS)

    for script in ("Devanagari", "Thai", "Ethiopic"):
        letters = rejection_glyphs.letters_of(script)
        assert len(letters) > 20
        assert not seen & set(letters)


def test_letters_that_look_like_a_digit_are_left_out() -> None:
    assert not set("ऽउठर") & set(rejection_glyphs.letters_of("Devanagari"))
    assert "क" in rejection_glyphs.letters_of("Devanagari")


@pytest.mark.parametrize("name", drawn_kinds(DIGITS))
def test_drawings_are_ink_and_different(name: str) -> None:
    rng = np.random.default_rng(0)
    kind = drawn_kinds(DIGITS)[name]

    inks = [kind(rng) for _ in range(8)]

    assert all(ink.dtype == np.float32 and 0 <= ink.min() < ink.max() <= 1.001 for ink in inks)
    assert min((ink > 0.2).sum() for ink in inks) > 50
    assert len({ink.tobytes() for ink in inks}) == 8


def test_drawings_do_not_touch_the_border() -> None:
    rng = np.random.default_rng(0)
    kinds = drawn_kinds(DIGITS)

    for name in ("ticks", "arrows", "operators, drawn", "display segments", "scribbles"):
        inks = [kinds[name](rng) for _ in range(30)]
        borders = [
            max(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) for ink in inks
        ]
        assert np.mean(np.array(borders) > 0.5) < 0.1, name


def test_missing_fonts_are_named_and_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rejection_glyphs, "_FOLDER", tmp_path)
    drawings = rejection.draw_categories(DIGITS, 2, seed=0)

    rejection.measure(find_model("pretrained"), drawings, DIGITS)

    lines = capsys.readouterr().out.splitlines()
    assert sum("not installed" in line for line in lines) == len(rejection_glyphs.CATEGORIES)
    assert sum("%" in line for line in lines) == len(drawn_kinds(DIGITS)) + 1


def test_an_image_without_a_digit_is_rejected() -> None:
    from mnistcli.inference.loading import load_classifier

    model = find_model("pretrained")
    classifier = load_classifier(model.files)
    ink = np.zeros((120, 120), np.float32)
    images = [rejection.to_image(ink, np.random.default_rng(0))]
    ink[30:90, 50:62] = 1
    images.append(rejection.to_image(ink, np.random.default_rng(0)))

    rejected = rejection.rejected_images(classifier, images, model.digit_thresholds)

    assert list(rejected) == [True, False]
