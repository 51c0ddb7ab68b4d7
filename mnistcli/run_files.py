"""Files of a run: JSON and the history of epochs, written atomically and read with checks."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from mnistcli.errors import RunError
from mnistcli.files import write_atomically

# Training computes in float32: a larger number in a history does not come from a run.
_MOST = 3.5e38
_MOST_EPOCHS = 10**6
OTHER_MODEL = "--model pretrained"
"""The hint for a run that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class EpochRow:
    """One row of the training history.

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
        if not 1 <= epoch <= _MOST_EPOCHS or any(abs(value) > _MOST for value in finite):
            raise ValueError("out of range")
        return cls(epoch=epoch, **values)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file atomically.

    Raises:
        OSError: The file cannot be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    # File names that are not UTF-8 hold surrogates; they become JSON escapes such as \udcff.
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file, or None if the file does not exist.

    Raises:
        RunError: The file cannot be read, or holds anything else.
    """
    try:
        if not _exists(path):
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"cannot read {str(path)!r}: {error.strerror}", hint=OTHER_MODEL) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path) from error
    if not isinstance(content, dict):
        raise damaged(path)
    return content


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
        if not _exists(path):
            return []
        with path.open(newline="", encoding="utf-8") as stream:
            return [EpochRow.parse(row) for row in csv.DictReader(stream)]
    except OSError as error:
        raise RunError(f"cannot read {str(path)!r}: {error.strerror}", hint=OTHER_MODEL) from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise damaged(path) from error


def damaged(path: Path, reason: str = "") -> RunError:
    """Return the error for a file with invalid content."""
    detail = f": {reason}" if reason else ""
    return RunError(f"damaged file {str(path)!r}{detail}", hint=OTHER_MODEL)


def _exists(path: Path) -> bool:
    """Return whether a file exists, and refuse anything else: opening a FIFO would block."""
    if path.exists() and not path.is_file():
        raise OSError(0, "not a regular file")
    return path.is_file()
