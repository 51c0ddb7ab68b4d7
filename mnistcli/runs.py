"""The run directory: what a training leaves behind, and how a model is found again.

The names of the files inside are known to `Run` alone.
"""

import csv
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from mnistcli.config import TrainConfig
from mnistcli.errors import RunError
from mnistcli.files import write_atomically

RUNS_DIR = Path("runs")
_MEMBER = "member-"


@dataclass(frozen=True, kw_only=True)
class EpochRow:
    """One line of a training's history.

    Attributes:
        epoch: Counted from 1.
        loss: Mean training loss over the epoch.
        accuracy: Mean training accuracy over the epoch, 0..1.
        val_loss: Validation loss after the epoch; NaN where nothing is held out.
        val_accuracy: Validation accuracy after the epoch, 0..1; NaN where nothing is held out.
        learning_rate: Step size at the end of the epoch.
        seconds: Wall time of the epoch with its validation.
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
        """Return the row of texts, as a CSV file has it, as numbers."""
        values: dict[str, Any] = {field.name: float(row[field.name]) for field in fields(cls)}
        return cls(**values | {"epoch": int(row["epoch"])})


class Run:
    """A run directory and the files in it.

    Args:
        path: The directory. It need not exist until something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model_file = path / "model.keras"
        self.last_model_file = path / "last.keras"
        self.plots_dir = path / "plots"
        self._config_file = path / "config.json"
        self._environment_file = path / "environment.json"
        self._history_file = path / "history.csv"
        self._metrics_file = path / "metrics.json"

    @classmethod
    def create(cls, config: TrainConfig, path: Path | None = None) -> Self:
        """Make a new run directory that holds the config.

        Args:
            config: What is about to be trained.
            path: Where; None: a name made of the time, the recipe and the seed, under ``runs/``.

        Raises:
            RunError: It is there already and not empty, or cannot be made.
        """
        target = path or _free_path(config)
        if target.is_dir() and any(target.iterdir()):
            raise RunError(
                f"run directory {str(target)!r} exists and is not empty",
                hint=f"mnistcli train --run-dir {_next_name(target)}",
            )
        run = cls(target)
        try:
            target.mkdir(parents=True, exist_ok=True)
            run._write_json(run._config_file, config.as_dict())
        except OSError as error:
            raise _unwritable(target, error) from error
        return run

    @property
    def finished(self) -> bool:
        """Whether the training came to its end."""
        return self._metrics_file.is_file() and bool(self.model_files)

    @property
    def model_files(self) -> tuple[Path, ...]:
        """The `.keras` files there are: one, or that of each member of an ensemble."""
        if self.model_file.is_file():
            return (self.model_file,)
        members = sorted(self.path.glob(f"{_MEMBER}*/"), key=lambda path: (len(path.name), path))
        return tuple(file for path in members if (file := Run(path).model_file).is_file())

    @property
    def finished_at(self) -> int:
        """When a finished run was finished, in nanoseconds since 1970."""
        return self._metrics_file.stat().st_mtime_ns

    def create_member(self, number: int, config: TrainConfig) -> "Run":
        """Make the run directory of a member of an ensemble inside this one.

        Args:
            number: Counted from 1.
            config: What is about to be trained.

        Raises:
            RunError: It is there already and not empty, or cannot be made.
        """
        return Run.create(config, self.path / f"{_MEMBER}{number}")

    def read_config(self) -> TrainConfig:
        """Return the config the run was made with.

        Raises:
            RunError: There is none, or it is damaged.
        """
        try:
            return TrainConfig(**self._read_json(self._config_file))
        except TypeError as error:
            raise _damaged(self._config_file) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn what the system has against writing in the run into an error for a person.

        Raises:
            RunError: Something could not be written.
        """
        try:
            yield
        except OSError as error:
            raise RunError(
                f"cannot write in {str(self.path)!r}: {error.strerror}",
                hint="mnistcli train --run-dir DIR",
            ) from error

    def write_environment(self, environment: Mapping[str, Any]) -> None:
        """Keep what the run ran on: versions, device, threads, command line."""
        self._write_json(self._environment_file, environment)

    def append_history(self, row: EpochRow) -> None:
        """Add one epoch to the history, at once and for good."""
        new = not self._history_file.exists()
        with self._history_file.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, [field.name for field in fields(EpochRow)])
            if new:
                writer.writeheader()
            writer.writerow(asdict(row))
            stream.flush()
            os.fsync(stream.fileno())

    def read_history(self) -> list[EpochRow]:
        """Return the epochs so far, first one first.

        Raises:
            RunError: There is no history, or it is damaged.
        """
        try:
            with self._history_file.open(newline="", encoding="utf-8") as stream:
                return [EpochRow.parse(row) for row in csv.DictReader(stream)]
        except FileNotFoundError as error:
            raise RunError(
                f"no history in {str(self.path)!r}", hint="mnistcli train --run-dir NEW"
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self._history_file) from error

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Keep the finished training's figures; this marks the run as finished."""
        self._write_json(self._metrics_file, metrics)

    def read_metrics(self) -> dict[str, Any]:
        """Return the finished training's figures.

        Raises:
            RunError: The run is not finished, or the file is damaged.
        """
        return self._read_json(self._metrics_file)

    def _write_json(self, path: Path, content: Mapping[str, Any]) -> None:
        write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def _read_json(self, path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise RunError(
                f"no {path.name} in {str(self.path)!r}", hint="mnistcli train --run-dir NEW"
            ) from error
        except ValueError as error:
            raise _damaged(path) from error
        if not isinstance(content, dict):
            raise _damaged(path)
        return content


def _free_path(config: TrainConfig) -> Path:
    time = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    path = RUNS_DIR / f"{time}_{config.recipe}_seed{config.seed}"
    return Path(_next_name(path)) if path.exists() else path


def _next_name(path: Path) -> str:
    number = 2
    while (candidate := path.with_name(f"{path.name}-{number}")).exists():
        number += 1
    return str(candidate)


def _unwritable(path: Path, error: OSError) -> RunError:
    return RunError(
        f"cannot make run directory {str(path)!r}: {error.strerror}",
        hint="mnistcli train --run-dir DIR",
    )


def _damaged(path: Path) -> RunError:
    return RunError(f"damaged file {str(path)!r}", hint="mnistcli train --run-dir NEW")
