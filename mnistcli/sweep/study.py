"""Study of a sweep: its trials in a storage, and the requeuing of those that were stopped."""

import json
import math
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from mnistcli.config import SEED_LIMIT
from mnistcli.errors import OTHER_RUN_DIR, SweepError, TrainingError
from mnistcli.sweep.search_space import SearchSpace
from mnistcli.sweep.storage import OpenStorage, Storage, translate_storage_errors

# Limits the retries of a trial whose worker dies each time, say for lack of memory.
_MAX_ATTEMPTS = 3
ERROR, WORKER = "error", "worker"
_ATTEMPT, _PLAN = "attempt", "plan"
_POLL = 1.0  # polling interval in seconds for the trials of other processes


@dataclass(frozen=True)
class SweepPlan:
    """A sweep, as it can be sent to other processes.

    Attributes:
        storage: The storage of its study.
        name: The name of the study.
        space: The settings.
        trials: Number of trials of the study, across all its callers.
        hours: Time budget, after which a caller starts no more trials; None for no limit.
    """

    storage: Storage
    name: str
    space: SearchSpace
    trials: int
    hours: float | None = None


@dataclass(frozen=True)
class TrialSummary:
    """The summary of a trial for display.

    Attributes:
        number: Its number, counted from 0.
        state: ``running``, ``complete``, ``pruned``, ``failed`` or ``waiting``.
        params: The values of the settings that vary.
        accuracies: Validation accuracy after each epoch, 0..1.
        value: Validation accuracy of the kept epoch; None unless the trial is complete.
        seconds: Duration; None unless the trial has ended.
        error: The reason for a failure; empty if its process was stopped.
        attempt: Number of trials that have had these settings, including this one.
    """

    number: int
    state: str
    params: Mapping[str, Any]
    accuracies: tuple[float, ...]
    value: float | None
    seconds: float | None
    error: str
    attempt: int

    @property
    def is_counted(self) -> bool:
        """Whether it is one of the trials of the plan: it has started, and is not tried again."""
        if self.state == "failed":
            return bool(self.error) or self.attempt >= _MAX_ATTEMPTS
        return self.state != "waiting"

    @property
    def has_ended(self) -> bool:
        """Whether it is one of the trials of the plan and has ended."""
        return self.is_counted and self.state != "running"

    @property
    def accuracy(self) -> float | None:
        """The value, or the last accuracy of a trial without one; None before the first epoch."""
        if self.value is not None:
            return self.value
        return self.accuracies[-1] if self.accuracies else None


