"""Sweep: run the trials of a study that are missing, here or on a cluster."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.config import SEED_LIMIT, TrainConfig
from mnistcli.datasets import Splits
from mnistcli.errors import OutputError, TrainingError, os_reason
from mnistcli.runs.json_files import write_json
from mnistcli.sweep.study import SweepPlan, SweepStudy, TrialSummary, worker_name
from mnistcli.sweep.trial import run_trial
from mnistcli.training.data import hold_out_validation

BEST_FILE = "best.json"

ChangeCallback = Callable[[Sequence[TrialSummary]], None]


@dataclass(frozen=True)
class SweepResult:
    """The result of a sweep.

    Attributes:
        plan: The sweep.
        trials: All trials of the study in order.
        best: The complete trial with the highest validation accuracy.
        config: Its config.
        validation_images: Number of validation images.
    """

    plan: SweepPlan
    trials: tuple[TrialSummary, ...]
    best: TrialSummary
    config: TrainConfig
    validation_images: int

    @property
    def best_value(self) -> float:
        """The highest validation accuracy, 0..1."""
        return self.best.value or 0.0

    @property
    def best_file(self) -> Path:
        """The file with the best settings."""
        return self.plan.storage.directory / BEST_FILE

    @property
    def confirmation_directory(self) -> Path:
        """The directory for runs of the best settings with other seeds."""
        return self.plan.storage.directory / f"confirm-trial-{self.best.number}"

    def other_seeds(self, count: int) -> list[int]:
        """Return seeds that the sweep has not used, to confirm the best settings."""
        return [(self.config.seed + number) % SEED_LIMIT for number in range(1, count + 1)]

    @property
    def complete_count(self) -> int:
        """Number of complete trials, of which the best was chosen."""
        return sum(trial.state == "complete" for trial in self.trials)

    @property
    def selection_bias(self) -> float:
        """Upper estimate of the selection bias (winner's curse) of the best accuracy, 0..1.

        The best of n equal trials is better than their mean by chance. For this optimism, Blom's
        approximation gives the expected maximum of n normal values; the standard deviation is the
        standard error of an accuracy on the validation images.
        """
        if self.complete_count < 2:
            return 0.0
        maximum = NormalDist().inv_cdf((self.complete_count - 0.375) / (self.complete_count + 0.25))
        p = min(self.best_value, 1 - 1 / (2 * self.validation_images))
        return maximum * math.sqrt(p * (1 - p) / self.validation_images)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain values for JSON."""
        return {
            "run_dir": str(self.plan.storage.directory),
            "study": self.plan.name,
            "trials": [
                {
                    "number": trial.number,
                    "state": trial.state,
                    "settings": dict(trial.params),
                    "val_accuracy": trial.accuracy,
                    "epochs": len(trial.accuracies),
                    "seconds": trial.seconds,
                    **({"error": trial.error} if trial.error else {}),
                }
                for trial in self.trials
            ],
            "best": {
                "trial": self.best.number,
                "val_accuracy": self.best.value,
                "settings": dict(self.best.params),
                "file": str(self.best_file),
            },
            "selection_bias": self.selection_bias,
        }


def run_sweep(
    plan: SweepPlan,
    splits: Splits,
    *,
    address: ClusterAddress | None = None,
    data_dir: Path | None = None,
    on_change: ChangeCallback | None = None,
) -> SweepResult:
    """Run the trials that are missing, and write the best settings.

    The settings of trials that were stopped are tried again.

    Args:
        plan: The sweep. Its directory exists, and no other caller uses it.
        splits: The dataset.
        address: The cluster whose workers run the trials. Defaults to this process.
        data_dir: Directory of the MNIST files, for a cluster; None for the default.
        on_change: Called with all trials when one of them may have changed.

    Raises:
        MnistCliError: The storage, the data or the cluster fail, or the study has different
            settings.
        TrainingError: No trial is complete.
    """
    images = hold_out_validation(plan.space.base, splits).validation
    study = SweepStudy.open(plan)

    def report() -> None:
        if on_change is not None:
            on_change(study.summaries())

    try:
        if plan.storage.url is None:  # no other caller uses the journal
            study.requeue(lambda _: True)
        study.requeue_stale()
        deadline = time.monotonic() + plan.hours * 3600 if plan.hours else math.inf
        if address is None:
            _run_here(study, splits, report, deadline)
        else:
            from mnistcli.sweep.cluster_trials import run_trials_on_cluster  # noqa: PLC0415 - loads Dask

            run_trials_on_cluster(
                address, study, splits, data_dir=data_dir, report=report, deadline=deadline
            )
        study.requeue_stale()
        report()
        return _choose_best(study, splits.name, len(images or ()))
    finally:
        study.requeue(lambda worker: worker == worker_name())
        study.close()


def _run_here(
    study: SweepStudy, splits: Splits, report: Callable[[], None], deadline: float
) -> None:
    while time.monotonic() < deadline:
        if not run_trial(study, splits, report):
            if study.is_done():
                return
            study.wait_for_others()
            report()


def _choose_best(study: SweepStudy, dataset_name: str, images: int) -> SweepResult:
    """Choose the best trial and write its settings.

    Raises:
        TrainingError: No trial is complete.
        OutputError: The file cannot be written.
    """
    trials = study.summaries()
    complete = [trial for trial in trials if trial.value is not None]
    if not complete:
        reason = next((trial.error for trial in trials if trial.error), "all were stopped")
        raise TrainingError(f"none of {len(trials)} trials is complete: {reason}")
    best = max(complete, key=lambda trial: (trial.value, -trial.number))
    config = TrainConfig.from_dict(
        study.plan.space.config(best.params).as_dict() | {"dataset": dataset_name}
    )
    result = SweepResult(study.plan, tuple(trials), best, config, images)
    try:
        write_json(result.best_file, config.as_dict())
    except OSError as error:
        raise OutputError(f"cannot write {str(result.best_file)!r}: {os_reason(error)}") from error
    return result
