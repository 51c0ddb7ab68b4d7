"""Sparklines: curves of block characters with their first and last value."""

import math

import pytest

from mnistcli.cli.training.sparklines import render_curves
from mnistcli.runs.history import EpochRow
from tests.cli.training.test_epoch_table import FALLING, make_row


def test_the_curves_have_the_first_and_the_last_value() -> None:
    assert render_curves(FALLING, 80) == [
        "loss            2.0000 █▃▁ 0.5000",
        "val accuracy   50.00 % ▁▅█ 100.00 %",
    ]


def test_a_terminal_without_block_characters_shows_ascii() -> None:
    assert render_curves(FALLING, 80, ascii_only=True)[0].isascii()


def test_a_long_curve_keeps_its_ends() -> None:
    rows = [make_row(epoch, 1 / epoch) for epoch in range(1, 501)]

    (line,) = render_curves(rows, 60)

    assert len(line) < 60
    curve = line.split()[2]
    assert (curve[0], curve[-1]) == ("█", "▁")


@pytest.mark.parametrize("rows", [[], FALLING[:1], [make_row(1, math.inf), make_row(2, 1)]])
def test_values_without_a_curve_are_not_drawn(rows: list[EpochRow]) -> None:
    assert render_curves(rows, 80) == []


def test_a_constant_value_is_a_flat_curve() -> None:
    (line,) = render_curves([make_row(1, 1), make_row(2, 1)], 80)

    assert "▁▁" in line