class SweepStudy:
    """The study of a sweep in this process.

    Args:
        plan: The sweep.
        storage: Its open storage.
        study: The study of Optuna.
    """

    def __init__(self, plan: SweepPlan, storage: OpenStorage, study: optuna.Study) -> None:
        self.plan = plan
        self._storage = storage
        self._optuna = study

    @classmethod
    def open(cls, plan: SweepPlan) -> "SweepStudy":
        """Open the study, or create it.

        Raises:
            SweepError: The storage fails, or the study has different settings.
        """
        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        with translate_storage_errors():
            storage = plan.storage.open(on_stale=_enqueue_again)
            with storage.lock():
                study = optuna.create_study(
                    storage=storage.backend,
                    study_name=plan.name,
                    direction="maximize",
                    load_if_exists=True,
                    # Median pruning. The first epoch differs by chance; steps are counted from 1.
                    pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
                )
                recorded = study.user_attrs.get(_PLAN)
                if recorded is None:
                    study.set_user_attr(_PLAN, plan.space.as_dict())
        if recorded not in (None, _as_json(plan.space.as_dict())):
            storage.close()
            raise SweepError(
                f"the sweep {plan.name!r} was started with different settings"
                f"{_difference(recorded, plan)}",
                hint=OTHER_RUN_DIR if plan.storage.url is None else "--study NAME",
            )
        return cls(plan, storage, study)

    def summaries(self) -> list[TrialSummary]:
        """Return all trials in order."""
        with translate_storage_errors():
            return [_summarize(trial) for trial in self._optuna.get_trials(deepcopy=False)]

    def is_done(self) -> bool:
        """Return whether all trials of the plan have ended."""
        return sum(trial.has_ended for trial in self.summaries()) >= self.plan.trials

    @contextmanager
    def claim(self) -> Iterator[bool]:
        """Hold the lock of the study, and yield whether trials remain to be started.

        Under the lock, no two processes start the last trial or choose by the same history. The
        caller releases it when the settings of its trial are chosen.
        """
        with translate_storage_errors(), self._storage.lock():
            yield sum(trial.is_counted for trial in self.summaries()) < self.plan.trials

    def optimize_one(self, objective: Callable[[optuna.Trial], float]) -> None:
        """Run one trial, whose settings the objective chooses under `claim`.

        Args:
            objective: Returns the value of a trial. A `TrainingError` is a failed trial.
        """
        with translate_storage_errors():
            trials = len(self._optuna.get_trials(deepcopy=False))
            # Bayesian optimization. Processes with one seed would start with the same settings.
            seed = (self.plan.space.base.seed + trials) % SEED_LIMIT
            self._optuna.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
            self._optuna.optimize(objective, n_trials=1, catch=(TrainingError,))

    def requeue(self, is_affected: Callable[[str], bool]) -> None:
        """Mark running trials of workers as failed, and enqueue their settings again.

        Args:
            is_affected: Returns whether the trial of the worker with this name was stopped.
        """
        with translate_storage_errors(), self._storage.lock():
            for trial in self._optuna.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
                if is_affected(trial.user_attrs.get(WORKER, "")):
                    self._requeue(trial)

    def requeue_last(self, worker: str) -> None:
        """Enqueue the settings of the last trial of a worker again; the trial was interrupted."""
        with translate_storage_errors():
            trials = self._optuna.get_trials(deepcopy=False)
            of_worker = [trial for trial in trials if trial.user_attrs.get(WORKER) == worker]
            if of_worker and of_worker[-1].state == TrialState.FAIL:
                _enqueue_again(self._optuna, of_worker[-1])

    def requeue_stale(self) -> None:
        """Requeue running trials whose heartbeat has stopped, where the storage has heartbeats."""
        with translate_storage_errors():
            optuna.storages.fail_stale_trials(self._optuna)

    def wait_for_others(self) -> None:
        """Wait a second while the last trials run in other processes, whose workers may die."""
        time.sleep(_POLL)
        self.requeue_stale()

    def close(self) -> None:
        """Close the storage."""
        self._storage.close()

    def _requeue(self, trial: FrozenTrial) -> None:
        try:
            self._optuna.tell(trial.number, state=TrialState.FAIL)
        except ValueError:
            return  # another process was faster
        _enqueue_again(self._optuna, trial)


def _enqueue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """Enqueue the settings of a stopped trial, until they have had `_MAX_ATTEMPTS` trials."""
    attempt = trial.user_attrs.get(_ATTEMPT, 1)
    if trial.params and attempt < _MAX_ATTEMPTS:
        study.enqueue_trial(trial.params, user_attrs={_ATTEMPT: attempt + 1})


def worker_name() -> str:
    """Return the name of this process among all workers of a study."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _summarize(trial: FrozenTrial) -> TrialSummary:
    """Return the summary of a trial for display."""
    state = {"fail": "failed"}.get(trial.state.name.lower(), trial.state.name.lower())
    steps = sorted(trial.intermediate_values.items())
    value = trial.value if trial.state == TrialState.COMPLETE else None
    return TrialSummary(
        number=trial.number,
        state=state,
        params=dict(trial.params),
        accuracies=tuple(accuracy for _, accuracy in steps if math.isfinite(accuracy)),
        value=value,
        seconds=trial.duration.total_seconds() if trial.duration else None,
        error=str(trial.user_attrs.get(ERROR, "")),
        attempt=trial.user_attrs.get(_ATTEMPT, 1),
    )


def _as_json(content: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(content))


def _difference(recorded: Mapping[str, Any], plan: SweepPlan) -> str:
    """Return the first setting that differs, as text."""
    current = _as_json(plan.space.as_dict())
    for part in ("settings", "vary"):
        before, now = recorded.get(part, {}), current[part]
        for name in [*before, *now]:
            if before.get(name) != now.get(name):
                return f": {name}"
    return ""
