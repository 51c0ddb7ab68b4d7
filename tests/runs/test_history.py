"""The history of a run: rows of epochs, written and read."""

import math
from pathlib import Path

import pytest

from mnistcli.errors import RunError
from mnistcli.runs.history import EpochRow, read_history, write_history

ROWS = [
    EpochRow(epoch=1, loss=0.5, accuracy=0.8, learning_rate=0.1, seconds=2.5),
    EpochRow(
        epoch=2, loss=0.25, accuracy=0.9, val_loss=0.3, val_accuracy=0.875,
        learning_rate=0.05, seconds=2.25,
    ),
]  # fmt: skip
COLUMNS = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds"


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", ROWS)

    first, second = read_history(tmp_path / "history.csv")

    assert math.isnan(first.val_loss)
    assert (first.epoch, first.loss, first.seconds) == (1, 0.5, 2.5)
    assert second == ROWS[1]


def test_an_infinite_loss_is_a_loss(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(f"{COLUMNS}\n1,inf,0.1,nan,0.1,0.1,1\n")

    assert read_history(path)[0].loss == math.inf


@pytest.mark.parametrize(
    "content",
    [
        "epoch,loss\n1,0.5\n",
        "a\nb\n",
        f"{COLUMNS}\n1",
        f"{COLUMNS}\n0,1,1,1,1,1,1\n",
        f"{COLUMNS}\n1{'0' * 400},1,1,1,1,1,1\n",
        f"{COLUMNS}\n1,1e308,1,1,1,1,1\n",
        f"{COLUMNS}\n1,{'1' * 200_000},1,1,1,1,1\n",
        f"{COLUMNS}\n1,\xff,1,1,1,1,1\n",
        f"{COLUMNS}\n1,\0,1,1,1,1,1\n",
    ],
)
def test_a_damaged_history_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "history.csv").write_text(content, encoding="latin-1")

    with pytest.raises(RunError, match=r"damaged file '.*history\.csv'"):
        read_history(tmp_path / "history.csv")


def test_a_history_that_does_not_exist_has_no_epochs(tmp_path: Path) -> None:
    assert read_history(tmp_path / "history.csv") == []
