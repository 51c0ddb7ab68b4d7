"""Trials of a sweep on the workers of a cluster."""

import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from uuid import uuid4

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.connection import connect
from mnistcli.cluster.tasks import Tasks
from mnistcli.cluster.worker import call_with_keras
from mnistcli.datasets import Splits
from mnistcli.sweep.study import SweepPlan, SweepStudy
from mnistcli.sweep.trial import run_trial
from mnistcli.training.cluster_training import TrainingJob, load_splits


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
        data_dir: Folder of the MNIST files, as `mnistcli.datasets.load` takes it.
        report: Called every two seconds and when a trial has ended.
        deadline: Value of `time.monotonic` after which no trial is started.

    Raises:
        ClusterError: The cluster cannot be used, or does not have the files.
        RunError: The storage fails.
    """
    caller = uuid4().hex
    job = TrainingJob.create(study.plan.space.base, splits, data_dir)
    storage = study.plan.storage
    plan = replace(study.plan, storage=replace(storage, directory=storage.directory.absolute()))
    function = pickle.dumps(partial(_run_trial, job, plan))
    numbers = count()
    left = True  # whether there are trials to start

    def names() -> Iterator[str]:
        while left and time.monotonic() < deadline:
            yield f"{caller}:{next(numbers)}"

    try:
        with connect(address) as client:
            tasks = Tasks[str, bool](client, address, partial(call_with_keras, function), report)
            while time.monotonic() < deadline and not study.is_done():
                if not left:
                    study.wait_for_others()
                left = True
                for name, had_trial in tasks.run_unordered(names()):
                    if had_trial is None:  # all workers that tried it were killed
                        study.fail_dead(name.__eq__)
                    elif not had_trial:
                        left = False
                    report()
    finally:
        study.fail_dead(lambda worker: worker.startswith(caller))


def _run_trial(job: TrainingJob, plan: SweepPlan, name: str) -> bool:
    """Run one trial on a worker; return whether there was one to run.

    Args:
        job: The base config and the dataset.
        plan: The sweep.
        name: Name of this task, under which the trial is claimed.
    """
    splits = load_splits(job, plan.storage.directory)
    study = _open_study(pickle.dumps(plan))
    # A task runs again only if the worker that ran it before was killed.
    study.fail_dead(name.__eq__)
    if run_trial(study, splits, worker=name):
        return True
    study.close()
    _open_study.cache_clear()
    return False


@lru_cache(maxsize=1)
def _open_study(plan: bytes) -> SweepStudy:
    """Open a study once for many trials, which takes half a second in a database.

    Args:
        plan: The sweep as a pickle.
    """
    return SweepStudy.open(pickle.loads(plan))  # noqa: S301 - sent by the caller of the cluster
