"""Trials of a sweep, in parallel on the workers of a Dask cluster."""

import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum, auto
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from uuid import uuid4

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.connection import connect
from mnistcli.cluster.tasks import TaskRunner
from mnistcli.cluster.worker import call_with_keras
from mnistcli.datasets import Splits
from mnistcli.sweep.study import SweepPlan, SweepStudy
from mnistcli.sweep.trial import run_trial
from mnistcli.training.cluster_training import TrainingJob, load_job_splits


def run_trials_on_cluster(
    address: ClusterAddress,
    study: SweepStudy,
    splits: Splits,
    *,
    data_dir: Path | None,
    report: Callable[[], None],
    deadline: float,
) -> None:
    """Run the trials of a study that are missing, one at a time on each worker of a cluster.

    The settings of a trial whose worker was killed are tried again on another worker.

    Args:
        address: The cluster.
        study: The study.
        splits: The dataset.
        data_dir: Directory of the MNIST files; None for the default.
        report: Called every two seconds and when a trial has ended.
        deadline: Value of `time.monotonic` after which no trial is started.

    Raises:
        ClusterError: The cluster cannot be used, or does not have the files.
        SweepError: The storage fails.
    """
    caller = uuid4().hex
    job = TrainingJob.create(study.plan.space.base, splits, data_dir)
    storage = study.plan.storage
    plan = replace(study.plan, storage=replace(storage, directory=storage.directory.absolute()))
    function = pickle.dumps(partial(_run_trial, job, plan))
    numbers = count()
    has_trials_left = True  # that no process has started

    def task_ids() -> Iterator[str]:
        while has_trials_left and time.monotonic() < deadline:
            yield f"{caller}:{next(numbers)}"

    try:
        with connect(address) as client:
            tasks = TaskRunner[str, _Outcome](
                client, address, partial(call_with_keras, function), report
            )
            while time.monotonic() < deadline and not study.is_done():
                if not has_trials_left:
                    study.wait_for_others()
                has_trials_left = True
                for task, outcome in tasks.run_unordered(task_ids()):
                    if outcome is None:  # all workers that tried it were killed
                        study.requeue(lambda worker: worker == task)  # noqa: B023 - called now
                    elif outcome is _Outcome.NO_TRIAL_LEFT:
                        has_trials_left = False
                    report()
    finally:
        study.requeue(lambda worker: worker.startswith(caller))


class _Outcome(Enum):
    """Outcome of a task on a worker that was not killed."""

    TRIAL_ENDED = auto()
    NO_TRIAL_LEFT = auto()


def _run_trial(job: TrainingJob, plan: SweepPlan, task: str) -> _Outcome:
    """Run one trial on a worker, unless all trials have started.

    Args:
        job: The base config and the dataset.
        plan: The sweep.
        task: Id of this task, under which the trial is claimed.
    """
    splits = load_job_splits(job, plan.storage.directory)
    study = _open_study(pickle.dumps(plan))
    # A task runs again only if the worker that ran it before was killed.
    study.requeue(lambda worker: worker == task)
    if run_trial(study, splits, worker=task):
        return _Outcome.TRIAL_ENDED
    study.close()
    _open_study.cache_clear()
    return _Outcome.NO_TRIAL_LEFT


@lru_cache(maxsize=1)
def _open_study(plan: bytes) -> SweepStudy:
    """Open a study once for many trials, which takes half a second in a database.

    Args:
        plan: The sweep as a pickle.
    """
    return SweepStudy.open(pickle.loads(plan))  # noqa: S301 - sent by the caller of the cluster
