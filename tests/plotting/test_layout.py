"""Layout: blocks in rows."""

from mnistcli.plotting.layout import Size, place_in_landscape, place_in_rows

GAPS = Size(1, 2)


def test_blocks_fill_rows_in_order() -> None:
    layout = place_in_rows([Size(4, 1), Size(5, 3), Size(2, 1), Size(10, 1)], 10, GAPS)

    assert layout.positions == [(0, 0), (5, 0), (0, 5), (0, 8)]
    assert layout.size == (10, 9)


def test_a_block_that_is_too_wide_has_a_row_of_its_own() -> None:
    layout = place_in_rows([Size(1, 1), Size(20, 1), Size(1, 1)], 10, GAPS)

    assert layout.positions == [(0, 0), (0, 3), (0, 6)]
    assert layout.size == (20, 7)


def test_few_blocks_make_a_narrow_figure() -> None:
    assert place_in_landscape([Size(3, 2)], 4, 16, GAPS).size == (3, 2)
    four = place_in_landscape([Size(3, 2)] * 4, 4, 16, GAPS).size
    assert four.width < 16
    assert four.height <= 0.75 * four.width + 2


def test_many_blocks_have_the_maximum_width() -> None:
    layout = place_in_landscape([Size(3, 2)] * 100, 4, 16, GAPS)

    assert layout.size.width == 15
    assert len({left for left, _ in layout.positions}) == 4
