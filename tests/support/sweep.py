"""Simulated training runs of a sweep, its study as another process loads it, and results."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import optuna

from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.runs.history import EpochRow
from mnistcli.sweep import trial
from mnistcli.sweep.search_space import SearchSpace
from mnistcli.sweep.storage import Storage
from mnistcli.sweep.study import SweepPlan, SweepStudy, TrialSummary
from mnistcli.sweep.sweep import SweepResult
from mnistcli.training.callbacks import TrainingCallback

Accuracy = Callable[[TrainConfig, int], float]


@contextmanager
def simulated_training(accuracy: Accuracy) -> Iterator[list[TrainConfig]]:
    """Replace the training of trials by a function of config and epoch; yield their configs."""
    configs: list[TrainConfig] = []

    def train_unsaved(config: TrainConfig, splits: Splits, callback: TrainingCallback) -> EpochRow:
        configs.append(config)
        for epoch in range(1, config.epochs + 1):
            row = EpochRow(
                epoch=epoch,
                loss=1.0,
                accuracy=0.5,
                val_loss=1.0,
                val_accuracy=accuracy(config, epoch),
                learning_rate=0.001,
                seconds=0.1,
            )
            callback.on_epoch_end(row, kept=True)
        return row

    with (
        mock.patch.object(trial, "train_unsaved", train_unsaved),
        mock.patch("keras.backend.clear_session"),  # it collects all garbage
    ):
        yield configs


def load_study(plan: SweepPlan) -> optuna.Study:
    """Return the study of a sweep as another process loads it; it is created unless it exists."""
    SweepStudy.open(plan).close()
    return optuna.load_study(study_name=plan.name, storage=plan.storage.open().backend)


def make_trial(
    number: int, params: Mapping[str, object], accuracies: Sequence[float], state: str = "complete"
) -> TrialSummary:
    """Return a trial that has ended; the kept epoch of a complete one is the last."""
    return TrialSummary(
        number=number,
        state=state,
        params=params,
        accuracies=tuple(accuracies),
        value=accuracies[-1] if state == "complete" else None,
        seconds=1.0,
        error="",
        attempt=1,
    )


def make_result(vary: Sequence[str], trials: Sequence[TrialSummary]) -> SweepResult:
    """Return the result of a sweep of the digits in the directory ``s``."""
    space = SearchSpace.parse(None, {"dataset": "digits"}, vary)
    plan = SweepPlan(Storage(Path("s")), "test", space, len(trials))
    best = max(trials, key=lambda trial: trial.value or 0)
    return SweepResult(plan, tuple(trials), best, space.config(best.params), 144)
