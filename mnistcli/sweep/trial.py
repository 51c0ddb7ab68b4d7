"""One trial of a sweep (the objective function): claim it, train, report each epoch, prune."""

import math
from collections.abc import Callable
from contextlib import ExitStack

import keras
import optuna

from mnistcli.datasets import Splits
from mnistcli.errors import TrainingError
from mnistcli.runs.history import EpochRow
from mnistcli.sweep.study import ERROR, WORKER, SweepStudy, worker_name
from mnistcli.training.callbacks import SilentCallback
from mnistcli.training.training import train_unsaved


def run_trial(
    study: SweepStudy, splits: Splits, on_change: Callable[[], None] | None = None, worker: str = ""
) -> bool:
    """Run one trial of a study, unless all of them have started.

    Any number of processes on any machines that reach the storage can call it at the same time. A
    run that diverges is a failed trial.

    Args:
        study: The study, opened in this process.
        splits: The dataset.
        on_change: Called when the trial starts, after each epoch, and when it has ended.
        worker: Name of the worker, unique in the study. Defaults to a name of this
            process.

    Returns:
        Whether there was a trial to run.

    Raises:
        KeyboardInterrupt: The trial was interrupted; it is marked as failed.
        MnistCliError: The storage or the data fail.
    """
    changed = on_change or (lambda: None)
    worker = worker or worker_name()

    with ExitStack() as claim:
        if not claim.enter_context(study.claim()):
            return False

        def objective(trial: optuna.Trial) -> float:
            trial.set_user_attr(WORKER, worker)
            config = study.plan.space.config(study.plan.space.suggest(trial))
            claim.close()
            changed()
            try:
                row = train_unsaved(config, splits, _PruningCallback(trial, changed, config.epochs))
            except TrainingError as error:
                trial.set_user_attr(ERROR, error.message)
                raise
            return row.val_accuracy

        try:
            study.optimize_one(objective)
        except KeyboardInterrupt:
            study.requeue_last(worker)
            raise
        finally:
            # Otherwise a memory leak: the graph of a model is freed only with its session.
            keras.backend.clear_session()
        changed()
    return True


class _PruningCallback(SilentCallback):
    """Training callback that reports the validation accuracy of each epoch, and prunes the trial.

    Args:
        trial: The trial.
        on_change: Called after each epoch.
        epochs: Number of epochs of the trial.
    """

    def __init__(self, trial: optuna.Trial, on_change: Callable[[], None], epochs: int) -> None:
        self._trial = trial
        self._on_change = on_change
        self._epochs = epochs

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:  # noqa: ARG002 - in the protocol
        """Report the epoch.

        Raises:
            TrainingError: The validation accuracy is NaN.
            optuna.TrialPruned: The trial is unpromising.
        """
        if not math.isfinite(row.val_accuracy):
            raise TrainingError(f"the validation accuracy is {row.val_accuracy}")
        self._trial.report(row.val_accuracy, row.epoch)
        self._on_change()
        # After the last epoch there is nothing to save.
        if row.epoch < self._epochs and self._trial.should_prune():
            raise optuna.TrialPruned
