"""Epoch table: columns for the width of the terminal, and no line that is wider."""

import math

import pytest

from mnistcli.cli.training.epoch_table import EpochTable
from mnistcli.cli.training.sparklines import render_curves
from mnistcli.runs.history import EpochRow


def make_row(epoch: int, loss: float, val_accuracy: float = math.nan) -> EpochRow:
    val_loss = math.nan if math.isnan(val_accuracy) else 0.4
    return EpochRow(
        epoch=epoch, loss=loss, accuracy=0.8, val_loss=val_loss, val_accuracy=val_accuracy,
        learning_rate=0.00093, seconds=61.26,
    )  # fmt: skip


FALLING = [make_row(1, 2.0, 0.5), make_row(2, 1.0, 0.75), make_row(3, 0.5, 1.0)]


def test_a_terminal_of_80_columns_shows_all() -> None:
    table = EpochTable.fit(10, 80, validated=True)

    assert [table.header, table.row(FALLING[0], kept=True)] == [
        "epoch     loss  accuracy  val loss  val accuracy  learning rate     time  kept",
        " 1/10   2.0000   80.00 %    0.4000       50.00 %        0.00093   61.3 s  kept",
    ]


@pytest.mark.parametrize("width", [8, 20, 40, 60, 80, 120])
@pytest.mark.parametrize("epochs", [1, 10, 1000])
def test_no_line_is_wider_than_the_terminal(width: int, epochs: int) -> None:
    table = EpochTable.fit(epochs, max(width, 2 * len(str(epochs)) + 1), validated=True)

    lines = [table.header, table.row(make_row(epochs, 0.1, 1.0), kept=True)]
    assert max(map(len, lines)) <= max(width, 2 * len(str(epochs)) + 1)
    assert all(len(line) < max(width, 20) for line in render_curves(FALLING, width))


def test_a_narrow_terminal_shows_the_validation_accuracy() -> None:
    table = EpochTable.fit(10, 20, validated=True)

    assert table.header == "epoch  val accuracy"


def test_without_validation_there_are_no_columns_for_it() -> None:
    table = EpochTable.fit(3, 120, validated=False)

    assert table.header == "epoch     loss  accuracy  learning rate     time  kept"
    assert (
        table.row(make_row(1, 0.5), kept=False)
        == "  1/3   0.5000   80.00 %        0.00093   61.3 s"
    )
