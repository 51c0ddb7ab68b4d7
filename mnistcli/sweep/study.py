"""Study of a sweep: its trials in a storage, which of them count, and those of dead workers."""

import json
import math
import os
import socket
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from mnistcli.errors import OTHER_RUN_DIR, RunError
from mnistcli.sweep.search_space import SearchSpace
from mnistcli.sweep.storage import OpenStorage, Storage, translate_storage_errors

# A trial whose worker dies each time, for example for lack of memory, must not run forever.
MAX_ATTEMPTS = 3
ATTEMPT, ERROR, WORKER = "attempt", "error", "worker"
_PLAN = "plan"
_POLL = 1.0  # seconds between two looks at the trials of other processes


@dataclass(frozen=True)
class SweepPlan:
    """A sweep, as it can be sent to other processes.

    Attributes:
        storage: The storage of its study.
        name: The name of the study.
        space: The settings.
        trials: Number of trials of the study, of all its callers together.
        hours: Time after which a caller starts no more trials; None for any time.
    """

    storage: Storage
    name: str
    space: SearchSpace
    trials: int
    hours: float | None = None


@dataclass(frozen=True)
class TrialSummary:
    """A trial as it is shown.

    Attributes:
        number: Its number, counted from 0.
        state: ``running``, ``complete``, ``pruned``, ``failed`` or ``waiting``.
        params: The values of the settings that vary.
        accuracies: Validation accuracy after each epoch, 0..1.
        value: Validation accuracy of the kept epoch; None unless the trial is complete.
        seconds: Duration; None unless the trial has ended.
        error: The reason of a failure; empty if its process was stopped.
    """

    number: int
    state: str
    params: Mapping[str, Any]
    accuracies: tuple[float, ...]
    value: float | None
    seconds: float | None
    error: str

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
        self.storage = storage
        self.study = study

    @classmethod
    def open(cls, plan: SweepPlan) -> "SweepStudy":
        """Open the study, or create it.

        Raises:
            RunError: The storage fails, or the study has other settings.
        """
        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        with translate_storage_errors():
            storage = plan.storage.open(on_stale=retry)
            with storage.lock():
                study = optuna.create_study(
                    storage=storage.backend,
                    study_name=plan.name,
                    direction="maximize",
                    load_if_exists=True,
                    # The first epoch differs by chance; steps are counted from 1.
                    pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
                )
                recorded = study.user_attrs.get(_PLAN)
                if recorded is None:
                    study.set_user_attr(_PLAN, plan.space.as_dict())
        if recorded not in (None, _as_json(plan.space.as_dict())):
            storage.close()
            raise RunError(
                f"the sweep {plan.name!r} was started with other settings"
                f"{_difference(recorded, plan)}",
                hint=OTHER_RUN_DIR if plan.storage.url is None else "--study NAME",
            )
        return cls(plan, storage, study)

    def summaries(self) -> list[TrialSummary]:
        """Return all trials in order."""
        with translate_storage_errors():
            return [summarize(trial) for trial in self.study.get_trials(deepcopy=False)]

    def count(self) -> int:
        """Return the number of trials that count: finished ones and running ones."""
        return sum(map(_counts, self.study.get_trials(deepcopy=False)))

    def is_done(self) -> bool:
        """Return whether all trials have ended."""
        with translate_storage_errors():
            trials = self.study.get_trials(deepcopy=False)
        ended = [trial for trial in trials if _counts(trial) and trial.state != TrialState.RUNNING]
        return len(ended) >= self.plan.trials

    def fail_dead(self, is_dead: Callable[[str], bool]) -> None:
        """Mark the running trials of dead workers as failed, and repeat their settings later.

        Args:
            is_dead: Returns whether the worker with this name is dead.
        """
        with translate_storage_errors(), self.storage.lock():
            for trial in self.study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
                if is_dead(trial.user_attrs.get(WORKER, "")):
                    self._fail(trial)

    def repeat_last(self, worker: str) -> None:
        """Repeat the settings of the last trial of a worker later; the trial was interrupted."""
        trials = self.study.get_trials(deepcopy=False)
        of_worker = [trial for trial in trials if trial.user_attrs.get(WORKER) == worker]
        if of_worker and of_worker[-1].state == TrialState.FAIL:
            retry(self.study, of_worker[-1])

    def fail_stale(self) -> None:
        """Mark the running trials without a heartbeat as failed, where the storage has one."""
        with translate_storage_errors():
            optuna.storages.fail_stale_trials(self.study)

    def wait_for_others(self) -> None:
        """Wait a second while the last trials run in other processes, whose workers may die."""
        time.sleep(_POLL)
        self.fail_stale()

    def _fail(self, trial: FrozenTrial) -> None:
        try:
            self.study.tell(trial.number, state=TrialState.FAIL)
        except ValueError:
            return  # another process was faster
        retry(self.study, trial)

    def close(self) -> None:
        """Close the storage."""
        self.storage.close()


def retry(study: optuna.Study, trial: FrozenTrial) -> None:
    """Enqueue the settings of a trial whose worker was stopped, up to `MAX_ATTEMPTS` times."""
    attempt = trial.user_attrs.get(ATTEMPT, 1)
    if trial.params and attempt < MAX_ATTEMPTS:
        study.enqueue_trial(trial.params, user_attrs={ATTEMPT: attempt + 1})


def worker_name() -> str:
    """Return the name of this process among all workers of a study."""
    return f"{socket.gethostname()}:{os.getpid()}"


def summarize(trial: FrozenTrial) -> TrialSummary:
    """Return a trial as it is shown."""
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
    )


def _counts(trial: FrozenTrial) -> bool:
    """Return whether a trial counts; one whose process was stopped does not."""
    if trial.state == TrialState.FAIL:
        return ERROR in trial.user_attrs or trial.user_attrs.get(ATTEMPT, 1) >= MAX_ATTEMPTS
    return trial.state != TrialState.WAITING


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
