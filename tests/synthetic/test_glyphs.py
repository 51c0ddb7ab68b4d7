"""Glyphs of many scripts, printed and drawn."""

import numpy as np
import pytest
from matplotlib.font_manager import get_font
from scipy import ndimage

from mnistcli.synthetic import glyph_tables as tables
from mnistcli.synthetic import glyphs
from mnistcli.synthetic.letters import load_font

TABLES = {
    "COMMON_LETTERS": tables.COMMON_FONTS,
    "LETTERS": tables.FONTS,
    "NUMERALS": tables.FONTS,
    "SIGNS": tables.FONTS,
    "SOLID_SIGNS": tables.FONTS,
}


@pytest.mark.parametrize("name", TABLES)
def test_every_font_has_every_glyph(name: str) -> None:
    characters = getattr(tables, name)

    assert len(set(characters)) == len(characters)
    for font in TABLES[name]:
        known = get_font(load_font(font).path).get_charmap()
        assert not {char for char in characters if ord(char) not in known}


def test_no_glyph_looks_like_a_digit() -> None:
    """Glyphs that are the digits 0 to 9 of some hand, or have a ring or bar like them."""
    similar = set("OoQDUIlijrtJLTZzBYySsGbgqu|/\\()>?&$°0123456789ЗзОоЧчбЬьЪ٠١٥٦٨٩αθφσρηΛΙΟΖЅІЈ")  # noqa: RUF001

    for name in TABLES:
        assert not similar & set(getattr(tables, name))


def test_a_skeleton_is_one_pixel_wide_and_connected() -> None:
    mask = np.zeros((40, 60), bool)
    mask[5:35, 10:18] = mask[27:35, 10:55] = True

    skeleton = glyphs.thin(mask)

    assert (skeleton <= mask).all()
    assert ndimage.label(skeleton, np.ones((3, 3), bool))[1] == 1
    assert not ndimage.binary_erosion(skeleton, np.ones((2, 2), bool)).any()
    rows, columns = np.nonzero(skeleton)
    assert np.ptp(rows) > 20
    assert np.ptp(columns) > 35


def test_an_empty_mask_has_no_skeleton() -> None:
    assert not glyphs.thin(np.zeros((5, 5), bool)).any()


def test_the_longer_side_of_a_skeleton_has_64_pixels() -> None:
    points = glyphs.glyph_skeleton("H", "DejaVuSans")

    assert 50 <= np.ptp(points, axis=0).max() <= 64


def test_drawn_glyphs_differ_in_shape_and_line_width() -> None:
    rng = np.random.default_rng(3)
    skeleton = glyphs.glyph_skeleton("Ж", "DejaVuSans")
    masks = np.stack([glyphs.draw_skeleton(skeleton, rng) for _ in range(40)]) > 128

    coverage = masks.mean(axis=(1, 2))
    assert coverage.max() > 1.6 * coverage.min()
    assert masks.any(axis=0).sum() > 1.5 * masks.sum(axis=(1, 2)).mean()
    longer_sides = np.maximum(masks.any(axis=1).sum(axis=1), masks.any(axis=2).sum(axis=1))
    assert 18 <= np.median(longer_sides) <= 21


def test_a_ligature_has_more_points_than_a_glyph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "draw_skeleton", lambda points, _: points)
    rng = np.random.default_rng(3)

    single = [len(glyphs.draw_glyph(rng)) for _ in range(100)]
    double = [len(glyphs.draw_ligature(rng)) for _ in range(100)]

    assert np.mean(double) > 1.5 * np.mean(single)


def test_printed_glyphs_are_those_of_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def record(character: str, font: str, _rng: np.random.Generator) -> np.ndarray:
        seen.append((character, font))
        return np.zeros((28, 28), np.uint8)

    monkeypatch.setattr(glyphs, "render_character", record)
    rng = np.random.default_rng(3)
    for _ in range(400):
        glyphs.render_glyph(rng)

    for name, fonts in TABLES.items():
        chosen = {font for character, font in seen if character in getattr(tables, name)}
        assert set(fonts) <= chosen, name
