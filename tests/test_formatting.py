"""Formatting: percentages, counts and rows of tables."""

import math

import pytest

from mnistcli.formatting import bounded_percent, format_count, format_row, percent


def test_a_percentage_has_two_decimals() -> None:
    assert percent(0.98739) == "98.74 %"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50.0 %"),
        (0.99949, "99.9 %"),
        (0.99996, ">99.9 %"),
        (0.0004, "<0.1 %"),
        (0.0006, "0.1 %"),
        (math.nan, "nan %"),
    ],
)
def test_a_percentage_is_round_only_where_it_is_exact(fraction: float, text: str) -> None:
    assert bounded_percent(fraction) == text


def test_a_percentage_has_the_given_number_of_decimals() -> None:
    assert bounded_percent(0.98765, 2) == "98.77 %"
    assert bounded_percent(0.99999, 2) == ">99.99 %"


def test_a_count_has_a_plural() -> None:
    assert [format_count(count, "image") for count in (0, 1, 10_000)] == [
        "0 images",
        "1 image",
        "10,000 images",
    ]


def test_the_cells_of_a_row_are_aligned() -> None:
    assert format_row(("a", "bcd", "e"), (3, 2, 0)) == "a    bcd  e"
    assert format_row(("a", "b"), (3, 2, 0)) == "a    b"
