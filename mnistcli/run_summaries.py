"""Run summaries: settings, test accuracy and progress of runs; damaged runs are listed apart."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mnistcli.config import TrainConfig
from mnistcli.errors import ConfigError, RunError, os_reason
from mnistcli.model_files import is_complete
from mnistcli.model_lookup import ModelRef, find_model
from mnistcli.recipes import RECIPES
from mnistcli.runs.directories import RUNS_DIR, find_run_directories
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run, describe_progress


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """The settings and the result of a run.

    Attributes:
        path: The run directory.
        config: The settings.
        is_finished: Whether the training has ended.
        history: The epochs that have ended, of all members of an ensemble.
        members: Number of models that have a file.
        accuracy: Accuracy on the test images, 0..1; None if the run is not finished.
        loss: Cross-entropy on the test images in nats; None if the run is not finished.
        seconds: Wall time of the training, without the current epoch for an unfinished run; None if
            it is unknown, as for the packaged model.
        is_at_chance: Whether the model is no better than chance.
    """

    path: Path
    config: TrainConfig
    is_finished: bool
    history: tuple[EpochRow, ...]
    members: int
    accuracy: float | None
    loss: float | None
    seconds: float | None
    is_at_chance: bool = False

    @property
    def changes(self) -> dict[str, Any]:
        """The settings that override those of the recipe, keyed by name.

        For an unknown recipe, such as one of another version, they are the settings that differ
        from the defaults.
        """
        recipe = RECIPES.get(self.config.recipe)
        base = (recipe.config if recipe else TrainConfig()).as_dict()
        values = self.config.as_dict()
        return {
            name: value
            for name, value in values.items()
            if name not in {"recipe", "arch_sha256"} and value != base[name]
        }

    @property
    def progress(self) -> str:
        """The progress of a run that is not finished, such as ``unfinished: 3 of 10 epochs``."""
        if self.is_finished:
            return ""
        return describe_progress(self.config, self.members, len(self.history))

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain values for JSON."""
        return {
            "run": str(self.path),
            "recipe": self.config.recipe,
            "dataset": self.config.dataset,
            "seed": self.config.seed,
            "changes": self.changes,
            "finished": self.is_finished,
            "epochs": len(self.history),
            "models": self.members,
            "test_accuracy": self.accuracy,
            "test_loss": self.loss,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "at_chance": self.is_at_chance,
        }


class RunList(NamedTuple):
    """The runs in a directory.

    Attributes:
        summaries: The runs that can be read, the newest last.
        damaged: The errors of those that cannot, keyed by directory.
    """

    summaries: list[RunSummary]
    damaged: dict[Path, RunError]


class FoundRun(NamedTuple):
    """A run that was found by its name: its kept model and its summary."""

    model: ModelRef
    summary: RunSummary


def list_runs(root: Path = RUNS_DIR) -> RunList:
    """Summarize the runs in a directory, including the runs of `train --seeds`.

    A finished run is as old as its metrics, any other run as its last epoch.

    Args:
        root: The directory. One that does not exist contains no runs.

    Raises:
        RunError: The directory cannot be read.
    """
    dated: list[tuple[int, str, RunSummary]] = []
    damaged: dict[Path, RunError] = {}
    try:
        runs = list(map(Run, find_run_directories(root)))
    except OSError as error:
        raise RunError(f"cannot read {str(root)!r}: {os_reason(error)}") from error
    for run in runs:
        try:
            if changed_at := run.changed_at:  # otherwise it is not a run
                dated.append((changed_at, run.path.name, summarize_run(run)))
        except RunError as error:
            damaged[run.path] = error
        except OSError as error:
            damaged[run.path] = RunError(f"cannot read {str(run.path)!r}: {os_reason(error)}")
    # By name as well: copies of several runs can have the same time.
    dated.sort(key=lambda entry: entry[:2])
    return RunList([summary for _, _, summary in dated], damaged)


def summarize_run(run: Run) -> RunSummary:
    """Summarize a run.

    Args:
        run: A run directory, finished or not.

    Raises:
        RunError: A file of the run is missing or damaged.
        OSError: The directory cannot be read.
    """
    config = run.read_config()
    finished = run.is_finished
    metrics = run.read_metrics() if finished else {}
    if finished and not all(map(is_complete, run.model_files)):
        raise RunError(f"damaged model in {str(run.path)!r}")
    history = run.read_epochs()
    seconds = _number(metrics, "seconds")
    if seconds is None and (history or not finished):
        seconds = _total_seconds(history)
    return RunSummary(
        path=run.path,
        config=config,
        is_finished=finished,
        history=tuple(history),
        members=len(run.model_files),
        accuracy=_number(metrics, "test_accuracy", at_most=1),
        loss=_number(metrics, "test_loss"),
        seconds=seconds,
        is_at_chance=metrics.get("at_chance") is True,
    )


def find_runs(names: Sequence[str]) -> list[FoundRun]:
    """Find the runs to compare.

    Args:
        names: Names of runs, as accepted by `mnistcli.model_lookup.find_model`; the same run twice
            counts once.

    Raises:
        ModelError: There is no such run, or it has no model yet.
        ConfigError: There are fewer than two runs.
        RunError: A name refers to a model outside a run or to a file in a run, or a run is
            damaged.
    """
    found: dict[Path, FoundRun] = {}
    for name in names:
        model = find_model(name)
        if model.run is None or model.files != model.run.model_files:
            raise RunError(f"not a run directory: {name!r}", hint="mnistcli runs")
        if (path := model.run.path.resolve()) not in found:
            found[path] = FoundRun(model, summarize_run(model.run))
    if len(found) < 2:
        raise ConfigError("a comparison requires at least two different runs", hint="mnistcli runs")
    return list(found.values())


def find_common_dataset(models: Sequence[ModelRef]) -> str:
    """Return the dataset on which all models of runs were trained.

    Raises:
        RunError: The models were trained on different datasets, or a run is damaged.
    """
    first, *others = models
    dataset = first.datasets[0]
    for other in others:
        if other.datasets[0] != dataset:
            raise RunError(
                f"different datasets: {first.name!r} was trained on {dataset!r}, "
                f"{other.name!r} on {other.datasets[0]!r}",
                hint=f"--dataset {shlex.quote(dataset)}",
            )
    return dataset


def _total_seconds(history: Sequence[EpochRow]) -> float:
    return sum(row.seconds for row in history if math.isfinite(row.seconds))


def _number(metrics: Mapping[str, Any], name: str, at_most: float = 1e12) -> float | None:
    """Return a metric; None if it is missing or not a number in its range."""
    value = metrics.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= at_most else None
