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
from mnistcli.errors import CheckpointError, RunError
from mnistcli.files import write_atomically

RUNS_DIR = Path("runs")
MODEL_VARIABLE = "MNISTCLI_MODEL"
PRETRAINED = "pretrained"
_PRETRAINED_DIR = Path(__file__).with_name(PRETRAINED)
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


@dataclass(frozen=True)
class Model:
    """A model that was found: a network, or several that answer together.

    Attributes:
        files: The `.keras` file of each network.
        run: The run they belong to; None for a file on its own, and where several were named.
        parts: The models that were named, where there are several.
    """

    files: tuple[Path, ...]
    run: Run | None = None
    parts: tuple["Model", ...] = ()

    @property
    def name(self) -> str:
        """What to call it: the run directory, or the file."""
        if self.parts:
            return " + ".join(part.name for part in self.parts)
        if self.run and self.run.path == _PRETRAINED_DIR:
            return PRETRAINED
        return str(self.run.path if self.run else self.files[0])

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets it was trained on, as far as is known: ``mnist`` for a file on its own."""
        if self.parts:
            return tuple(dict.fromkeys(name for part in self.parts for name in part.datasets))
        return (self.run.read_config().dataset if self.run else TrainConfig.dataset,)

    @property
    def min_confidence(self) -> float:
        """How sure it must be to answer, 0 to 1; 0, always, where its run does not know."""
        if self.parts:
            return min(part.min_confidence for part in self.parts)
        if self.run is None or not self.run.finished:
            return 0.0
        return float(self.run.read_metrics().get("min_confidence", 0.0))

    def plots_dir(self, dataset: str) -> Path:
        """Return where pictures of it on a data set go.

        That is in the run, or beside a file on its own, or, of the pretrained model, in the
        directory one is in; those on other data than it was trained on
        have a folder of their own, so that neither replaces the other.

        Args:
            dataset: The data set's name.
        """
        if self.run and self.run.path != _PRETRAINED_DIR:
            own = self.run.plots_dir
        else:
            first = Path(self.parts[0].name if self.parts else self.name)
            others = f"_and_{len(self.parts) - 1}_more" if self.parts else ""
            own = first.with_name(f"{first.stem}{others}_plots")
        return own if dataset == self.datasets[0] else own / Path(dataset).name


def find_model(*models: str, root: Path = RUNS_DIR) -> Model:
    """Find the model that is meant.

    Args:
        models: Run directories, `.keras` files or ``pretrained``; several answer together. None:
            what ``$MNISTCLI_MODEL`` names, else the newest finished run, else ``pretrained``.
        root: Where the runs are.

    Raises:
        CheckpointError: There is no such model.
    """
    if len(models) > 1:
        parts = tuple(find_model(model) for model in models)
        return Model(tuple(file for part in parts for file in part.files), parts=parts)
    wanted = models[0] if models else os.environ.get(MODEL_VARIABLE) or _newest_run(root)
    path = _PRETRAINED_DIR if wanted == PRETRAINED else Path(wanted)
    if path.is_dir():
        run = Run(path)
        if not os.access(path, os.R_OK | os.X_OK):
            raise CheckpointError(f"not allowed to read: {str(path)!r}", hint=f"ls -ld {path}")
        if not run.model_files:
            raise CheckpointError(
                f"no model in {str(path)!r}: it is not the directory of a run with an epoch done",
                hint="mnistcli train",
            )
        return Model(run.model_files, run)
    if not path.exists():
        raise CheckpointError(f"no such model: {str(path)!r}", hint="mnistcli train")
    if path.name == Run(path.parent).model_file.name and Run(path.parent).finished:
        return Model((path,), Run(path.parent))
    return Model((path,))


def _newest_run(root: Path) -> str:
    finished = [run for path in root.glob("*/") if (run := Run(path)).finished]
    newest = max(finished, key=lambda run: run.finished_at, default=None)
    return PRETRAINED if newest is None else str(newest.path)


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
