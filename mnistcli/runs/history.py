"""Training history: one row per epoch, in `history.csv`, and the kept epoch (best checkpoint)."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from mnistcli.errors import OTHER_MODEL, RunError, os_reason
from mnistcli.files.atomic import write_atomically
from mnistcli.runs.json_files import damaged_error, regular_file_exists

# Training computes in float32: a larger number in a history does not come from a run.
_MAX_METRIC = 3.5e38
_MAX_EPOCHS = 10**6


@dataclass(frozen=True, kw_only=True)
class EpochRow:
    """One row of the training history, a point of the learning curves.

    Attributes:
        epoch: Number of the epoch, counted from 1.
        loss: Mean training loss over the epoch, as optimized: with smoothed labels if
            `TrainConfig.label_smoothing` is set.
        accuracy: Mean training accuracy over the epoch, 0..1.
        val_loss: The same loss on the validation images after the epoch; NaN without validation.
        val_accuracy: Validation accuracy after the epoch, 0..1; NaN without validation.
        learning_rate: Learning rate at the end of the epoch.
        seconds: Wall time of the epoch, including validation.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float = math.nan
    val_accuracy: float = math.nan
    learning_rate: float
    seconds: float

    @classmethod
    def parse(cls, row: Mapping[str, str]) -> Self:
        """Return the row of a CSV file as numbers.

        Raises:
            KeyError: A column is missing.
            TypeError: A value is missing.
            ValueError: A value is not a number, or too large.
        """
        epoch = int(row["epoch"])
        values = {field.name: float(row[field.name]) for field in fields(cls)[1:]}
        finite = [value for value in values.values() if math.isfinite(value)]
        if not 1 <= epoch <= _MAX_EPOCHS or any(abs(value) > _MAX_METRIC for value in finite):
            raise ValueError("out of range")
        return cls(epoch=epoch, **values)


def is_better(row: EpochRow, best: EpochRow | None, *, keeps_last: bool) -> bool:
    """Return whether a run keeps an epoch instead of the one that it has kept so far.

    Args:
        row: The epoch.
        best: The best epoch so far, which is kept; None before the first.
        keeps_last: Whether the run keeps its last epoch.
    """
    if best is None or keeps_last:
        return True
    return row.val_loss < best.val_loss or math.isnan(best.val_loss)


def write_history(path: Path, rows: Sequence[EpochRow]) -> None:
    """Write a history file, ``history.csv``, atomically.

    Raises:
        OSError: The file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(EpochRow)])
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_atomically(path, text.getvalue())


def read_history(path: Path) -> list[EpochRow]:
    """Return the epochs in a history file, in order; none if the file does not exist.

    Raises:
        RunError: The file cannot be read or is damaged.
    """
    try:
        if not regular_file_exists(path):
            return []
        with path.open(newline="", encoding="utf-8") as stream:
            return [EpochRow.parse(row) for row in csv.DictReader(stream)]
    except OSError as error:
        raise RunError(
            f"cannot read {str(path)!r}: {os_reason(error)}", hint=OTHER_MODEL
        ) from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise damaged_error(path) from error
